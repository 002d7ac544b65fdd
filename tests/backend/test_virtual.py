"""Evaluations on the virtual clock."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest

from deephyper.backend import Switchboard, Work
from deephyper.backend.virtual import Virtual
from deephyper.worker import Report, Task
from processes import comes_true

PATIENCE_S = 30.0


class Runs:
    """A virtual backend with exact times, and all that was submitted to it."""

    def __init__(self, function: Callable[..., Any], decide: Any = None, **options: Any):
        self.backend = Virtual("test", charge_manager=False, **options)
        self.switchboard = Switchboard(decide)
        self.backend.open(Work("test", function, {}), 1, self.switchboard)
        self.futures: list[Future[Report]] = []
        self.observations: list[list[tuple[float, float]]] = []

    def submit(self, **parameters: Any) -> int:
        self.observations.append([])
        ticket = self.switchboard.open(self.observations[-1])
        self.futures.append(self.backend.submit(Task(ticket, ticket, parameters)))
        return ticket

    def until(self, time: float) -> None:
        self.backend.work(nullcontext, time, lambda: False)

    def reports(self) -> list[Report]:
        self.until(math.inf)
        return [future.result(0) for future in self.futures]


def train(job: Any) -> int:
    for epoch in range(1, 11):
        job.record(epoch, epoch * job.get("gain", 1.0))
        if job.stopped():
            break
    return epoch


def times(reports: list[Report]) -> list[tuple[float, float]]:
    return [(report.start, report.end) for report in reports]


def test_what_was_recorded_becomes_known_at_the_end_and_not_before() -> None:
    runs = Runs(train, duration=5.0)
    runs.submit()
    runs.until(4.9)
    assert (runs.futures[0].done(), runs.observations) == (False, [[]])

    runs.until(5.0)
    assert runs.futures[0].done()
    assert len(runs.observations[0]) == 10


def test_what_is_given_up_before_its_end_has_recorded_nothing() -> None:
    runs = Runs(train, duration=5.0)
    runs.submit()
    runs.backend.give_up(runs.futures)
    runs.until(10.0)

    assert runs.futures[0].cancelled()
    assert runs.observations == [[]]


def test_each_record_waits_for_its_virtual_time() -> None:
    runs = Runs(train, seconds_per_budget=60.0)
    runs.submit()
    known = []
    for minute in range(11):
        runs.until(60.0 * minute)
        known.append(len(runs.observations[0]))

    assert known == list(range(11))
    assert times(runs.reports()) == [(0.0, 600.0)]


def test_records_of_several_evaluations_come_in_the_order_of_their_times() -> None:
    heard: list[tuple[int, float]] = []
    runs = Runs(
        train,
        lambda ticket, budget, value: heard.append((ticket, budget)),
        seconds_per_budget=lambda parameters, rng: parameters["pace"],
    )
    runs.submit(pace=3.0)
    runs.submit(pace=2.0)
    runs.reports()

    when = [budget * (3.0, 2.0)[ticket] for ticket, budget in heard]
    assert when == sorted(when)
    # At 6 seconds both record; the first one has waited for it since 3, the second one since 4.
    assert heard[:5] == [(1, 1.0), (0, 1.0), (1, 2.0), (0, 2.0), (1, 3.0)]


def test_what_is_decided_on_a_record_is_seen_after_it_and_ends_the_evaluation_there() -> None:
    def decide(ticket: int, budget: float, value: float) -> None:
        # The other one, and it itself: what comes later of both is never known.
        if budget == 3:
            runs.switchboard.stop(ticket)

    runs = Runs(train, decide, seconds_per_budget=10.0)
    runs.submit()
    (report,) = runs.reports()

    assert (report.returned, report.end) == (3, 30.0)
    assert runs.observations == [[(1.0, 1.0), (2.0, 2.0), (3.0, 3.0)]]


def test_an_evaluation_hears_at_its_next_record_what_was_decided_on_another_ones() -> None:
    def decide(ticket: int, budget: float, value: float) -> None:
        if (ticket, budget) == (1, 2.0):
            runs.switchboard.stop(0)

    runs = Runs(train, decide, seconds_per_budget=lambda parameters, rng: parameters["pace"])
    runs.submit(pace=3.0)
    runs.submit(pace=5.0)

    # The second has spent its budget of 2 at 10 seconds; the first records its fourth value at 12.
    assert times(runs.reports()) == [(0.0, 12.0), (0.0, 50.0)]


def test_an_evaluation_that_records_nothing_takes_its_duration() -> None:
    runs = Runs(lambda job: 1.0, duration=7.0, seconds_per_budget=10.0)
    runs.submit()

    assert times(runs.reports()) == [(0.0, 7.0)]


def test_an_evaluation_begins_when_it_was_submitted() -> None:
    runs = Runs(train, seconds_per_budget=1.0)
    first = runs.submit()
    runs.until(4.0)
    second = runs.submit()

    assert times(runs.reports()) == [(0.0, 10.0), (4.0, 14.0)]
    assert [runs.switchboard.close(ticket) for ticket in (first, second)] == [0.0, 4.0]


def test_budgets_that_do_not_grow_take_no_time() -> None:
    def run(job: Any) -> float:
        for budget in (5, 5, 3, math.inf, math.nan, 6):
            job.record(budget, 0.0)
        return 0.0

    runs = Runs(run, seconds_per_budget=1.0)
    runs.submit()
    runs.until(5.0)

    assert len(runs.observations[0]) == 5
    assert times(runs.reports()) == [(0.0, 6.0)]


def test_an_error_ends_an_evaluation_at_its_last_record() -> None:
    def run(job: Any) -> float:
        job.record(2, 0.0)
        raise ValueError("on purpose")

    runs = Runs(run, seconds_per_budget=1.5)
    runs.submit()
    (report,) = runs.reports()

    assert (report.error, report.end) == ("ValueError", 3.0)


def test_one_works_at_a_time() -> None:
    n_working, most = 0, 0

    def run(job: Any) -> float:
        nonlocal n_working, most
        for epoch in range(1, 20):
            n_working += 1
            most = max(most, n_working)
            sum(range(1000))
            n_working -= 1
            job.record(epoch, 0.0)
        return 0.0

    runs = Runs(run, seconds_per_budget=1.0)
    for _ in range(20):
        runs.submit()
    runs.reports()

    assert most == 1


@pytest.mark.parametrize("way", ["give up", "close"])
def test_the_thread_of_an_abandoned_evaluation_ends_quietly(way: str, capsys: pytest.CaptureFixture[str]) -> None:
    before, cleaned = set(threading.enumerate()), []

    def run(job: Any) -> float:
        try:
            while True:
                job.record(1, 0.0)
        except Exception:
            return 0.0
        finally:
            cleaned.append(job.id)

    runs = Runs(run, seconds_per_budget=1.0)
    for _ in range(10):
        runs.submit()
    assert len(set(threading.enumerate()) - before) == 10
    runs.backend.give_up(runs.futures) if way == "give up" else runs.backend.close()

    # They clean up at once, before anything else goes on.
    assert cleaned == list(range(10))
    assert comes_true(lambda: set(threading.enumerate()) <= before, PATIENCE_S)
    assert capsys.readouterr() == ("", "")


def test_an_evaluation_that_was_given_up_records_nothing_any_more() -> None:
    runs = Runs(train, seconds_per_budget=1.0)
    runs.submit()
    runs.submit()
    runs.until(3.0)
    runs.backend.give_up(runs.futures[:1])
    runs.until(math.inf)

    assert [len(observations) for observations in runs.observations] == [3, 10]


def test_a_decision_may_give_an_evaluation_up() -> None:
    def decide(ticket: int, budget: float, value: float) -> None:
        if budget == 3:
            runs.backend.give_up([runs.futures[ticket]])

    runs = Runs(train, decide, seconds_per_budget=1.0)
    runs.submit()
    runs.until(math.inf)

    assert runs.futures[0].cancelled()
    assert len(runs.observations[0]) == 3


def test_threads_of_the_function_itself_may_record() -> None:
    def run(job: Any) -> float:
        threads = [threading.Thread(target=job.record, args=(budget, 0.0)) for budget in (1, 2, 3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return 0.0

    runs = Runs(run, seconds_per_budget=1.0)
    runs.submit()
    (report,) = runs.reports()

    assert report.end == 3.0
    assert sorted(runs.observations[0]) == [(1.0, 0.0), (2.0, 0.0), (3.0, 0.0)]


# Python itself says nothing about a thread that ends so; pytest does.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_threads_that_a_function_leaves_behind_end_when_they_record(capsys: pytest.CaptureFixture[str]) -> None:
    before = set(threading.enumerate())

    def run(job: Any) -> float:
        gate = threading.Event()

        def record() -> None:
            gate.wait(PATIENCE_S)
            job.record(1, 0.0)

        for _ in range(3):
            threading.Thread(target=record).start()
        gate.set()
        return 0.0

    runs = Runs(run, seconds_per_budget=1.0)
    runs.submit()
    runs.until(10.0)

    assert runs.futures[0].done()
    assert comes_true(lambda: set(threading.enumerate()) <= before, PATIENCE_S)
    assert capsys.readouterr() == ("", "")


def test_coroutines_wait_for_their_records_too() -> None:
    async def run(job: Any) -> int:
        return train(job)

    runs = Runs(run, seconds_per_budget=2.0)
    runs.submit()

    assert times(runs.reports()) == [(0.0, 20.0)]


@pytest.mark.parametrize("per_budget", [None, lambda parameters, rng: rng.lognormal(0, 1)])
def test_a_seed_fixes_everything(per_budget: Any) -> None:
    def heard_and_told() -> Any:
        rng, heard = np.random.default_rng(3), []

        def decide(ticket: int, budget: float, value: float) -> None:
            heard.append((ticket, budget, value, runs.backend.clock.now()))
            if budget > 4 and rng.random() < 0.3:
                runs.switchboard.stop(ticket)

        options = {"duration": lambda parameters, rng: rng.lognormal(0, 1), "seconds_per_budget": per_budget}
        runs = Runs(train, decide, seed=5, **options)
        for n in range(30):
            runs.submit(gain=float(n))
            runs.until(n / 10)
        return heard, [(report.returned, report.start, report.end) for report in runs.reports()]

    first = heard_and_told()
    assert first == heard_and_told()
    assert len({word[3] for word in first[0]}) > 20


@pytest.mark.slow
def test_thousands_of_evaluations_stand_still_at_once() -> None:
    before = threading.active_count()
    runs = Runs(train, seconds_per_budget=1.0)
    for _ in range(1000):
        runs.submit()
    runs.until(2.0)
    n_standing = threading.active_count() - before
    runs.backend.close()

    assert n_standing == 1000
    assert comes_true(lambda: threading.active_count() <= before, PATIENCE_S)


def test_the_functions_own_time_does_not_count() -> None:
    def slow(job: Any) -> float:
        for epoch in range(1, 4):
            end = time.thread_time() + 0.02
            while time.thread_time() < end:
                pass
            job.record(epoch, 0.0)
        return 0.0

    backend, switchboard = Virtual("test", seconds_per_budget=1.0), Switchboard()
    backend.open(Work("test", slow, {}), 1, switchboard)
    future = backend.submit(Task(switchboard.open([]), 0, {}))
    begin = time.thread_time()
    backend.work(nullcontext, math.inf, future.done)

    # What the manager has computed itself is all that is added.
    assert 3.0 <= backend.clock.now() < 3.02 + time.thread_time() - begin


def test_work_comes_back_when_nothing_lies_ahead() -> None:
    runs = Runs(train)
    runs.until(math.inf)

    assert not runs.backend.clock.wait(Future(), math.inf)


@pytest.mark.parametrize("what", ["duration", "seconds_per_budget"])
@pytest.mark.parametrize("seconds", [-1, "long", float("inf"), True])
def test_a_bad_number_of_seconds_is_refused(what: str, seconds: Any) -> None:
    with pytest.raises(ValueError, match=f"test: {what} must be a number of seconds of at least 0.*got {seconds!r}"):
        Virtual("test", **{what: seconds})

    runs = Runs(train, **{what: lambda parameters, rng: seconds})
    with pytest.raises(ValueError, match=f"test: {what} must be .*got {seconds!r}"):
        runs.submit()


def test_what_is_computed_beside_is_ready_at_its_virtual_end() -> None:
    backend = Virtual("test")

    def compute() -> float:
        end = time.thread_time() + 0.03
        while time.thread_time() < end:
            pass
        return backend.clock.now()

    begin = backend.clock.now()
    future = backend.clock.beside(compute)
    assert backend.clock.now() < begin + 0.03
    assert not backend.clock.wait(future, 0.001)
    assert backend.clock.wait(future, math.inf)
    assert begin + 0.03 <= future.result() <= backend.clock.now()
