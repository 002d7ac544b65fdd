"""Stores in databases, on real ones."""

from __future__ import annotations

import itertools
import sqlite3
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import servers
from deephyper.storage import SQLStorage, Storage
from deephyper.testing import SharedStorageContract
from deephyper.testing.shared_stores import Opener
from processes import comes_true

pytestmark = pytest.mark.sql
pytest.importorskip("sqlalchemy")

BAD_RECORDS = [
    "", "{", "null", "[]", '"1"', "{}", '{"job_id":"2","status":"DONE"}', '{"job_id":true,"status":"DONE"}',
    '{"job_id":-1,"status":"DONE"}', '{"job_id":2,"status":"BROKEN"}', '{"job_id":1e999,"status":"DONE"}',
    '{"job_id":2,"status":"DONE","metadata":' + "[" * 100_000 + "]" * 100_000 + "}", "__import__('os')._exit(1)",
    b"bytes", None, 3.5,
]  # fmt: skip


class TestSqlite(SharedStorageContract):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> Iterator[None]:
        self.urls = (f"sqlite:///{tmp_path / str(number)}.db" for number in itertools.count())
        self.made: list[Storage] = []
        yield
        for storage in self.made:
            storage.close()

    test_eight_processes_write_and_read_at_once = pytest.mark.slow(
        SharedStorageContract.test_eight_processes_write_and_read_at_once
    )
    test_a_hundred_members_get_a_hundred_numbers = pytest.mark.slow(
        SharedStorageContract.test_a_hundred_members_get_a_hundred_numbers
    )

    def make(self) -> Storage:
        self.url = next(self.urls)
        self.made.append(SQLStorage(self.url))
        return self.made[-1]

    def opener(self) -> Opener:
        return partial(SQLStorage, self.url)


class TestPostgres(SharedStorageContract):
    @pytest.fixture(autouse=True)
    def _server(self, postgres: servers.Server) -> Iterator[None]:
        self.server = postgres
        self.made: list[Storage] = []
        yield
        for storage in self.made:
            storage.close()

    test_eight_processes_write_and_read_at_once = pytest.mark.slow(
        SharedStorageContract.test_eight_processes_write_and_read_at_once
    )
    test_a_hundred_members_get_a_hundred_numbers = pytest.mark.slow(
        SharedStorageContract.test_a_hundred_members_get_a_hundred_numbers
    )

    def make(self) -> Storage:
        self.url = servers.empty_database(self.server)
        self.made.append(SQLStorage(self.url))
        return self.made[-1]

    def opener(self) -> Opener:
        return partial(SQLStorage, self.url)


def ready(n: int = 1) -> list[dict[str, Any]]:
    return [{"job_id": None, "status": "READY"} for _ in range(n)]


def done(*numbers: int) -> list[dict[str, Any]]:
    return [{"job_id": number, "status": "DONE"} for number in numbers]


def numbers_of(records: list[dict[str, Any]]) -> list[int]:
    return [record["job_id"] for record in records]


@pytest.mark.parametrize("bad", BAD_RECORDS, ids=lambda bad: repr(bad)[:40])
def test_what_is_no_record_is_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture, bad: Any) -> None:
    storage = SQLStorage(f"sqlite:///{tmp_path / 'jobs.db'}")
    here, there = storage.join("a"), storage.join("a")
    storage.finish(there, done(*storage.submit(there, ready(3))))
    with sqlite3.connect(tmp_path / "jobs.db") as other:
        other.execute("CREATE TABLE old AS SELECT * FROM deephyper_jobs")
        other.execute("DROP TABLE deephyper_jobs")  # one without the promise that a record is not NULL
        other.execute("ALTER TABLE old RENAME TO deephyper_jobs")
        other.execute("UPDATE deephyper_jobs SET record = ? WHERE job = 1", (bad,))
    other.close()

    assert numbers_of(storage.news(here, {})[0]) == [0, 2]
    assert numbers_of(storage.records("a")) == [0, 2]
    assert "is left out" in caplog.text


@pytest.mark.parametrize(
    ("found", "sentence"), [("2", "a newer version"), ("0", "another version"), ("oh", "another"), (None, "another")]
)
def test_tables_of_another_version_say_what_to_do(tmp_path: Path, found: str | None, sentence: str) -> None:
    url = f"sqlite:///{tmp_path / 'jobs.db'}"
    SQLStorage(url).close()
    with sqlite3.connect(tmp_path / "jobs.db") as other:
        other.execute("UPDATE deephyper_about SET value = ?", (found,))
    other.close()

    with pytest.raises(ValueError, match=f"SQLStorage: {sentence}.* made the tables .*use that version, or another"):
        SQLStorage(url)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("jobs.db", "url must be like 'sqlite:///path/of/file.db' or .*, got 'jobs.db' of type str"),
        (3, "url must be like .*, got 3 of type int"),
        ("mysql://host/jobs", "the database must be one of 'sqlite', 'postgresql', got 'mysql'"),
    ],
)
def test_a_url_that_is_none_says_what_to_write(url: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=f"SQLStorage: {sentence}"):
        SQLStorage(url)


def test_a_database_that_is_not_there_is_said_at_once_and_without_its_password(tmp_path: Path) -> None:
    url = f"postgresql://me:secret@127.0.0.1:{servers.free_port()}/jobs"
    with pytest.raises(ConnectionError, match=r"SQLStorage: postgresql\S*me:\*\*\*@127.0.0.1\S* cannot be opened") as e:
        SQLStorage(url)

    assert "secret" not in str(e.value)
    with pytest.raises(ConnectionError, match="cannot be opened"):
        SQLStorage(f"sqlite:///{tmp_path}/missing/jobs.db")


@pytest.mark.parametrize(("sync", "expected"), [(None, 1), (False, 1), (True, 2)])
def test_sync_is_a_setting_of_sqlite(tmp_path: Path, sync: bool | None, expected: int) -> None:
    storage = SQLStorage(f"sqlite:///{tmp_path / 'jobs.db'}", sync=sync)

    assert setting_of(storage, "PRAGMA synchronous") == expected
    assert setting_of(storage, "PRAGMA journal_mode") == "wal"


@pytest.mark.parametrize(("sync", "expected"), [(None, "on"), (False, "off"), (True, "on")])
def test_sync_is_a_setting_of_postgres(postgres: servers.Server, sync: bool | None, expected: str) -> None:
    storage = SQLStorage(servers.postgres_url(postgres), sync=sync)

    assert setting_of(storage, "SHOW synchronous_commit") == expected
    storage.close()


def setting_of(storage: SQLStorage, statement: str) -> Any:
    return storage._db.read(lambda session: session.say(statement).fetchone())[0]


# A connection that is lost.


@pytest.fixture
def proxy(postgres: servers.Server) -> Iterator[servers.Proxy]:
    proxy = servers.Proxy(postgres.port)
    yield proxy
    proxy.close()


def test_a_call_whose_answer_was_lost_happens_once(postgres: servers.Server, proxy: servers.Proxy) -> None:
    url = servers.empty_database(postgres)
    storage = SQLStorage(url.replace(str(postgres.port), str(proxy.port)))
    here, there = SQLStorage(url).join("a"), storage.join("a")
    calls: list[Callable[[], Any]] = [
        lambda: storage.submit(there, ready(2)),
        lambda: storage.finish(there, done(1, 0)),
        lambda: storage.submit(there, [{"job_id": 7, "status": "READY"}]),
        lambda: storage.beat(there),
    ]
    answers = []
    for call in calls:
        proxy.loses_answer_to = b"COMMIT"
        answers.append(call())
    news, _ = storage.news(here, {})

    assert proxy.n_lost == len(calls)
    assert answers == [[0, 1], None, [7], None]
    assert numbers_of(news) == [1, 0]
    assert numbers_of(storage.records("a")) == [0, 1, 7]
    storage.close()


@pytest.mark.slow
def test_a_server_that_is_started_again_costs_nothing(
    postgres: servers.Server, caplog: pytest.LogCaptureFixture
) -> None:
    storage = SQLStorage(servers.empty_database(postgres))
    here, there = storage.join("a"), storage.join("a")
    storage.submit(there, ready(2))
    postgres.stop()
    with pytest.raises(ConnectionError, match="server could not be reached for 0.01 s .*checkpoint_restart=True"):
        impatient(storage)
    finishing = threading.Thread(target=storage.finish, args=(there, done(0, 1)))
    finishing.start()
    assert comes_true(lambda: "it is tried again for 60 s" in caplog.text)
    postgres.start()
    finishing.join()

    assert numbers_of(storage.news(here, {})[0]) == [0, 1]
    assert storage.submit(here, ready()) == [2]
    storage.close()


def impatient(storage: SQLStorage) -> None:
    patience, storage._db._patience_s = storage._db._patience_s, 0.01
    try:
        storage.search_ids()
    finally:
        storage._db._patience_s = patience


def test_a_database_that_has_forgotten_is_noticed(tmp_path: Path) -> None:
    storage = SQLStorage(f"sqlite:///{tmp_path / 'jobs.db'}")
    member = storage.join("a")
    storage.submit(member, ready(2))
    with sqlite3.connect(tmp_path / "jobs.db") as other:
        other.execute("UPDATE deephyper_members SET n_calls = 0")
        other.execute("UPDATE deephyper_searches SET n_numbers = 0")
    other.close()

    with pytest.raises(RuntimeError, match="SQLStorage: the store has forgotten what was written there"):
        storage.submit(member, ready())
