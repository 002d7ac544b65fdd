"""Tests for your own backends and stores: subclass a contract, implement `make`, and run pytest.

    class TestMine(EvaluatorContract):
        def make(self, run_function, **options):
            return MyEvaluator(run_function, **options)

Nothing here imports pytest. Every test is a method that asserts.
"""

from __future__ import annotations

import functools
import json
import math
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

from .callback import Callback
from .evaluator import Evaluator
from .job import Job, JobStatus, Outcome, ready_record
from .storage import Cursor, Member, Record, Storage

__all__ = ["EvaluatorContract", "StorageContract"]
__dir__ = __all__.copy


@contextmanager
def _refused(*kinds: type[BaseException]) -> Iterator[None]:
    """Require that the context raises one of these."""
    try:
        yield
    except kinds:
        return
    raise AssertionError(f"nothing was raised; expected {' or '.join(kind.__name__ for kind in kinds)}")


# Run-functions are defined at module level, so that backends that pickle functions by name can be tested too.


def _double(job: Any) -> float:
    return 2.0 * float(job["x"])


def _anything(job: Any) -> Any:
    kind = job["x"]
    if kind == "raises":
        raise ZeroDivisionError("on purpose")
    if kind == "exits":
        raise SystemExit(3)
    returned = {
        "none": None,
        "nan": math.nan,
        "inf": -math.inf,
        "text": "hello",
        "own": "F_oom",
        "two": (1, 2),
        "fine": 1,
    }
    return returned[kind]


def _scaled(job: Any, factor: float, offset: float) -> float:
    return factor * float(job["x"]) + offset


def _recording(job: Any) -> float:
    for step in range(3):
        job.record(step, step * 0.5)
    return float(job.objective)


def _looking(job: Any) -> Any:
    is_mapping = (
        json.loads(json.dumps(job)) == {"x": 1} and list(job) == ["x"] and dict(**job) == job.copy() == job.parameters
    )
    return {"objective": float(job.pop("x")), "metadata": {"is_mapping": is_mapping, "number": job["job_id"]}}


async def _awaiting(job: Any) -> float:
    import asyncio

    await asyncio.sleep(0)
    return float(job["x"])


class _Diary(Callback):
    """Notes every call."""

    def __init__(self) -> None:
        self.launched: list[int] = []
        self.done: list[int] = []
        self.gathered: list[int] = []
        self.n_closed = 0

    def on_launch(self, job: Job) -> None:
        self.launched.append(job.id)

    def on_done(self, job: Job) -> None:
        self.done.append(job.id)

    def on_gather(self, local_jobs: Sequence[Job], other_jobs: Sequence[Job]) -> None:
        self.gathered += [job.id for job in local_jobs]

    def on_close(self) -> None:
        self.n_closed += 1


class _Broken(Callback):
    """Raises whenever a job has ended."""

    def on_done(self, job: Job) -> None:
        raise RuntimeError("in the callback")


class EvaluatorContract(ABC):
    """Tests that every evaluator passes, whatever its backend.

    Example:
        >>> from deephyper.evaluator import ThreadEvaluator
        >>> class TestThreads(EvaluatorContract):
        ...     def make(self, run_function, **options):
        ...         return ThreadEvaluator(run_function, **options)
        >>> TestThreads().test_every_submitted_job_comes_back_once()
    """

    @abstractmethod
    def make(self, run_function: Callable[..., Any], **options: Any) -> Evaluator:
        """Make an evaluator.

        Args:
            run_function: the function to evaluate.
            options: any of num_workers, callbacks, run_function_kwargs, storage and search_id.
        """

    def evaluated(self, run_function: Callable[..., Any], xs: Sequence[Any], **options: Any) -> dict[Any, Job]:
        """Evaluate some values of `x`, close the evaluator, and return the jobs by value."""
        with self.make(run_function, **options) as evaluator:
            evaluator.submit([{"x": x} for x in xs])
            jobs = _own(evaluator.gather("ALL"))
        return {job.parameters["x"]: job for job in jobs}

    def test_every_submitted_job_comes_back_once(self) -> None:
        for n_workers in (1, 3):
            jobs = self.evaluated(_double, range(12), num_workers=n_workers)

            assert {x: job.objective for x, job in jobs.items()} == {x: 2.0 * x for x in range(12)}
            assert sorted(job.id for job in jobs.values()) == list(range(12))
            assert {job.status for job in jobs.values()} == {JobStatus.DONE}

    def test_batches_come_as_soon_as_enough_have_ended(self) -> None:
        with self.make(_double, num_workers=2) as evaluator:
            evaluator.submit([{"x": x} for x in range(5)])
            first = _own(evaluator.gather("BATCH", size=2))
            rest = _own(evaluator.gather("ALL"))

        assert len(first) >= 2
        assert sorted(job.id for job in [*first, *rest]) == list(range(5))
        assert (evaluator.num_jobs_submitted, evaluator.num_jobs_gathered) == (5, 5)

    def test_closures_partials_and_keyword_arguments_reach_the_worker(self) -> None:
        run = functools.partial(_scaled, factor=3.0)
        added = 1.0
        by_partial = self.evaluated(run, [1, 2], run_function_kwargs={"offset": 1.0})
        by_closure = self.evaluated(lambda job: job["x"] + added, [1, 2])

        assert [by_partial[x].objective for x in (1, 2)] == [4.0, 7.0]
        assert [by_closure[x].objective for x in (1, 2)] == [2.0, 3.0]

    def test_coroutine_functions_run(self) -> None:
        jobs = self.evaluated(_awaiting, [1, 2, 3], num_workers=2)

        assert [jobs[x].objective for x in (1, 2, 3)] == [1.0, 2.0, 3.0]

    def test_every_kind_of_failure_costs_its_own_evaluation_only(self) -> None:
        expected = {
            "fine": 1.0,
            "raises": "F_ZeroDivisionError",
            "exits": "F_SystemExit",
            "none": "F_none",
            "nan": "F_nan",
            "inf": "F_infinite",
            "text": "F_not_a_number",
            "own": "F_oom",
            "two": "F_number_of_objectives",
        }
        jobs = self.evaluated(_anything, list(expected))

        assert {x: job.objective for x, job in jobs.items()} == expected
        assert "on purpose" in jobs["raises"].metadata["traceback"]
        assert [x for x, job in jobs.items() if job.crashed] == ["raises", "exits"]

    def test_a_run_function_sees_a_mapping_of_its_parameters(self) -> None:
        job = self.evaluated(_looking, [1])[1]

        assert (job.objective, job.metadata) == (1.0, {"is_mapping": True, "number": 0})

    def test_recorded_values_come_back(self) -> None:
        job = self.evaluated(_recording, [1])[1]

        assert job.objective == 1.0
        assert job.observations == [(0.0, 0.0), (1.0, 0.5), (2.0, 1.0)]

    def test_times_lie_in_order_since_the_search_began(self) -> None:
        for job in self.evaluated(_double, range(4), num_workers=2).values():
            times = [job.timestamp_submit, job.timestamp_start, job.timestamp_end, job.timestamp_gather]

            assert None not in times
            assert times[0] >= 0.0 and all(a <= b for a, b in pairwise(times)), times  # type: ignore[operator]

    def test_callbacks_are_told_in_order(self) -> None:
        diary = _Diary()
        self.evaluated(_double, range(4), callbacks=[diary])

        assert diary.launched == [0, 1, 2, 3]
        assert sorted(diary.done) == sorted(diary.gathered) == [0, 1, 2, 3]
        assert diary.n_closed == 1

    def test_a_callback_that_raises_costs_nothing(self) -> None:
        diary = _Diary()
        jobs = self.evaluated(_double, range(3), callbacks=[_Broken(), diary])

        assert sorted(job.objective for job in jobs.values()) == [0.0, 2.0, 4.0]  # type: ignore[type-var]
        assert sorted(diary.done) == [0, 1, 2]

    def test_what_is_cancelled_is_told_and_handed_back(self) -> None:
        diary = _Diary()
        with self.make(_double, callbacks=[diary]) as evaluator:
            evaluator.submit([{"x": x} for x in range(3)])
            evaluator.timeout = 1e-9
            jobs = _own(evaluator.gather("ALL"))

        assert sorted(job.id for job in jobs) == sorted(diary.gathered) == [0, 1, 2]
        assert JobStatus.CANCELLED in {job.status for job in jobs}
        for job in jobs:
            assert (job.objective is None) is (job.status is JobStatus.CANCELLED)

    def test_a_closed_evaluator_starts_again(self) -> None:
        evaluator = self.make(_double)
        for x in (1, 2):
            with evaluator:
                evaluator.submit([{"x": x}])
                (job,) = _own(evaluator.gather("ALL"))

            assert job.objective == 2.0 * x

    def test_the_store_knows_every_job_and_how_it_ended(self) -> None:
        from .storage import MemoryStorage

        storage = MemoryStorage()
        self.evaluated(_double, range(3), storage=storage, search_id="mine")
        records = storage.records("mine")

        assert [(record["job_id"], record["objective"], record["status"]) for record in records] == [
            (0, 0.0, "DONE"),
            (1, 2.0, "DONE"),
            (2, 4.0, "DONE"),
        ]
        assert storage.open_jobs("mine") == []


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

        with _refused(KeyError):
            storage.records("nothing")
        with _refused(KeyError):
            storage.description("nothing")
        with _refused(KeyError):
            storage.open_jobs("nothing")

    def test_jobs_are_numbered_in_the_order_of_submission_in_each_search(self) -> None:
        storage = self.make()
        one, other = storage.join("a"), storage.join("b")

        assert storage.submit(one, []) == []
        assert storage.submit(one, [_open() for _ in range(3)]) == [0, 1, 2]
        assert storage.submit(other, [_open()]) == [0]
        assert storage.submit(storage.join("a"), [_open(), _open()]) == [3, 4]
        assert [record["job_id"] for record in storage.records("a")] == [0, 1, 2, 3, 4]

    def test_a_number_that_a_record_brings_is_kept(self) -> None:
        storage = self.make()
        member = storage.join("a")

        assert storage.submit(member, [_open(job_id=4), _open(job_id=2)]) == [4, 2]
        assert storage.submit(member, [_open()]) == [5]
        with _refused(ValueError):
            storage.submit(member, [_open(), _open(job_id=2)])
        assert [record["job_id"] for record in storage.records("a")] == [2, 4, 5]

    def test_a_finished_record_replaces_the_open_one_whole(self) -> None:
        storage = self.make()
        member = storage.join("a")
        (number,) = storage.submit(member, [_open(metadata={"a": [1, "é", None], "b": {"c": 0.1}})])
        finished = _finished(number, 0.1 + 0.2, metadata={"seen": [1e-300, -0.0], "text": "\n\"'"})
        storage.finish(member, [_copy(finished)])

        assert storage.records("a") == [finished]

    def test_only_known_jobs_that_have_ended_can_finish(self) -> None:
        storage = self.make()
        member = storage.join("a")
        storage.submit(member, [_open(), _open()])

        with _refused(KeyError):
            storage.finish(member, [_finished(0, 1.0), _finished(7, 1.0)])
        with _refused(ValueError):
            storage.finish(member, [_finished(0, 1.0), _open(job_id=1)])
        assert [record["status"] for record in storage.records("a")] == ["READY", "READY"]

    def test_news_come_once_and_in_order(self) -> None:
        storage = self.make()
        here, there = storage.join("a"), storage.join("a")
        cursor: Cursor = {}
        numbers = storage.submit(there, [_open() for _ in range(3)])
        storage.finish(there, [_finished(numbers[2], 0.0), _finished(numbers[0], "F_x")])
        first, cursor = storage.news(here, cursor)
        storage.finish(there, [_finished(numbers[1], None, status="CANCELLED")])
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
            storage.finish(member, [_finished(number, 1.0) for number in storage.submit(member, [_open()])])

        assert storage.news(one, {})[0] == [] == storage.news(other, {})[0]
        assert [record["job_id"] for record in storage.news(storage.join("a"), {})[0]] == [0]

    def test_what_is_handed_out_is_a_copy(self) -> None:
        storage = self.make()
        here, there = storage.join("a"), storage.join("a")
        storage.submit(here, [_open(metadata={"list": [1]})])
        storage.submit(there, [_open()])
        storage.finish(there, [_finished(1, 1.0, metadata={"list": [1]})])
        for records in (storage.records("a"), storage.open_jobs("a"), storage.news(here, {})[0]):
            for record in records:
                record["metadata"].setdefault("list", []).append("changed")
                record["status"] = "BROKEN"

        assert "changed" not in json.dumps(storage.records("a")) and "BROKEN" not in json.dumps(storage.records("a"))

    def test_open_jobs_tell_whose_they_are_and_when_that_member_was_alive(self) -> None:
        storage = self.make()
        here, there = storage.join("a"), storage.join("a")
        storage.submit(here, [_open()])
        storage.submit(there, [_open(), _open()])
        storage.finish(there, [_finished(1, 1.0)])
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
                numbers.extend(storage.submit(member, [_open(), _open()]))

        _in_threads([functools.partial(submit, member) for member in members])

        assert sorted(numbers) == list(range(160))

    def test_no_reader_misses_or_splits_a_batch_of_a_busy_writer(self) -> None:
        storage, n_batches, batch = self.make(), 25, 4
        writers, reader = [storage.join("a") for _ in range(3)], storage.join("a")
        seen: dict[int, list[int]] = {writer.number: [] for writer in writers}
        are_over = threading.Event()

        def write(writer: Member) -> None:
            for _ in range(n_batches):
                numbers = storage.submit(writer, [_open(metadata={"by": writer.number}) for _ in range(batch)])
                storage.finish(writer, [_finished(n, 1.0, metadata={"by": writer.number}) for n in numbers])

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

    def test_it_can_be_closed(self) -> None:
        self.make().close()


def _own(gathered: list[Job] | tuple[list[Job], list[Job]]) -> list[Job]:
    """What was gathered; there are no other members, so it is a list."""
    assert isinstance(gathered, list)
    return gathered


def _open(job_id: int | None = None, metadata: Mapping[str, Any] | None = None) -> Record:
    return {**ready_record({"x": 1.5}, metadata or {}, 0.5), "job_id": job_id}


def _finished(job_id: int, objective: Any, status: str = "DONE", metadata: Mapping[str, Any] | None = None) -> Record:
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
