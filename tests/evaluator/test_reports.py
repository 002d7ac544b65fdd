"""How an evaluation ended, and when, in seconds since its search began."""

from __future__ import annotations

from concurrent.futures import BrokenExecutor, Future

import pytest

from deephyper.evaluator.in_flight import Landing
from deephyper.evaluator.reports import HostClocks, Reports
from deephyper.job import Job
from deephyper.storage import MemoryStorage, Seat
from deephyper.worker import HOST, Report

ELSEWHERE = "elsewhere"


def report(start: float, end: float, host: str = HOST) -> Report:
    return Report(0.5, start, end, host, "", "", [])


def landing(result: Report | BaseException, launched: float = 0.0, begun: float | None = None) -> Landing:
    future: Future[Report] = Future()
    if isinstance(result, BaseException):
        future.set_exception(result)
    else:
        future.set_result(result)
    job = Job(0, {"x": 1}, timestamp_submit=launched)
    job.launch(launched)
    return Landing(job, future, begun)


def seat_at(time: float, reading: float = 100.0) -> Seat:
    """A seat whose clock reads 100 now, when its search is so many seconds old."""
    seat = Seat(MemoryStorage())
    seat.follow(lambda: reading, time)
    return seat


def test_times_of_this_host_are_counted_from_the_beginning_of_the_search() -> None:
    landed = landing(report(98.0, 99.0))

    assert Reports().is_final(landed, seat_at(9.0))
    job = landed.job
    assert (job.timestamp_start, job.timestamp_end, job.timestamp_gather) == (7.0, 8.0, 9.0)


def test_another_host_is_placed_by_the_report_with_the_shortest_delay() -> None:
    clocks = HostClocks()
    late = clocks.placed(report(1000.0, 1003.0, ELSEWHERE), launched=1.0, received=10.0)
    prompt = clocks.placed(report(1004.0, 1005.0, ELSEWHERE), launched=1.0, received=7.5)
    afterwards = clocks.placed(report(1006.0, 1007.0, ELSEWHERE), launched=1.0, received=30.0)

    assert late == (7.0, 10.0)
    assert prompt == (6.5, 7.5)
    assert afterwards == (8.5, 9.5)


def test_no_evaluation_ends_after_its_gather_or_begins_before_its_launch() -> None:
    clocks = HostClocks()
    clocks.placed(report(1000.0, 1001.0, ELSEWHERE), launched=0.0, received=5.0)
    # The other host's clock was set forward by a minute meanwhile.
    start, end = clocks.placed(report(1070.0, 1072.0, ELSEWHERE), launched=20.0, received=27.05)
    early_start, early_end = HostClocks().placed(report(0.0, 100.0, ELSEWHERE), launched=20.0, received=27.0)

    assert 20.0 <= start <= end <= 27.05
    assert (early_start, early_end) == (20.0, 27.0)


def test_hosts_have_an_offset_each() -> None:
    clocks = HostClocks()
    clocks.placed(report(0.0, 1.0, "one"), launched=0.0, received=2.0)
    start, end = clocks.placed(report(500.0, 501.0, "other"), launched=0.0, received=4.0)

    assert (start, end) == (3.0, 4.0)


def test_what_could_not_travel_is_a_failure_of_its_evaluation() -> None:
    landed = landing(TypeError("cannot pickle"), begun=95.0)

    assert Reports().is_final(landed, seat_at(9.0))
    assert landed.job.objective == "F_TypeError"
    assert landed.job.metadata["traceback"] == "TypeError: cannot pickle"
    assert (landed.job.timestamp_start, landed.job.timestamp_end) == (4.0, 9.0)


@pytest.mark.parametrize("max_retries", [0, 2])
def test_a_lost_worker_is_replaced_as_often_as_is_allowed(max_retries: int) -> None:
    reports, seat = Reports(max_retries), seat_at(9.0)
    landed = landing(BrokenExecutor("killed"))
    finals = []
    for _ in range(max_retries + 1):
        finals.append(reports.is_final(landed, seat))

    assert finals == [False] * max_retries + [True]
    assert landed.job.is_lost
    assert landed.job.metadata.get("retries") == (max_retries or None)
