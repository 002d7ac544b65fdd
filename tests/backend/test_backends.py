"""What holds for every backend, whatever runs the tasks."""

from __future__ import annotations

import inspect
import math
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from contextlib import contextmanager, nullcontext
from multiprocessing import get_context
from typing import Any

import pytest

from deephyper.backend import BACKENDS, Backend, Switchboard, Work, backend_class
from deephyper.backend.instant import Instant
from deephyper.backend.lanes import Lanes
from deephyper.backend.pool import Pool
from deephyper.backend.serial import Serial
from deephyper.backend.threads import Threads
from deephyper.backend.virtual import Virtual
from deephyper.errors import RunFunctionError
from deephyper.worker import HOST, Lease, Report, Task
from processes import comes_true

# Long enough for a busy machine; nothing waits so long unless it is broken.
PATIENCE_S = 30.0


class Bench:
    """An open backend, its switchboard, and what was submitted to it."""

    def __init__(self, backend: Backend, switchboard: Switchboard):
        self.backend, self.switchboard = backend, switchboard
        self.observations: dict[int, list[tuple[float, float]]] = {}
        self.futures: dict[int, Future[Report]] = {}

    def submit(self, x: Any = 0, lease: Lease | None = None) -> int:
        observations: list[tuple[float, float]] = []
        ticket = self.switchboard.open(observations)
        self.observations[ticket] = observations
        task = Task(ticket, len(self.futures), {"x": x})
        self.futures[ticket] = self.backend.submit(task if lease is None else task._replace(lease=lease))
        return ticket

    def reports(self) -> list[Report]:
        """Wait for all that was submitted, as an evaluator does."""
        while waiting := [future for future in self.futures.values() if not future.done()]:
            self.backend.work(nullcontext, math.inf, lambda: any(future.done() for future in waiting))
            assert wait(waiting, PATIENCE_S, "FIRST_COMPLETED").done
        return [future.result() for future in self.futures.values()]


def echo(job: Any, offset: float = 0.0, lent: float = 0.0) -> float:
    return float(job["x"] + offset + lent)


def fails(job: Any) -> float:
    raise ZeroDivisionError("on purpose")


def counts_to_a_hundred(job: Any) -> int:
    for step in range(100):
        job.record(step, step / 2)
        if job.stopped():
            break
    return step


def until_stopped(job: Any) -> int:
    pause = threading.Event()
    job.record(0, job["x"])
    while not job.stopped():
        pause.wait(0.001)
    return 1


async def until_stopped_async(job: Any) -> int:
    import asyncio

    job.record(0, job["x"])
    while not job.stopped():
        await asyncio.sleep(0.001)
    return 1


class BackendContract:
    """Tests of a backend by its verbs alone; a subclass makes one."""

    def backend(self) -> Backend:
        raise NotImplementedError

    def as_function(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return function

    @contextmanager
    def bench(self, function: Callable[..., Any], n: int = 2, decide: Any = None, **kwargs: Any) -> Iterator[Bench]:
        backend, switchboard = self.backend(), Switchboard(decide)
        backend.open(Work("test", self.as_function(function), kwargs), n, switchboard)
        try:
            yield Bench(backend, switchboard)
        finally:
            backend.close()
            backend.clock.close()

    @pytest.mark.parametrize("n_workers", [1, 3])
    def test_every_task_is_reported_once(self, n_workers: int) -> None:
        with self.bench(echo, n_workers) as bench:
            for x in range(10):
                bench.submit(x)

            assert [report.returned for report in bench.reports()] == [float(x) for x in range(10)]

    def test_arguments_of_all_calls_and_of_one_reach_the_function(self) -> None:
        with self.bench(echo, offset=1.0) as bench:
            bench.submit(2)
            bench.submit(2, Lease({}, {"lent": 10.0}, {}))

            assert [report.returned for report in bench.reports()] == [3.0, 13.0]

    def test_an_exception_is_reported_with_its_traceback(self) -> None:
        with self.bench(fails) as bench:
            bench.submit()
            (report,) = bench.reports()

        assert (report.returned, report.error) == (None, "ZeroDivisionError")
        assert "on purpose" in report.traceback
        assert "in fails" in report.traceback

    def test_times_lie_in_order_on_the_clock_of_the_backend(self) -> None:
        with self.bench(echo) as bench:
            before = bench.backend.clock.now()
            bench.submit()
            (report,) = bench.reports()
            after = bench.backend.clock.now()

        assert before <= report.start <= report.end <= after
        assert report.host == HOST

    def test_what_was_recorded_is_in_the_report(self) -> None:
        with self.bench(counts_to_a_hundred) as bench:
            bench.submit()
            (report,) = bench.reports()

        assert report.observations == [(float(step), step / 2) for step in range(100)]

    def test_the_switchboard_knows_when_an_evaluation_began_and_what_it_has_recorded(self) -> None:
        with self.bench(counts_to_a_hundred) as bench:
            before = bench.backend.clock.now()
            ticket = bench.submit()
            (report,) = bench.reports()
            # Values and result may take different ways.
            assert comes_true(lambda: len(bench.observations[ticket]) == 100, PATIENCE_S)
            begun = bench.switchboard.close(ticket)

        assert bench.observations[ticket] == report.observations
        assert begun is not None
        assert before <= begun <= report.end

    @pytest.mark.parametrize("verb", ["stop", "close"])
    def test_an_evaluation_sees_at_once_what_was_decided_on_its_record(self, verb: str) -> None:
        def decide(ticket: int, budget: float, value: float) -> None:
            if budget == 7:
                getattr(bench.switchboard, verb)(ticket)

        with self.bench(counts_to_a_hundred, decide=decide) as bench:
            bench.submit()
            (report,) = bench.reports()

        assert report.returned == 7

    def test_it_opens_again_after_its_end(self) -> None:
        backend = self.backend()
        for _ in range(2):
            switchboard = Switchboard()
            backend.open(Work("test", self.as_function(echo), {}), 2, switchboard)
            bench = Bench(backend, switchboard)
            bench.submit(5)

            assert [report.returned for report in bench.reports()] == [5.0]
            backend.close()
            backend.clock.close()

    def test_an_end_without_a_beginning_is_harmless(self) -> None:
        backend = self.backend()
        backend.close()
        backend.close()
        backend.clock.close()

    def test_no_thread_is_left(self) -> None:
        before = set(threading.enumerate())
        with self.bench(counts_to_a_hundred) as bench:
            bench.submit()
            bench.submit()
            bench.reports()
            bench.backend.clock.beside(len, [])

        assert comes_true(lambda: set(threading.enumerate()) <= before | self.foreign_threads(), PATIENCE_S)

    def foreign_threads(self) -> set[threading.Thread]:
        return set()

    def test_what_is_computed_beside_is_waited_for(self) -> None:
        clock = self.backend().clock
        future = clock.beside(divmod, 7, 2)

        assert clock.wait(future, math.inf)
        assert future.result() == (3, 1)
        clock.close()


class ConcurrentContract(BackendContract):
    """Tests of backends whose workers work while the caller does something else."""

    def test_values_are_known_while_the_evaluation_runs(self) -> None:
        with self.bench(until_stopped) as bench:
            first, second = bench.submit(1), bench.submit(2)
            assert comes_true(lambda: all(bench.observations.values()), PATIENCE_S)
            assert bench.observations == {first: [(0.0, 1.0)], second: [(0.0, 2.0)]}
            assert not any(future.done() for future in bench.futures.values())

            bench.switchboard.stop(first)
            assert bench.futures[first].result(PATIENCE_S).returned == 1
            assert not bench.futures[second].done()

            bench.switchboard.close(second)
            assert bench.futures[second].result(PATIENCE_S).returned == 1

    def test_giving_up_one_evaluation_leaves_the_others(self) -> None:
        with self.bench(until_stopped) as bench:
            first, second = bench.submit(1), bench.submit(2)
            assert comes_true(lambda: all(bench.observations.values()), PATIENCE_S)
            bench.switchboard.close(first)
            bench.backend.give_up([bench.futures[first]])
            third = bench.submit(3)

            assert comes_true(lambda: bool(bench.observations[third]), PATIENCE_S)
            assert not bench.futures[second].done()
            for ticket in (second, third):
                bench.switchboard.stop(ticket)
                assert bench.futures[ticket].result(PATIENCE_S).returned == 1


class TravelContract(BackendContract):
    """Tests of backends whose function has to travel."""

    def test_a_function_that_cannot_travel_is_refused(self) -> None:
        lock = threading.Lock()

        with (
            pytest.raises(RunFunctionError, match="test: .*must be picklable.*use method 'thread'"),
            self.bench(lambda job: lock.locked()),
        ):
            pass


class TestSerial(BackendContract):
    def backend(self) -> Backend:
        return Serial("test")


class TestEventLoop(ConcurrentContract):
    def backend(self) -> Backend:
        return Serial("test")

    def as_function(self, function: Callable[..., Any]) -> Callable[..., Any]:
        if function is until_stopped:
            return until_stopped_async

        async def run(job: Any, **kwargs: Any) -> Any:
            return function(job, **kwargs)

        assert inspect.iscoroutinefunction(run)
        return run


class TestThreads(ConcurrentContract):
    def backend(self) -> Backend:
        return Threads("test")


@pytest.mark.slow
class TestLanes(ConcurrentContract, TravelContract):
    def backend(self) -> Backend:
        return Lanes("test")


class TestInstant(BackendContract):
    def backend(self) -> Backend:
        return Instant("test")


class TestVirtual(BackendContract):
    def backend(self) -> Backend:
        return Virtual("test")

    @pytest.mark.parametrize("verb", ["stop", "close"])
    def test_an_evaluation_sees_at_once_what_was_decided_on_its_record(self, verb: str) -> None:
        """Here it cannot: it has ended before any of its values is known."""
        decided: list[float] = []
        with self.bench(counts_to_a_hundred, decide=lambda ticket, budget, value: decided.append(budget)) as bench:
            ticket = bench.submit()
            assert (decided, bench.observations[ticket]) == ([], [])
            (report,) = bench.reports()

        assert report.returned == 99
        assert decided == list(range(100))


class TestVirtualInSteps(BackendContract):
    def backend(self) -> Backend:
        return Virtual("test", seconds_per_budget=60.0)


@pytest.fixture(scope="class")
def executor(request: pytest.FixtureRequest) -> Iterator[None]:
    """One executor for all tests of a class, since processes take long to start."""
    request.cls.executor = request.cls.opened()
    yield
    request.cls.executor.shutdown()


@pytest.mark.usefixtures("executor")
class PoolContract(ConcurrentContract):
    executor: Executor

    @staticmethod
    def opened() -> Executor:
        raise NotImplementedError

    def backend(self) -> Backend:
        return Pool("test", self.executor)

    def foreign_threads(self) -> set[threading.Thread]:
        return {thread for thread in threading.enumerate() if not thread.name.startswith("deephyper")}


class TestPoolOfThreads(PoolContract):
    @staticmethod
    def opened() -> Executor:
        return ThreadPoolExecutor(3)


@pytest.mark.slow
class TestPoolOfSpawnedProcesses(PoolContract, TravelContract):
    @staticmethod
    def opened() -> Executor:
        return ProcessPoolExecutor(3, mp_context=get_context("spawn"))


class TestPoolOfForkedProcesses(PoolContract, TravelContract):
    @staticmethod
    def opened() -> Executor:
        return ProcessPoolExecutor(3, mp_context=get_context("fork"))


@pytest.mark.slow
class TestPoolOfLoky(PoolContract, TravelContract):
    @staticmethod
    def opened() -> Executor:
        from loky import get_reusable_executor

        executor: Executor = get_reusable_executor(3)
        return executor


@pytest.mark.parametrize("method", BACKENDS)
def test_each_backend_is_found_by_its_name(method: str) -> None:
    assert issubclass(backend_class(method), Backend)


def test_an_unknown_name_is_refused_with_the_near_one() -> None:
    with pytest.raises(ValueError, match="method must be one of .*got 'proces'. Did you mean 'process'"):
        backend_class("proces")
