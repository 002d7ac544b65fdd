"""Executors of the user's own."""

from __future__ import annotations

import os
import threading
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

import pytest

from deephyper.backend import Switchboard, Work
from deephyper.backend.pool import Pool
from deephyper.worker import Task

PATIENCE_S = 30.0


def test_the_executor_stays_open() -> None:
    with ThreadPoolExecutor(1) as executor:
        pool = Pool("test", executor)
        pool.open(Work("test", len, {}), 1, Switchboard())
        pool.close()

        assert executor.submit(int, "7").result(PATIENCE_S) == 7


def test_a_task_that_has_not_begun_is_cancelled_and_one_that_runs_is_abandoned() -> None:
    gate, begun = threading.Event(), threading.Event()

    def run(job: Any) -> float:
        begun.set()
        gate.wait(PATIENCE_S)
        return 1.0

    with ThreadPoolExecutor(1) as executor:
        pool, switchboard = Pool("test", executor), Switchboard()
        pool.open(Work("test", run, {}), 2, switchboard)
        futures = [pool.submit(Task(switchboard.open([]), n, {})) for n in range(2)]
        assert begun.wait(PATIENCE_S)
        pool.give_up(futures)
        gate.set()

        assert [future.cancelled() for future in futures] == [False, True]
        assert switchboard.close(0) is not None
        assert switchboard.close(1) is None


def test_a_broken_executor_is_named() -> None:
    with ProcessPoolExecutor(1) as executor:
        pool, switchboard = Pool("test", executor), Switchboard()
        pool.open(Work("test", lambda job: os._exit(1), {}), 1, switchboard)
        task = Task(switchboard.open([]), 0, {})
        assert isinstance(pool.submit(task).exception(PATIENCE_S), BrokenExecutor)

        with pytest.raises(
            RuntimeError, match="test: the executor is broken, so it takes no more evaluations; open a new"
        ):
            pool.submit(task)
        pool.close()


def test_what_is_no_executor_is_refused() -> None:
    with pytest.raises(TypeError, match="test: executor must be a concurrent.futures.Executor, got 3 of type int"):
        Pool("test", 3)  # type: ignore[arg-type]
