"""Evaluations of an `async def` function on an event loop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import threading
import weakref
from collections import deque
from collections.abc import Coroutine, Iterator, Sequence
from concurrent.futures import Future, InvalidStateError
from functools import partial
from typing import Any, final

from ..errors import class_name
from ..worker import Report, Task, evaluate_coroutine, now
from .backend import Backend, Work
from .limits import Limits, Watch
from .switchboard import Switchboard

logger = logging.getLogger(__name__)

# A coroutine that blocks its loop, or cannot be cancelled, is abandoned together with the loop and its thread.
_PATIENCE_S = 0.2

Evaluation = Coroutine[Any, Any, Report]
_Waiting = tuple[Future[Report], Evaluation]


@final
class EventLoop(Backend):
    """Runs coroutines on an event loop in a thread beside the caller's, so that it works inside a running loop too.

    Args:
        limits: how long a coroutine may take before it is cancelled.
    """

    def __init__(self, limits: Limits):
        self._limits = limits
        self._loop: _Loop | None = None
        self._watch: Watch | None = None

    def open(self, work: Work, n_workers: int, switchboard: Switchboard) -> None:
        self._work, self._switchboard = work, switchboard
        self._begin()
        if self._limits.timeout_s is not None:
            # Not the loop itself: a coroutine that blocks the loop would never be found to take too long.
            self._watch = Watch(self._give_up_slow)

    def submit(self, task: Task) -> Future[Report]:
        assert self._loop is not None
        if self._loop.is_blocked:
            # What still waits there moves on; what has begun there may still come to an end.
            self._begin(self._loop.leave())
        channel = self._switchboard.channel(task.ticket)
        future = self._loop.start(evaluate_coroutine(self._work.function, task, self._work.kwargs, channel))
        if self._watch is not None:
            self._watch.wake()
        return future

    def close(self) -> None:
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.close()
        loop, self._loop = self._loop, None
        if loop is not None:
            self._abandoning.detach()
            loop.close()

    def _begin(self, waiting: Sequence[_Waiting] = ()) -> None:
        if self._loop is not None:
            self._abandoning.detach()
        self._loop = _Loop(waiting)
        # While a coroutine runs, its future keeps this object.
        self._abandoning: weakref.finalize[..., Any] = weakref.finalize(self, self._loop.abandon)
        self._abandoning.atexit = False

    def _give_up_slow(self) -> float:
        loop = self._loop
        return self._limits.give_up_slow({} if loop is None else loop.running)


@final
class _Loop:
    """An event loop and its thread.

    Args:
        waiting: coroutines that wait for their start, each with the future of its report.
    """

    def __init__(self, waiting: Sequence[_Waiting] = ()) -> None:
        self._loop = asyncio.new_event_loop()
        # All evaluations share the loop, so that none of them may stop it.
        self._stop, self._loop.stop = self._loop.stop, _refuse_to_stop  # type: ignore[method-assign]
        self._waiting: deque[_Waiting] = deque()
        self._unwanted: deque[asyncio.Task[Report]] = deque()
        self._running: dict[Future[Report], float] = {}
        self._is_woken = self._is_over = False
        self._answer = threading.Event()
        self._answer.set()
        self._asked = -math.inf
        self._thread = threading.Thread(target=self._run, name="deephyper-event-loop", daemon=True)
        self._thread.start()
        for future, evaluation in waiting:
            self._add(future, evaluation)

    @property
    def running(self) -> dict[Future[Report], float]:
        """The futures of the coroutines that run, each with the time when it began."""
        return self._running.copy()

    @property
    def is_blocked(self) -> bool:
        """Whether a coroutine has kept the loop from working since the newest cancellation."""
        return not self._answer.wait(max(0.0, self._asked + _PATIENCE_S - now()))

    def start(self, evaluation: Evaluation) -> Future[Report]:
        """Run a coroutine; it is cancelled when the future is done before it."""
        future: Future[Report] = Future()
        self._add(future, evaluation)
        return future

    def leave(self) -> list[_Waiting]:
        """End the thread as soon as all coroutines have ended, and return those that have not begun."""
        waiting = list(self._taken())
        self.abandon()
        return waiting

    def abandon(self) -> None:
        """End the thread as soon as all coroutines have ended; the garbage collector may call this."""
        # The loop may be closed already.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._end_soon, math.inf)

    def close(self) -> None:
        """Cancel all coroutines, and end the thread unless one of them blocks it."""
        self._loop.call_soon_threadsafe(self._end_soon, _PATIENCE_S / 2)
        self._thread.join(_PATIENCE_S)

    def _run(self) -> None:
        """Let the loop work until it is closed, whatever the coroutines do to it."""
        while not self._is_over and not self._loop.is_closed():
            try:
                self._loop.run_forever()
            except BaseException as error:
                # A task of the run-function's own, which nobody awaits, has called sys.exit. A coroutine that awaits
                # it is told by the loop.
                logger.warning("the event loop goes on after %s in a task that nobody awaits", class_name(error))
        self._loop.close()

    def _add(self, future: Future[Report], evaluation: Evaluation) -> None:
        self._waiting.append((future, evaluation))
        # Once for many of them: every call to the loop's thread hands the interpreter's lock over to it.
        if not self._is_woken:
            self._is_woken = True
            self._loop.call_soon_threadsafe(self._start_waiting)

    def _start_waiting(self) -> None:
        self._is_woken = False
        for future, evaluation in self._taken():
            task = self._loop.create_task(evaluation)
            self._running[future] = now()
            task.add_done_callback(partial(self._hand_on, future))
            future.add_done_callback(partial(self._cancel, task))

    def _taken(self) -> Iterator[_Waiting]:
        # Two threads may take them when the loop is left, so that one of them finds nothing.
        with contextlib.suppress(IndexError):
            while True:
                yield self._waiting.popleft()

    def _cancel(self, task: asyncio.Task[Report], future: Future[Report]) -> None:
        """Cancel a coroutine whose report nobody awaits any more."""
        if self._running.pop(future, None) is None:
            return
        self._unwanted.append(task)
        # Once for many of them, as above: the answer to the first one takes all of them along.
        if self._answer.is_set():
            self._asked = now()
            self._answer.clear()
            # The loop may be closed already, and all its coroutines with it.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._cancel_unwanted)

    def _cancel_unwanted(self) -> None:
        self._answer.set()
        with contextlib.suppress(IndexError):
            while True:
                self._unwanted.popleft().cancel()

    def _hand_on(self, future: Future[Report], task: asyncio.Task[Report]) -> None:
        """Give the report of a task to its future, unless nobody awaits it any more."""
        self._running.pop(future, None)
        with contextlib.suppress(InvalidStateError):
            if task.cancelled():
                # Before it began: a coroutine that has begun reports its cancellation.
                future.cancel()
            else:
                future.set_result(task.result())

    def _end_soon(self, patience_s: float) -> None:
        self._loop.create_task(self._end(patience_s))

    async def _end(self, patience_s: float) -> None:
        """Wait for what runs, or cancel it if the patience has an end; then end the thread."""
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        if math.isfinite(patience_s):
            for task in tasks:
                task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=patience_s if math.isfinite(patience_s) else None)
        self._is_over = True
        self._stop()


def _refuse_to_stop() -> None:
    raise RuntimeError(
        "the run-function must not stop the event loop, which it shares with other evaluations; return instead."
    )
