"""The store on a Redis server, a real one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

import servers
from deephyper.storage import RedisStorage, Storage
from deephyper.testing import SharedStorageContract
from deephyper.testing.shared_stores import Opener
from processes import comes_true

pytestmark = pytest.mark.redis
pytest.importorskip("redis")


def emptied(server: servers.Server) -> RedisStorage:
    import redis

    with redis.Redis("127.0.0.1", server.port) as client:
        client.flushall()
    return RedisStorage("127.0.0.1", server.port)


class TestRedis(SharedStorageContract):
    @pytest.fixture(autouse=True)
    def _server(self, redis: servers.Server) -> None:
        self.server = redis

    test_eight_processes_write_and_read_at_once = pytest.mark.slow(
        SharedStorageContract.test_eight_processes_write_and_read_at_once
    )
    test_a_hundred_members_get_a_hundred_numbers = pytest.mark.slow(
        SharedStorageContract.test_a_hundred_members_get_a_hundred_numbers
    )

    def make(self) -> Storage:
        return emptied(self.server)

    def opener(self) -> Opener:
        return partial(RedisStorage, f"redis://127.0.0.1:{self.server.port}/0")


def ready(n: int = 1) -> list[dict[str, Any]]:
    return [{"job_id": None, "status": "READY"} for _ in range(n)]


def done(*numbers: int) -> list[dict[str, Any]]:
    return [{"job_id": number, "status": "DONE"} for number in numbers]


def numbers_of(records: list[dict[str, Any]]) -> list[int]:
    return [record["job_id"] for record in records]


BAD_JOBS = [
    b"", b"ended", b"ended 1", b"ended x {}", b"ended 1 {", b"ended 1 null", b"ended 1 {}", b"\xff\xfe \x80 \x00",
    b'ended 1 {"job_id":"1","status":"DONE"}', b'ended 1 {"job_id":1,"status":3}', b"ended 1 __import__('os')._exit(1)",
    b'ended 1 {"job_id":1,"status":"DONE","m":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
]  # fmt: skip


@pytest.mark.parametrize("bad", BAD_JOBS, ids=lambda bad: repr(bad)[:40])
def test_what_is_no_record_is_left_out(redis: servers.Server, caplog: pytest.LogCaptureFixture, bad: bytes) -> None:
    storage = emptied(redis)
    here, there = storage.join("a"), storage.join("a")
    storage.finish(there, done(*storage.submit(there, ready(3))))
    storage._client.hset(storage._jobs("a"), "1", bad)
    storage._client.rpush(storage._log("a", 1), "77", "../../etc", b"\xff")
    news, cursor = storage.news(here, {})

    assert numbers_of(news) == [0, 2] and storage.news(here, cursor) == ([], cursor)
    assert numbers_of(storage.records("a")) == [0, 2]
    assert "is left out" in caplog.text


def test_a_key_of_another_kind_is_an_error_in_words(redis: servers.Server) -> None:
    storage = emptied(redis)
    member = storage.join("a")
    storage._client.set(storage._jobs("a"), "a text")

    with pytest.raises(RuntimeError, match="RedisStorage.*: the server refuses: .*WRONGTYPE"):
        storage.submit(member, ready())


@pytest.mark.parametrize(("found", "sentence"), [("2", "a newer version"), ("0", "another"), ("oh", "another")])
def test_keys_of_another_version_say_what_to_do(redis: servers.Server, found: str, sentence: str) -> None:
    storage = emptied(redis)
    storage._client.set("deephyper:format", found)

    with pytest.raises(ValueError, match=f"RedisStorage.*: {sentence}.* use that version, or another `db`"):
        RedisStorage("127.0.0.1", redis.port)


def test_a_server_that_is_not_there_is_said_at_once_and_without_its_password() -> None:
    with pytest.raises(ConnectionError, match="the server cannot be reached: .*check host, port and password") as e:
        RedisStorage(f"redis://me:secret@127.0.0.1:{servers.free_port()}/0")

    assert "secret" not in str(e.value)


# A connection that is lost.


def test_a_call_whose_answer_was_lost_happens_once(redis: servers.Server) -> None:
    direct, proxy = emptied(redis), servers.Proxy(redis.port)
    storage = RedisStorage("127.0.0.1", proxy.port)
    here, there = direct.join("a"), storage.join("a")
    calls: list[tuple[bytes, Callable[[], Any]]] = [
        (b"HSETNX", lambda: storage.submit(there, ready(2))),
        (b"RPUSH", lambda: storage.finish(there, done(1, 0))),
        (b"HSETNX", lambda: storage.submit(there, [{"job_id": 7, "status": "READY"}])),
        (b"HSET", lambda: storage.beat(there)),
        (b"HMGET", lambda: numbers_of(storage.news(here, {})[0])),
    ]
    answers = []
    for lost, call in calls:
        proxy.loses_answer_to = lost
        answers.append(call())

    assert proxy.n_lost == len(calls)
    assert answers == [[0, 1], None, [7], None, [1, 0]]
    assert numbers_of(direct.news(here, {})[0]) == [1, 0]
    assert numbers_of(direct.records("a")) == [0, 1, 7]
    proxy.close()


def test_a_server_that_is_started_again_with_its_data_costs_nothing(
    redis: servers.Server, caplog: pytest.LogCaptureFixture
) -> None:
    storage = emptied(redis)
    here, there = storage.join("a"), storage.join("a")
    storage.submit(there, ready(2))
    redis.stop()
    finishing = threading.Thread(target=storage.finish, args=(there, done(0, 1)))
    finishing.start()
    assert comes_true(lambda: "it is tried again for 60 s" in caplog.text)
    redis.start()
    finishing.join()

    assert numbers_of(storage.news(here, {})[0]) == [0, 1]
    assert storage.submit(here, ready()) == [2]


def test_a_server_that_has_forgotten_is_noticed_before_a_number_is_given_twice(redis: servers.Server) -> None:
    storage = emptied(redis)
    member = storage.join("a")
    storage.submit(member, ready(2))
    redis.kill()
    with pytest.raises(ConnectionError, match="server could not be reached for 0.01 s .*checkpoint_restart=True"):
        RedisStorage.submit(impatient(storage), member, ready())
    redis.start()

    with pytest.raises(RuntimeError, match="RedisStorage: the store has forgotten what was written there"):
        storage.submit(member, ready())


def impatient(storage: RedisStorage) -> RedisStorage:
    storage._patience_s = 0.01
    return storage
