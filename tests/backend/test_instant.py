"""The backend for tests."""

from __future__ import annotations

from concurrent.futures import BrokenExecutor
from typing import Any

from deephyper.backend import Switchboard, Work
from deephyper.backend.instant import Instant
from deephyper.worker import Task


def opened(function: Any, holds: bool) -> tuple[Instant, Switchboard]:
    instant, switchboard = Instant("test", holds), Switchboard()
    instant.open(Work("test", function, {}), 1, switchboard)
    return instant, switchboard


def test_a_task_has_ended_when_it_is_submitted() -> None:
    instant, switchboard = opened(lambda job: job["x"], holds=False)

    assert instant.submit(Task(switchboard.open([]), 0, {"x": 3})).result(0).returned == 3
    assert instant.held == []


def test_tasks_that_are_held_run_when_the_test_says_so() -> None:
    instant, switchboard = opened(lambda job: job["x"], holds=True)
    tickets = [switchboard.open([]) for _ in range(4)]
    futures = [instant.submit(Task(ticket, ticket, {"x": ticket})) for ticket in tickets]
    instant.end(tickets[2])
    instant.end(tickets[1], BrokenExecutor("lost"))
    instant.give_up(futures[:1])

    assert futures[2].result(0).returned == tickets[2]
    assert isinstance(futures[1].exception(0), BrokenExecutor)
    assert instant.held == tickets[3:]
    assert switchboard.close(tickets[3]) is not None
    instant.end_all()
    assert futures[3].result(0).returned == tickets[3]


def test_tasks_that_are_submitted_meanwhile_end_too() -> None:
    def run(job: Any) -> float:
        if job["x"]:
            instant.submit(Task(switchboard.open([]), 0, {"x": job["x"] - 1}))
        return 1.0

    instant, switchboard = opened(run, holds=True)
    instant.submit(Task(switchboard.open([]), 0, {"x": 3}))
    instant.end_all()

    assert instant.held == []
