"""The store in a folder."""

from __future__ import annotations

import json
import logging
import os
import shutil
import stat
import tempfile
from functools import partial
from pathlib import Path

import pytest

from deephyper.storage import FileStorage, Member, Storage
from deephyper.testing import SharedStorageContract
from deephyper.testing.shared_stores import Opener


class TestFileStorage(SharedStorageContract):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.path = tmp_path

    test_eight_processes_write_and_read_at_once = pytest.mark.slow(
        SharedStorageContract.test_eight_processes_write_and_read_at_once
    )
    test_a_hundred_members_get_a_hundred_numbers = pytest.mark.slow(
        SharedStorageContract.test_a_hundred_members_get_a_hundred_numbers
    )

    def make(self) -> Storage:
        self.directory = tempfile.mkdtemp(dir=self.path)
        return FileStorage(self.directory)

    def opener(self) -> Opener:
        return partial(FileStorage, self.directory)


def ready(job_id: int | None = None) -> dict[str, object]:
    return {"job_id": job_id, "status": "READY"}


def done(*numbers: int) -> list[dict[str, object]]:
    return [{"job_id": number, "status": "DONE"} for number in numbers]


def log_of(storage_folder: Path, member: int) -> Path:
    (log,) = storage_folder.glob(f"*/{member}.jsonl")
    return log


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Storage, Member, Member]:
    """A store, one who reads, and one who has finished jobs 0 and 1 and has job 2 open."""
    storage = FileStorage(tmp_path)
    here, there = storage.join("a"), storage.join("a")
    storage.submit(there, [ready(), ready(), ready()])
    storage.finish(there, done(0, 1))
    return storage, here, there


def numbers(records: list[dict[str, object]]) -> list[object]:
    return [record["job_id"] for record in records]


def test_a_line_that_is_not_whole_is_read_once_it_is(pair: tuple[Storage, Member, Member], tmp_path: Path) -> None:
    storage, here, _ = pair
    _, cursor = storage.news(here, {})
    line = json.dumps({"finished": done(2)}, separators=(",", ":")) + "\n"
    with log_of(tmp_path, 1).open("a") as log:
        log.write(line[:20])
        log.flush()
        before = storage.news(here, cursor)
        opened = numbers(storage.open_jobs("a"))
        log.write(line[20:])

    assert before == ([], cursor)
    assert opened == [2]
    assert numbers(storage.news(here, cursor)[0]) == [2]
    assert storage.open_jobs("a") == []


def test_a_part_that_is_still_on_its_way_is_waited_for(pair: tuple[Storage, Member, Member], tmp_path: Path) -> None:
    storage, here, _ = pair
    _, cursor = storage.news(here, {})
    log = log_of(tmp_path, 1)
    line = json.dumps({"finished": done(2)}, separators=(",", ":")).encode() + b"\n"
    end = log.stat().st_size
    with log.open("r+b") as file:
        # The end of a line has reached the server of a network file system before its beginning.
        file.seek(end + 10)
        file.write(line[10:])
        file.flush()
        before = storage.news(here, cursor)
        file.seek(end)
        file.write(line[:10])

    assert before == ([], cursor)
    assert numbers(storage.news(here, cursor)[0]) == [2]


def test_a_writer_whose_disk_was_full_goes_on_behind_the_torn_line(
    pair: tuple[Storage, Member, Member], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    storage, here, there = pair
    write = os.write

    def full(file: int, data: bytes) -> int:
        if len(data) < 20:
            raise OSError("the disk is full")
        return write(file, data[:-10])

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="the disk is full"):
        storage.finish(there, done(2))
    monkeypatch.undo()
    assert numbers(storage.open_jobs("a")) == [2]
    storage.finish(there, done(2))

    assert numbers(storage.news(here, {})[0]) == [0, 1, 2]
    assert caplog.records == []


BAD_LINES = [
    b"",
    b"{",
    b"null",
    b"3",
    b'"finished"',
    b'{"finished":null}',
    b'{"finished":{"job_id":2}}',
    b'{"finished":[null,3,[],{}]}',
    b'{"finished":[{"job_id":"2","status":"DONE"},{"job_id":true,"status":"DONE"},{"job_id":-1,"status":"DONE"}]}',
    b'{"finished":[{"job_id":2.0,"status":"DONE"},{"job_id":1e999,"status":"DONE"},{"job_id":2,"status":["DONE"]}]}',
    b'{"finished":[{"job_id":' + b"9" * 5000 + b',"status":"DONE"}]}',
    b'{"finished":[{"job_id":99999999999999999999,"status":"DONE"}]}',
    b'{"finished":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    b"\xff\xfe\x80",
    b"cos\nsystem\n(S'exit 1'\ntR.",
    b"__import__('os')._exit(1)",
]


@pytest.mark.parametrize("bad", BAD_LINES, ids=lambda line: repr(line[:60]))
def test_a_line_that_is_no_record_is_left_out(
    pair: tuple[Storage, Member, Member], tmp_path: Path, caplog: pytest.LogCaptureFixture, bad: bytes
) -> None:
    storage, here, there = pair
    with log_of(tmp_path, 1).open("ab") as log:
        log.write(bad + b"\n")
    storage.finish(there, done(2))

    assert numbers(storage.news(here, {})[0]) == [0, 1, 2]
    assert numbers(storage.records("a")) == [0, 1, 2]
    assert storage.open_jobs("a") == []
    assert len([record for record in caplog.records if record.levelno == logging.WARNING]) == 1


def test_neither_links_nor_pipes_nor_folders_are_read(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    storage = FileStorage(tmp_path / "store")
    here = storage.join("a")
    folder = log_of(tmp_path / "store", 0).parent
    secret = tmp_path / "secret"
    shutil.copy(folder / "0.jsonl", secret)
    (folder / "1.jsonl").symlink_to(secret)
    os.mkfifo(folder / "2.jsonl")
    (folder / "3.jsonl").mkdir()
    (folder / "4.jsonl").symlink_to("/dev/zero")
    late = storage.join("a")
    storage.submit(late, [ready()])
    storage.finish(late, done(0))

    assert late.number == 5
    assert numbers(storage.news(here, {})[0]) == [0]
    assert "ordinary file" in caplog.text or "symbolic links" in caplog.text


def test_the_file_of_another_search_is_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    storage = FileStorage(tmp_path)
    here, other = storage.join("a"), storage.join("b")
    storage.submit(other, [ready()])
    storage.finish(other, done(0))
    (theirs,) = tmp_path.glob("b-*/0.jsonl")
    (ours,) = tmp_path.glob("a-*/0.jsonl")
    shutil.copy(theirs, ours.parent / "1.jsonl")

    assert storage.news(here, {}) == ([], {})
    assert storage.records("a") == []
    assert "it belongs to the search 'b'" in caplog.text


def test_no_name_of_a_search_leads_out_of_the_folder(tmp_path: Path) -> None:
    storage = FileStorage(tmp_path / "store")
    for name in ("../../x", "/etc/x", "..", "a/../../../x", "x\0y", "~", "con", "-rf", "a" * 5000):
        storage.submit(storage.join(name), [ready()])

    assert [path.name for path in tmp_path.iterdir()] == ["store"]
    assert all(path.parent.parent == tmp_path / "store" for path in tmp_path.rglob("*.jsonl"))


def test_a_member_that_was_killed_while_it_joined_costs_nobody_anything(tmp_path: Path) -> None:
    storage = FileStorage(tmp_path)
    storage.join("a", {"by": "first"})
    log = log_of(tmp_path, 0)
    log.write_bytes(log.read_bytes()[:30])
    here, there = storage.join("a", {"by": "second"}), storage.join("a", {"by": "third"})
    storage.submit(there, [ready()])

    assert (here.number, there.number, here.age >= 0.0) == (1, 2, True)
    assert storage.description("a") == {"by": "second"}
    assert numbers(storage.records("a")) == [0]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"format":2}\n', "a newer version of deephyper has written .* use that version, or another folder"),
        ('{"format":0}\n', r"another version of deephyper .*format 0, and this one reads 1"),
        ("[]\n", "another version of deephyper"),
        ("oh\n", "another version of deephyper"),
    ],
)
def test_a_folder_of_another_version_says_what_to_do(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "deephyper-store.json").write_text(text)

    with pytest.raises(ValueError, match=sentence):
        FileStorage(tmp_path)


def test_a_store_that_was_killed_while_it_was_made_opens(tmp_path: Path) -> None:
    (tmp_path / "deephyper-store.json").write_text("")

    assert FileStorage(tmp_path).join("a").number == 0


def test_times_are_those_of_the_file_system_not_of_the_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = FileStorage(tmp_path)
    first = storage.join("a")
    storage.submit(first, [ready()])
    monkeypatch.setattr("time.time_ns", lambda: 10**18)
    monkeypatch.setattr("time.time", lambda: 1e9)
    late = FileStorage(tmp_path).join("a")
    (waiting,) = storage.open_jobs("a")
    log = log_of(tmp_path, 0)
    os.utime(log, (log.stat().st_mtime - 50.0,) * 2)
    (silent,) = storage.open_jobs("a")
    storage.beat(first)
    (alive,) = storage.open_jobs("a")

    # In a second, on the busiest machine; the clock that is set wrong is decades behind.
    assert 0.0 <= late.age < 1e6 and 0.0 <= waiting["last_beat"] < 1e6
    assert silent["last_beat"] >= 50.0
    assert alive["last_beat"] < silent["last_beat"]


@pytest.mark.parametrize("sync", [False, True])
def test_sync_brings_every_write_to_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sync: bool) -> None:
    synced: list[str] = []
    fsync = os.fsync

    def noting(file: int) -> None:
        synced.append("folder" if stat.S_ISDIR(os.fstat(file).st_mode) else "file")
        fsync(file)

    monkeypatch.setattr(os, "fsync", noting)
    storage = FileStorage(tmp_path, sync=sync)
    member = storage.join("a")
    storage.finish(member, done(*storage.submit(member, [ready(), ready()])))

    assert synced == (["file", "folder", "file", "file"] if sync else [])


def test_a_folder_that_may_only_be_read_can_be_looked_at(pair: tuple[Storage, Member, Member], tmp_path: Path) -> None:
    log_of(tmp_path, 0).parent.chmod(0o555)
    try:
        (record,) = FileStorage(tmp_path).open_jobs("a")
    finally:
        log_of(tmp_path, 0).parent.chmod(0o755)

    assert record["job_id"] == 2


@pytest.mark.parametrize("directory", [None, 3, b"folder"])
def test_a_folder_must_be_a_path(directory: object) -> None:
    with pytest.raises(TypeError, match="FileStorage: directory must be the path of a folder, got"):
        FileStorage(directory)  # type: ignore[arg-type]


def test_numbers_go_on_behind_those_that_another_process_has_brought(tmp_path: Path) -> None:
    one, other = FileStorage(tmp_path), FileStorage(tmp_path)
    here, there = one.join("a"), other.join("a")

    assert one.submit(here, [ready()]) == [0]
    assert other.submit(there, [ready(2500), ready(998)]) == [2500, 998]
    assert one.submit(here, [ready(), ready(1000), ready()]) == [2501, 1000, 2502]
    with pytest.raises(ValueError, match="FileStorage: search 'a' has a job 1000 already"):
        other.submit(there, [ready(5), ready(1000)])
    assert other.submit(there, [ready(5), ready()]) == [5, 2503]
    assert FileStorage(tmp_path).submit(here, [ready()]) == [2504]
