"""Threads of this process."""

from __future__ import annotations

import threading
from typing import Any

from deephyper.backend import LimitExceeded, Switchboard, Work
from deephyper.backend.threads import Threads
from deephyper.worker import Task

PATIENCE_S = 30.0


def test_a_thread_that_takes_too_long_is_abandoned() -> None:
    gate, ended = threading.Event(), threading.Event()

    def run(job: Any) -> float:
        if job["x"] == "slow":
            gate.wait(PATIENCE_S)
            ended.set()
        return 1.0

    threads, switchboard = Threads("test", job_timeout=0.05), Switchboard()
    threads.open(Work("test", run, {}), 1, switchboard)
    slow = threads.submit(Task(switchboard.open([]), 0, {"x": "slow"}))

    assert isinstance(slow.exception(PATIENCE_S), LimitExceeded)
    fine = threads.submit(Task(switchboard.open([]), 1, {"x": "fine"}))
    assert fine.result(PATIENCE_S).returned == 1.0
    # What it returns in the end reaches nobody.
    gate.set()
    assert ended.wait(PATIENCE_S)
    threads.close()


def test_no_thread_looks_after_limits_that_nobody_has_set() -> None:
    before = threading.active_count()
    threads = Threads("test")
    threads.open(Work("test", len, {}), 1, Switchboard())

    assert threading.active_count() == before
    threads.close()
