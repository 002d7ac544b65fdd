"""Evaluations one after the other in the caller's thread, or coroutines that wait together."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, final

from ..worker import Report, Task
from .backend import Backend, Lend, Work
from .callers_thread import CallersThread
from .limits import Limits
from .switchboard import Switchboard


@final
class Serial(Backend):
    """The caller's thread for plain functions, so that a debugger works; an event loop for `async def` functions.

    `SerialEvaluator` says what its options mean; `where` is who is named in messages.
    """

    def __init__(self, where: str, job_timeout: float | None = None):
        self._where = where
        self._limits = Limits.checked(where, job_timeout)
        self._inner: Backend | None = None

    def open(self, work: Work, n_workers: int, switchboard: Switchboard) -> None:
        if self._limits.timeout_s is not None and not is_async(work.function):
            raise ValueError(
                f"{self._where}: job_timeout works for 'async def' functions only, since nothing can end a function in "
                f"the caller's own thread; use method 'process'."
            )

        self._inner = self._made_for(work.function)
        self._inner.open(work, n_workers, switchboard)

    def submit(self, task: Task) -> Future[Report]:
        assert self._inner is not None
        return self._inner.submit(task)

    def work(self, lend: Lend, until: float, has_news: Callable[[], bool]) -> None:
        if self._inner is not None:
            self._inner.work(lend, until, has_news)

    def close(self) -> None:
        inner, self._inner = self._inner, None
        if inner is not None:
            inner.close()

    def _made_for(self, function: Any) -> Backend:
        if not is_async(function):
            return CallersThread()
        # asyncio takes 50 ms to import, and most functions are plain ones.
        from .event_loop import EventLoop

        return EventLoop(self._limits)


def is_async(function: Any) -> bool:
    """True for an `async def` function, also behind partials and callable objects."""
    while isinstance(function, functools.partial):
        function = function.func
    call = getattr(function, "__call__", None)  # noqa: B004
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(call)
