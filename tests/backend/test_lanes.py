"""Processes of which each has its own lane."""

from __future__ import annotations

import os
import signal
import threading
import time
from concurrent.futures import BrokenExecutor, wait
from typing import Any

import pytest

from deephyper.backend import LimitExceeded
from deephyper.backend.lane import Worker
from deephyper.worker import Task
from open_lanes import opened
from processes import PATIENCE_S, Before, comes_true


def run(job: Any) -> Any:
    """Do what it is told to, and say so first."""
    job.record(0, os.getpid())
    if job["x"] == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    while job["x"] == "wait" and not job.stopped():
        time.sleep(0.001)
    return os.getpid()


def test_a_worker_that_dies_costs_its_own_task_and_the_next_in_line_goes_on() -> None:
    with opened(run, 1) as lanes:
        dead, next_one = lanes.submit("die"), lanes.submit("fine")

        with pytest.raises(BrokenExecutor, match="SIGKILL"):
            dead.result(PATIENCE_S)
        assert next_one.result(PATIENCE_S).returned != lanes.observations[0][0][1]


def test_the_words_of_one_worker_do_not_wait_for_the_burial_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, gate, bury = threading.Event(), threading.Event(), Worker.bury

    def slow_burial(worker: Worker) -> str:
        begun.set()
        gate.wait(PATIENCE_S)
        return bury(worker)

    with opened(run) as lanes:
        waiting = lanes.submit("wait")
        assert comes_true(lambda: bool(lanes.observations[0]), PATIENCE_S)
        with monkeypatch.context() as patch:
            patch.setattr(Worker, "bury", slow_burial)
            dead = lanes.submit("die")
            assert begun.wait(PATIENCE_S)
            lanes.switchboard.stop(0)

            assert waiting.result(PATIENCE_S).returned == lanes.observations[0][0][1]
            assert not dead.done()
            gate.set()
            assert isinstance(dead.exception(PATIENCE_S), BrokenExecutor)


def test_a_task_that_is_given_up_while_it_waits_in_line_never_begins() -> None:
    with opened(run, 1) as lanes:
        first, second, third = lanes.submit("wait"), lanes.submit("fine"), lanes.submit("fine")
        assert comes_true(lambda: bool(lanes.observations[0]), PATIENCE_S)
        lanes.lanes.give_up([second])
        lanes.switchboard.stop(0)

        wait([first, third], PATIENCE_S)
        assert (first.done(), second.done(), third.done()) == (True, False, True)
        assert lanes.observations[1] == []
        assert lanes.switchboard.close(1) is None


def test_a_lane_that_was_given_up_takes_the_next_in_line() -> None:
    with opened(run, 1) as lanes:
        first, second = lanes.submit("wait"), lanes.submit("fine")
        assert comes_true(lambda: bool(lanes.observations[0]), PATIENCE_S)
        lanes.lanes.give_up([first])

        assert second.result(PATIENCE_S).returned != lanes.observations[0][0][1]
        assert not first.done()


def test_the_start_of_a_worker_is_no_part_of_its_evaluation() -> None:
    with opened(run, 1, initializer=time.sleep, initargs=(0.2,)) as lanes:
        submitted = time.monotonic()
        report = lanes.submit("fine").result(PATIENCE_S)
        begun = lanes.switchboard.close(0)

    assert begun is not None
    assert submitted + 0.2 < begun <= report.start


def test_what_takes_too_long_says_so() -> None:
    with opened(run, 1, job_timeout=0.3) as lanes:
        error = lanes.submit("wait").exception(PATIENCE_S)

    assert isinstance(error, LimitExceeded)
    assert (error.limit, str(error)) == ("timeout", "the evaluation took longer than job_timeout=0.3 s")


def test_tasks_with_the_same_resources_meet_the_same_worker() -> None:
    from deephyper.worker import Lease

    with opened(run) as lanes:
        pids = []
        for gpu in (0, 1, 0, 1, 1, 0):
            ticket = lanes.switchboard.open([])
            task = Task(ticket, ticket, {"x": "fine"}, Lease({"gpu": gpu}, {}, {}))
            pids.append(lanes.lanes.submit(task).result(PATIENCE_S).returned)

    first, second = pids[:2]
    assert first != second
    assert pids == [first, second, first, second, second, first]


def test_an_end_kills_what_runs_and_leaves_no_process() -> None:
    before = Before()
    with opened(run) as lanes:
        lanes.submit("wait")
        lanes.submit("wait")
        assert comes_true(lambda: all(lanes.observations), PATIENCE_S)

    assert before.new_processes() == []
