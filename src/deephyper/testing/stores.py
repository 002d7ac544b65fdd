"""Tests that every store passes."""

from __future__ import annotations

import functools
import json
import math
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from ..job import Job, Outcome, ready_record
from ..storage import Cursor, Member, Record, Storage


@contextmanager
def refused(*kinds: type[BaseException]) -> Iterator[None]:
    """Require that the context raises one of these."""
    try:
        yield
    except kinds:
        return
    raise AssertionError(f"nothing was raised; expected {' or '.join(kind.__name__ for kind in kinds)}")


class StorageContract(ABC):
    """Tests that every store passes; `deephyper.storage.Storage` lists what a store promises.

    Example:
        >>> from deephyper.storage import MemoryStorage
        >>> class TestMemory(StorageContract):
        ...     def make(self):
        ...         return MemoryStorage()
        >>> TestMemory().test_news_come_once_and_in_order()
    """

    @abstractmethod
    def make(self) -> Storage:
        """Make an empty store."""

    def test_a_new_search_gets_its_own_name(self) -> None:
        storage = self.make()
        names = [storage.join().search_id, storage.join(None).search_id]

        assert all(names) and names[0] != names[1]
        assert storage.search_ids() == names

    def test_members_are_numbered_in_the_order_of_joining(self) -> None:
        storage = self.make()
        members = [storage.join("mine"), storage.join("mine"), storage.join("other"), storage.join("mine")]

        assert [(member.search_id, member.number) for member in members] == [
            ("mine", 0),
            ("mine", 1),
            ("other", 0),
            ("mine", 2),
        ]
        assert members[0].age == 0.0 and members[3].age >= members[1].age >= 0.0
        assert storage.search_ids() == ["mine", "other"]

    def test_the_description_is_that_of_the_first_member(self) -> None:
        storage = self.make()
        storage.join("mine", {"problem": {"x": [0.0, 1.0]}, "name": "é"})
        storage.join("mine", {"problem": "another"})

        assert storage.description("mine") == {"problem": {"x": [0.0, 1.0]}, "name": "é"}

    def test_unknown_searches_are_key_errors(self) -> None:
        storage = self.make()

        with refused(KeyError):
            storage.records("nothing")
        with refused(KeyError):
            storage.description("nothing")
        with refused(KeyError):
            storage.open_jobs("nothing")

    def test_jobs_are_numbered_in_the_order_of_submission_in_each_search(self) -> None:
        storage = self.make()
        one, other = storage.join("a"), storage.join("b")

        assert storage.submit(one, []) == []
        assert storage.submit(one, [open_record() for _ in range(3)]) == [0, 1, 2]
        assert storage.submit(other, [open_record()]) == [0]
        assert storage.submit(storage.join("a"), [open_record(), open_record()]) == [3, 4]
        assert [record["job_id"] for record in storage.records("a")] == [0, 1, 2, 3, 4]

    def test_a_number_that_a_record_brings_is_kept(self) -> None:
        storage = self.make()
        member = storage.join("a")

        assert storage.submit(member, [open_record(job_id=4), open_record(job_id=2)]) == [4, 2]
        assert storage.submit(member, [open_record()]) == [5]
        with refused(ValueError):
            storage.submit(member, [open_record(), open_record(job_id=2)])
        assert [record["job_id"] for record in storage.records("a")] == [2, 4, 5]

    def test_a_finished_record_replaces_the_open_one_whole(self) -> None:
        storage = self.make()
        member = storage.join("a")
        (number,) = storage.submit(member, [open_record(metadata={"a": [1, "é", None], "b": {"c": 0.1}})])
        finished = finished_record(number, 0.1 + 0.2, metadata={"seen": [1e-300, -0.0], "text": "\n\"'"})
        storage.finish(member, [_copy(finished)])

        assert storage.records("a") == [finished]

    def test_only_known_jobs_that_have_ended_can_finish(self) -> None:
        storage = self.make()
        member = storage.join("a")
        storage.submit(member, [open_record(), open_record()])

        with refused(KeyError):
            storage.finish(member, [finished_record(0, 1.0), finished_record(7, 1.0)])
        with refused(ValueError):
            storage.finish(member, [finished_record(0, 1.0), open_record(job_id=1)])
        assert [record["status"] for record in storage.records("a")] == ["READY", "READY"]

    def test_news_come_once_and_in_order(self) -> None:
        storage = self.make()
        here, there = storage.join("a"), storage.join("a")
        cursor: Cursor = {}
        numbers = storage.submit(there, [open_record() for _ in range(3)])
        storage.finish(there, [finished_record(numbers[2], 0.0), finished_record(numbers[0], "F_x")])
        first, cursor = storage.news(here, cursor)
        storage.finish(there, [finished_record(numbers[1], None, status="CANCELLED")])
        second, cursor = storage.news(here, cursor)
        third, cursor = storage.news(here, cursor)

        assert [(record["job_id"], record["objective"]) for record in first] == [(2, 0.0), (0, "F_x")]
        assert [(record["job_id"], record["status"]) for record in second] == [(1, "CANCELLED")]
        assert third == []
        assert len(storage.news(here, {})[0]) == 3

    def test_the_own_log_and_other_searches_are_no_news(self) -> None:
        storage = self.make()
        one, other = storage.join("a"), storage.join("b")
        for member in (one, other):
            storage.finish(member, [finished_record(number, 1.0) for number in storage.submit(member, [open_record()])])

        assert storage.news(one, {})[0] == [] == storage.news(other, {})[0]
        assert [record["job_id"] for record in storage.news(storage.join("a"), {})[0]] == [0]

    def test_what_is_handed_out_is_a_copy(self) -> None:
        storage = self.make()
        here, there = storage.join("a"), storage.join("a")
        storage.submit(here, [open_record(metadata={"list": [1]})])
        storage.submit(there, [open_record()])
        storage.finish(there, [finished_record(1, 1.0, metadata={"list": [1]})])
        for records in (storage.records("a"), storage.open_jobs("a"), storage.news(here, {})[0]):
            for record in records:
                record["metadata"].setdefault("list", []).append("changed")
                record["status"] = "BROKEN"

        assert "changed" not in json.dumps(storage.records("a")) and "BROKEN" not in json.dumps(storage.records("a"))

    def test_open_jobs_tell_whose_they_are_and_when_that_member_was_alive(self) -> None:
        storage = self.make()
        here, there = storage.join("a"), storage.join("a")
        storage.submit(here, [open_record()])
        storage.submit(there, [open_record(), open_record()])
        storage.finish(there, [finished_record(1, 1.0)])
        before = {record["job_id"]: record for record in storage.open_jobs("a")}
        storage.beat(there)
        after = {record["job_id"]: record for record in storage.open_jobs("a")}

        assert {number: record["member"] for number, record in before.items()} == {0: 0, 2: 1}
        assert all(record["status"] == "READY" and record["last_beat"] >= 0.0 for record in before.values())
        assert after[0]["last_beat"] >= before[0]["last_beat"]
        assert after[2]["last_beat"] <= after[0]["last_beat"]

    def test_numbers_are_unique_among_threads(self) -> None:
        storage = self.make()
        members = [storage.join("a") for _ in range(4)]
        numbers: list[int] = []

        def submit(member: Member) -> None:
            for _ in range(20):
                numbers.extend(storage.submit(member, [open_record(), open_record()]))

        _in_threads([functools.partial(submit, member) for member in members])

        assert sorted(numbers) == list(range(160))

    def test_no_reader_misses_or_splits_a_batch_of_a_busy_writer(self) -> None:
        storage, n_batches, batch = self.make(), 25, 4
        writers, reader = [storage.join("a") for _ in range(3)], storage.join("a")
        seen: dict[int, list[int]] = {writer.number: [] for writer in writers}
        are_over = threading.Event()

        def write(writer: Member) -> None:
            for _ in range(n_batches):
                numbers = storage.submit(writer, [open_record(metadata={"by": writer.number}) for _ in range(batch)])
                storage.finish(writer, [finished_record(n, 1.0, metadata={"by": writer.number}) for n in numbers])

        def read() -> None:
            cursor: Cursor = {}
            is_last = False
            while not is_last:
                is_last = are_over.is_set()
                records, cursor = storage.news(reader, cursor)
                for number in seen:
                    mine = [record["job_id"] for record in records if record["metadata"]["by"] == number]
                    assert len(mine) % batch == 0, "a reader saw a part of a batch"
                    seen[number] += mine

        def write_all() -> None:
            try:
                _in_threads([functools.partial(write, writer) for writer in writers])
            finally:
                are_over.set()

        _in_threads([write_all, read])

        assert sorted(number for numbers in seen.values() for number in numbers) == list(range(3 * n_batches * batch))
        for numbers in seen.values():
            assert numbers == sorted(numbers)

    def test_a_job_that_finishes_again_is_news_again(self) -> None:
        storage = self.make()
        here, there = storage.join("a"), storage.join("a")
        storage.submit(there, [open_record(), open_record()])
        storage.finish(there, [finished_record(0, 1.0), finished_record(1, 1.0)])
        cursor = storage.news(here, {})[1]
        storage.finish(there, [finished_record(0, 2.0)])
        news, cursor = storage.news(here, cursor)

        assert [(record["job_id"], record["objective"]) for record in news] == [(0, 2.0)]
        assert storage.news(here, cursor)[0] == []
        assert [record["objective"] for record in storage.records("a")] == [2.0, 1.0]

    def test_what_was_given_up_by_one_member_and_ended_after_all_has_ended(self) -> None:
        storage = self.make()
        here, there = storage.join("a"), storage.join("a")
        storage.submit(there, [open_record()])
        storage.finish(here, [finished_record(0, None, status="CANCELLED")])
        storage.finish(there, [finished_record(0, 1.0)])

        assert [record["status"] for record in storage.records("a")] == ["DONE"]
        assert storage.open_jobs("a") == []

    def test_all_values_come_back_as_they_went_in(self) -> None:
        storage, jobs = self.make(), strange_jobs()
        here, there = storage.join("a", {"texts": TEXTS}), storage.join("a")
        submitted = [{**ready_record(job["parameters"], job["metadata"], 0.0), "job_id": None} for job in jobs]
        storage.submit(there, _copied(submitted))
        storage.finish(there, _copied(jobs))

        assert text_of_all(storage.records("a")) == text_of_all(jobs)
        assert text_of_all(storage.news(here, {})[0]) == text_of_all(jobs)
        assert storage.description("a") == {"texts": TEXTS}

    def test_a_search_may_have_any_name(self) -> None:
        keeps_searches_apart(
            self.make(), ["a", "A", "../../a", "/a", "a/b", ".", "é", "e\u0301", "日本 🚀", "'; --", "%s"]
        )

    def test_it_can_be_closed(self) -> None:
        self.make().close()


TEXTS = ["", "\n\r\t\"\\'", "日本 🚀 \u2028", "\0 \x18 \x1a", "\udcff \ud83d", "'; DROP TABLE jobs; --", "%s {0} $1 ?"]


def strange_jobs() -> list[Record]:
    """Records of jobs with values that are easily lost on the way."""
    numbers = [0, 0.0, -0.0, 1, 1.0, True, None, 2**63, -(10**400), 0.1 + 0.2, 5e-324, math.nan, math.inf, -math.inf]
    deep: Any = "the bottom"
    for _ in range(50):
        deep = [deep]
    kinds: list[Any] = [*numbers, *TEXTS, [], {}, [[], {"": None}], deep, {"a": {"b": (1, 2)}}, "x" * 300_000]
    outcomes: list[Any] = [0.0, -0.0, 1, 5e-324, (0.0, -0.0), (1, 2.5, 3), "F_failed", "F_日本 \udcff"]
    jobs = []
    for number, value in enumerate(kinds):
        job = Job(number, {"x": value, "y": (1, "1")}, "", {"value": value, "": TEXTS}, 0.0)
        job.launch(0.0)
        job.finish(Outcome(outcomes[number % len(outcomes)]), 0.25, 0.5, 1e9, [(0, -0.0), (1, number)])
        jobs.append(job.record())
    return jobs


def keeps_searches_apart(storage: Storage, names: Sequence[str]) -> None:
    """Require that searches of these names, of which no two are the same, have nothing to do with each other."""
    for name in names:
        storage.submit(storage.join(name, {"name": name}), [open_record(metadata={"name": name})])

    assert storage.search_ids() == names
    for name in names:
        assert [record["metadata"]["name"] for record in storage.records(name)] == [name]
        assert storage.description(name) == {"name": name}


def text_of_all(records: Sequence[Record]) -> list[str]:
    """Records in a form in which NaN equals NaN, and -0.0, False and 0 differ."""
    return [json.dumps(record, sort_keys=True) for record in records]


def _copied(records: Sequence[Record]) -> list[Record]:
    copied: list[Record] = json.loads(json.dumps(records))
    return copied


def open_record(job_id: int | None = None, metadata: Mapping[str, Any] | None = None) -> Record:
    return {**ready_record({"x": 1.5}, metadata or {}, 0.5), "job_id": job_id}


def finished_record(
    job_id: int, objective: Any, status: str = "DONE", metadata: Mapping[str, Any] | None = None
) -> Record:
    job = Job(job_id, {"x": 1.5}, "", metadata, 0.5)
    job.launch(0.75)
    if status == "CANCELLED":
        job.cancel(1.0)
    else:
        job.finish(Outcome(objective), 0.75, 1.0, 1.0)
    return job.record()


def _copy(record: Record) -> Record:
    copied: Record = json.loads(json.dumps(record))
    return copied


def _in_threads(functions: Sequence[Callable[[], None]]) -> None:
    """Run functions at the same time, each in its own thread, and raise the first error."""
    errors: list[BaseException] = []

    def run(function: Callable[[], None]) -> None:
        try:
            function()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(function,)) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
