"""The caller's thread, or an event loop."""

from __future__ import annotations

import asyncio
import math
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from typing import Any

import pytest

from deephyper.backend import LimitExceeded, Switchboard, Work, is_async
from deephyper.backend.serial import Serial
from deephyper.worker import Task

PATIENCE_S = 30.0


def opened(function: Any, **options: Any) -> tuple[Serial, Switchboard]:
    serial, switchboard = Serial("test", **options), Switchboard()
    serial.open(Work("test", function, {}), 1, switchboard)
    return serial, switchboard


def test_a_function_works_only_in_a_thread_that_is_lent() -> None:
    lent, threads = [False], []

    def run(job: Any) -> float:
        assert lent[0]
        threads.append(threading.get_ident())
        return 1.0

    @contextmanager
    def lend() -> Iterator[None]:
        lent[0] = True
        yield
        lent[0] = False

    serial, switchboard = opened(run)
    futures = [serial.submit(Task(switchboard.open([]), n, {})) for n in range(2)]
    serial.work(lend, math.inf, lambda: False)

    assert [future.done() for future in futures] == [True, False]
    assert futures[0].result().error == ""
    assert threads == [threading.get_ident()]


def test_nothing_works_without_time_or_after_news() -> None:
    serial, switchboard = opened(lambda job: 1.0)
    future = serial.submit(Task(switchboard.open([]), 0, {}))
    serial.work(nullcontext, serial.clock.now(), lambda: False)
    serial.work(nullcontext, math.inf, lambda: True)

    assert not future.done()
    assert switchboard.close(0) is None


def test_an_interrupt_leaves_the_evaluation_unfinished_and_the_rest_in_line() -> None:
    @contextmanager
    def lend() -> Iterator[None]:
        with suppress(KeyboardInterrupt):
            yield

    def run(job: Any) -> float:
        if job["x"] == 0:
            signal.raise_signal(signal.SIGINT)
        return 1.0

    serial, switchboard = opened(run)
    futures = [serial.submit(Task(switchboard.open([]), x, {"x": x})) for x in range(2)]
    serial.work(lend, math.inf, lambda: False)
    assert not any(future.done() for future in futures)
    assert switchboard.close(0) is not None

    serial.work(lend, math.inf, lambda: False)
    assert futures[1].result(0).returned == 1.0


def test_what_was_given_up_is_passed_over() -> None:
    serial, switchboard = opened(lambda job: job["x"])
    futures = [serial.submit(Task(switchboard.open([]), x, {"x": x})) for x in range(2)]
    serial.give_up(futures[:1])
    serial.work(nullcontext, math.inf, lambda: False)

    assert futures[0].cancelled()
    assert futures[1].result(0).returned == 1


def test_a_coroutine_that_takes_too_long_is_cancelled() -> None:
    cancelled = threading.Event()

    async def run(job: Any) -> float:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return 1.0

    serial, switchboard = opened(run, job_timeout=0.05)
    error = serial.submit(Task(switchboard.open([]), 0, {})).exception(PATIENCE_S)

    assert isinstance(error, LimitExceeded)
    assert cancelled.wait(PATIENCE_S)
    serial.close()


def test_a_coroutine_that_is_given_up_is_cancelled_also_before_its_first_step() -> None:
    begun, cancelled = threading.Event(), threading.Event()

    async def run(job: Any) -> float:
        begun.set()
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return 1.0

    serial, switchboard = opened(run)
    running = serial.submit(Task(switchboard.open([]), 0, {}))
    assert begun.wait(PATIENCE_S)
    serial.give_up([running, serial.submit(Task(switchboard.open([]), 1, {}))])

    assert cancelled.wait(PATIENCE_S)
    serial.close()


def test_a_limit_that_nothing_can_keep_is_refused() -> None:
    with pytest.raises(
        ValueError, match="test: job_timeout works for 'async def' functions only.*use method 'process'"
    ):
        opened(len, job_timeout=1.0)
    with pytest.raises(ValueError, match="test: job_timeout must be a positive number of seconds"):
        Serial("test", job_timeout=0)


def test_async_functions_are_recognised_in_any_wrapping() -> None:
    async def run(job: Any, power: int = 1) -> float:
        return 1.0

    class Callable:
        async def __call__(self, job: Any) -> float:
            return 1.0

    assert is_async(run) and is_async(partial(partial(run, power=2))) and is_async(Callable())
    assert not is_async(len) and not is_async(partial(len))
