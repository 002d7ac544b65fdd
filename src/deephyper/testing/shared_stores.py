"""Tests that every store passes which several processes may share."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import cloudpickle

from ..storage import Cursor, Storage
from .stores import (
    TEXTS,
    StorageContract,
    finished_record,
    keeps_searches_apart,
    open_record,
    refused,
    strange_jobs,
    text_of_all,
)

Opener = Callable[[], Storage]

# So long does a process wait for what comes at once on an idle machine.
_PATIENCE_S = 180.0
_N_PROCESSES, _N_BATCHES, _BATCH = 8, 6, 3


class SharedStorageContract(StorageContract):
    """Tests that every store passes which several processes may share, beside those of every store.

    Example:
        >>> from functools import partial
        >>> from tempfile import mkdtemp
        >>> from deephyper.storage import FileStorage
        >>> class TestFiles(SharedStorageContract):
        ...     def make(self):
        ...         self.directory = mkdtemp()
        ...         return FileStorage(self.directory)
        ...
        ...     def opener(self):
        ...         return partial(FileStorage, self.directory)
        >>> TestFiles().test_what_one_has_written_another_one_reads()
    """

    @abstractmethod
    def opener(self) -> Opener:
        """Return a function that opens the store of the last `make` once more; it is called in other processes too."""

    def test_what_one_has_written_another_one_reads(self) -> None:
        one, other = self.make(), self.opener()()
        here, there = one.join("a", {"by": "one"}), other.join("a", {"by": "other"})
        numbers = one.submit(here, [open_record(), open_record()])
        one.finish(here, [finished_record(numbers[0], -0.0)])

        assert (there.number, other.description("a"), other.search_ids()) == (1, {"by": "one"}, ["a"])
        assert text_of_all(other.news(there, {})[0]) == text_of_all([finished_record(numbers[0], -0.0)])
        assert [(record["job_id"], record["member"]) for record in other.open_jobs("a")] == [(1, 0)]
        assert other.submit(there, [open_record(job_id=7), open_record()]) == [7, 8]
        assert one.submit(here, [open_record()]) == [9]
        other.finish(there, [finished_record(numbers[1], 2.0, status="CANCELLED")])
        assert [record["job_id"] for record in one.news(here, {})[0]] == [1]
        assert [record["job_id"] for record in one.open_jobs("a")] == [7, 8, 9]

    def test_all_values_come_back_in_another_process(self) -> None:
        storage, jobs = self.make(), strange_jobs()
        member = storage.join("a")
        storage.submit(member, [open_record(job_id=job["job_id"]) for job in jobs])
        storage.finish(member, jobs)
        with _running(_dump, self.opener(), "a") as process:
            found = json.loads(process.communicate(timeout=_PATIENCE_S)[0])

        assert text_of_all(found) == text_of_all(jobs)

    def test_a_search_may_have_a_name_that_no_file_can_have(self) -> None:
        keeps_searches_apart(self.make(), [*TEXTS[1:], "a" * 9000, "a" * 9001, " a", "a "])

    def test_numbers_that_no_job_can_have_are_refused(self) -> None:
        storage = self.make()
        member = storage.join("a")
        for number in (-1, 2**53, 10**40, 1.0, True, "1", [0]):
            with refused(ValueError):
                storage.submit(member, [open_record(), {**open_record(), "job_id": number}])

        assert storage.submit(member, [open_record()]) == [0]

    def test_eight_processes_write_and_read_at_once(self) -> None:
        storage = self.make()
        with contextlib.ExitStack() as stack:
            running = [stack.enter_context(_running(_take_part, self.opener(), "a")) for _ in range(_N_PROCESSES)]
            told = [json.loads(process.communicate(timeout=_PATIENCE_S)[0]) for process in running]

        everything = list(range(_N_PROCESSES * _N_BATCHES * _BATCH))
        assert sorted(number for each in told for number in each["mine"]) == everything
        assert sorted(each["member"] for each in told) == list(range(_N_PROCESSES))
        for each in told:
            assert sorted(each["mine"] + each["news"]) == everything
        assert [record["job_id"] for record in storage.records("a")] == everything
        assert storage.open_jobs("a") == []

    def test_a_writer_that_is_killed_leaves_whole_batches_and_stops_nobody(self) -> None:
        storage = self.make()
        reader, cursor = storage.join("a"), Cursor()
        news: list[int] = []
        with _running(_write_on, self.opener(), "a") as process:
            told = [json.loads(process.stdout.readline()) for _ in range(5)]  # type: ignore[union-attr]
            process.kill()
            told += [json.loads(line) for line in process.communicate()[0].splitlines() if line.endswith(b"]")]
        for _ in range(2):
            records, cursor = storage.news(reader, cursor)
            news += [record["job_id"] for record in records]
        after = storage.submit(reader, [open_record(), open_record()])

        confirmed = [number for batch in told for number in batch]
        assert news[: len(confirmed)] == confirmed
        assert len(news) % _BATCH == 0 and len(news) == len(set(news))
        assert after == sorted(after) and not set(after) & {*news, *confirmed}
        storage.finish(reader, [finished_record(number, 1.0) for number in after])
        assert {record["job_id"] for record in storage.records("a")} >= {*news, *after}
        assert all(record["member"] == 1 for record in storage.open_jobs("a"))

    def test_a_reader_that_is_killed_stops_nobody(self) -> None:
        storage = self.make()
        writer, other = storage.join("a"), storage.join("a")
        with _running(_read_on, self.opener(), "a") as process:
            for step in range(20):
                numbers = storage.submit(writer, [open_record() for _ in range(_BATCH)])
                storage.finish(writer, [finished_record(number, 1.0) for number in numbers])
                if step == 10:
                    assert process.stdout.readline()  # type: ignore[union-attr]
                    process.kill()

        assert [record["job_id"] for record in storage.news(other, {})[0]] == list(range(20 * _BATCH))

    def test_a_hundred_members_get_a_hundred_numbers(self) -> None:
        self.make()
        with contextlib.ExitStack() as stack:
            running = [stack.enter_context(_running(_join_often, self.opener(), "a", 25)) for _ in range(4)]
            told = [json.loads(process.communicate(timeout=_PATIENCE_S)[0]) for process in running]

        assert sorted(number for each in told for number in each["members"]) == list(range(100))
        assert sorted(number for each in told for number in each["jobs"]) == list(range(200))


# In processes of their own.


@contextmanager
def _running(function: Callable[..., None], *args: Any) -> Iterator[subprocess.Popen[bytes]]:
    """Call a function in a new process, which is killed at the end."""
    code = "import pickle, sys; function, args = pickle.load(sys.stdin.buffer); function(*args)"
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert process.stdin is not None
        # By name, or by value where that is what the caller's tests ask for.
        process.stdin.write(cloudpickle.dumps((function, args)))
        process.stdin.flush()
        yield process
    finally:
        process.kill()
        process.communicate()


def _say(value: Any) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def _dump(opener: Opener, search_id: str) -> None:
    _say(opener().records(search_id))


def _take_part(opener: Opener, search_id: str) -> None:
    storage, cursor = opener(), Cursor()
    member = storage.join(search_id)
    mine: list[int] = []
    news: list[int] = []
    for _ in range(_N_BATCHES):
        numbers = storage.submit(member, [open_record() for _ in range(_BATCH)])
        storage.finish(member, [finished_record(number, 1.0) for number in numbers])
        storage.beat(member)
        mine += numbers
        records, cursor = storage.news(member, cursor)
        news += [record["job_id"] for record in records]
    deadline = time.monotonic() + _PATIENCE_S
    while len(news) < (_N_PROCESSES - 1) * _N_BATCHES * _BATCH and time.monotonic() < deadline:
        time.sleep(0.01)
        records, cursor = storage.news(member, cursor)
        news += [record["job_id"] for record in records]
    news += [record["job_id"] for record in storage.news(member, cursor)[0]]
    _say({"member": member.number, "mine": mine, "news": news})


def _write_on(opener: Opener, search_id: str) -> None:
    _end_with_stdin()
    storage = opener()
    member = storage.join(search_id)
    while True:
        numbers = storage.submit(member, [open_record() for _ in range(_BATCH)])
        storage.finish(member, [finished_record(n, 1.0, metadata={"text": "x" * 5000}) for n in numbers])
        _say(numbers)


def _read_on(opener: Opener, search_id: str) -> None:
    _end_with_stdin()
    storage = opener()
    member = storage.join(search_id)
    while True:
        _say(len(storage.news(member, {})[0]))


def _join_often(opener: Opener, search_id: str, n: int) -> None:
    storage = opener()
    members = [storage.join(search_id) for _ in range(n)]
    jobs = [number for member in members for number in storage.submit(member, [open_record(), open_record()])]
    _say({"members": [member.number for member in members], "jobs": jobs})


def _end_with_stdin() -> None:
    """End this process when the one that started it is gone."""
    threading.Thread(target=lambda: sys.stdin.buffer.read() or os._exit(1), daemon=True).start()
