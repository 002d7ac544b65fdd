"""Evaluations of an `async def` function on an event loop."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Coroutine
from concurrent.futures import Future, InvalidStateError
from functools import partial
from typing import Any, final

from ..worker import Report, Task, evaluate_coroutine
from .backend import Backend, Work
from .limits import Limits
from .switchboard import Switchboard

# A coroutine that blocks its loop, or cannot be cancelled, is abandoned together with the loop and its thread.
_PATIENCE_S = 0.2

Evaluation = Coroutine[Any, Any, Report]


@final
class EventLoop(Backend):
    """Runs coroutines on an event loop in a thread beside the caller's, so that it works inside a running loop too.

    Args:
        limits: how long a coroutine may take before it is cancelled.
    """

    def __init__(self, limits: Limits):
        self._limits = limits
        self._loop: _Loop | None = None

    def open(self, work: Work, n_workers: int, switchboard: Switchboard) -> None:
        self._work, self._switchboard = work, switchboard
        self._loop = _Loop()

    def submit(self, task: Task) -> Future[Report]:
        assert self._loop is not None
        what = (self._work.function, task, self._work.kwargs, self._switchboard.channel(task.ticket))
        is_limited = self._limits.timeout_s is not None
        return self._loop.start(_evaluate_within(self._limits, *what) if is_limited else evaluate_coroutine(*what))

    def close(self) -> None:
        loop, self._loop = self._loop, None
        if loop is not None:
            loop.close()


@final
class _Loop:
    """An event loop and its thread."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._waiting: deque[tuple[Future[Report], Evaluation]] = deque()
        self._is_woken = False
        self._thread = threading.Thread(target=self._loop.run_forever, name="deephyper-event-loop", daemon=True)
        self._thread.start()

    def start(self, evaluation: Evaluation) -> Future[Report]:
        """Run a coroutine; a cancellation of the future cancels it."""
        future: Future[Report] = Future()
        self._waiting.append((future, evaluation))
        # Once for many of them: every call to the loop's thread hands the interpreter's lock over to it.
        if not self._is_woken:
            self._is_woken = True
            self._loop.call_soon_threadsafe(self._start_waiting)
        return future

    def close(self) -> None:
        """Cancel all coroutines, and end the thread unless one of them blocks it."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop)
        self._thread.join(_PATIENCE_S)
        if not self._thread.is_alive():
            self._loop.close()

    def _start_waiting(self) -> None:
        self._is_woken = False
        while self._waiting:
            future, evaluation = self._waiting.popleft()
            task = self._loop.create_task(evaluation)
            task.add_done_callback(partial(_hand_on, future))
            future.add_done_callback(partial(self._note_cancellation, task))

    def _note_cancellation(self, task: asyncio.Task[Report], future: Future[Report]) -> None:
        if future.cancelled():
            self._loop.call_soon_threadsafe(task.cancel)

    async def _end(self) -> None:
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=_PATIENCE_S / 2)
        self._loop.stop()


def _hand_on(future: Future[Report], task: asyncio.Task[Report]) -> None:
    """Tell a future how a task of the loop has ended, unless nobody waits for that any more."""
    with contextlib.suppress(InvalidStateError):
        if task.cancelled():
            future.cancel()
        elif (error := task.exception()) is not None:
            future.set_exception(error)
        else:
            future.set_result(task.result())


async def _evaluate_within(limits: Limits, *what: Any) -> Report:
    """Run one evaluation on the running event loop, and cancel it when it takes too long."""
    task = asyncio.ensure_future(evaluate_coroutine(*what))
    try:
        ended, _ = await asyncio.wait([task], timeout=limits.timeout_s)
    except asyncio.CancelledError:
        task.cancel()
        raise
    if not ended:
        task.cancel()
        raise limits.too_long
    return task.result()
