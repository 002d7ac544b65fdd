"""How an evaluation ended, and when, on the manager's clock."""

from __future__ import annotations

from concurrent.futures import Future

import pytest

from deephyper.evaluator.reports import HostClocks, understand
from deephyper.worker import HOST, Report


def ended_with(value: object, host: str = HOST, start: float = 1.0, end: float = 2.0) -> Future[Report]:
    future: Future[Report] = Future()
    future.set_result(Report(value, start, end, host, "", "", []))
    return future


def test_times_of_this_host_stay_as_they_are() -> None:
    ended = understand(ended_with(0.5), 9.0, HostClocks(), None)

    assert (ended.outcome.objective, ended.start, ended.end) == (0.5, 1.0, 2.0)


def test_times_of_another_host_are_moved_by_one_offset_that_keeps_durations() -> None:
    clocks = HostClocks()
    first = understand(ended_with(0.5, "elsewhere", 1000.0, 1003.0), 10.0, clocks, None)
    second = understand(ended_with(0.5, "elsewhere", 1004.0, 1005.0), 12.5, clocks, None)

    assert (first.start, first.end) == (7.0, 10.0)
    assert (second.start, second.end) == (11.0, 12.0)


def test_what_could_not_travel_is_a_failure_of_its_evaluation() -> None:
    future: Future[Report] = Future()
    future.set_exception(TypeError("cannot pickle"))
    ended = understand(future, 9.0, HostClocks(), None)

    assert ended.outcome.objective == "F_TypeError"
    assert ended.outcome.metadata["traceback"] == "TypeError: cannot pickle"
    assert (ended.start, ended.end) == (None, pytest.approx(9.0))
