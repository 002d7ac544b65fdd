"""Evaluations inside this process: in the caller's thread, on an event loop, or in threads."""

from __future__ import annotations

import functools
import inspect
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, final

from ..job import RunningJob
from . import work
from .evaluator import Evaluator
from .work import Report

# A coroutine that blocks its loop, or will not be cancelled, is abandoned with the loop and its thread.
_PATIENCE_S = 0.2


class _CallersThread(Executor):
    """Keeps calls until somebody lends it a thread."""

    def __init__(self) -> None:
        self._calls: deque[tuple[Future[Any], Callable[..., Any], tuple[Any, ...]]] = deque()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self._calls.append((future, functools.partial(fn, **kwargs), args))
        return future

    def run_next(self) -> None:
        """Run the oldest call that was not cancelled, in this thread."""
        while self._calls:
            future, function, args = self._calls.popleft()
            if future.set_running_or_notify_cancel():
                future.set_result(function(*args))
                return


class _EventLoop(Executor):
    """Runs coroutines on an event loop in a thread of its own."""

    def __init__(self) -> None:
        import asyncio

        self._asyncio = asyncio
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="deephyper-event-loop", daemon=True)
        self._thread.start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        return self._asyncio.run_coroutine_threadsafe(fn(*args, **kwargs), self._loop)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._asyncio.run_coroutine_threadsafe(self._end(), self._loop)
        self._thread.join(_PATIENCE_S)
        if not self._thread.is_alive():
            self._loop.close()

    async def _end(self) -> None:
        tasks = [task for task in self._asyncio.all_tasks() if task is not self._asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await self._asyncio.wait(tasks, timeout=_PATIENCE_S / 2) if tasks else None
        self._loop.stop()


class _Threads(Executor):
    """A thread per call.

    An evaluation that is given up cannot be ended, so its thread must neither hold a place in a pool nor keep the
    interpreter from exiting; a new thread costs some 50 microseconds.
    """

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()

        def run() -> None:
            try:
                future.set_result(fn(*args, **kwargs))
            except BaseException as error:
                future.set_exception(error)

        threading.Thread(target=run, name="deephyper-evaluation", daemon=True).start()
        return future


@final
class SerialEvaluator(Evaluator):
    """Evaluations in the caller's thread, one after the other, so that a debugger works; a deadline acts between them.

    An `async def` function runs on an event loop instead, `num_workers` calls at a time.
    """

    def _open(self) -> Executor:
        return _EventLoop() if is_async(self.run_function) else _CallersThread()

    def _submit(self, executor: Executor, job: RunningJob) -> Future[Report]:
        evaluate: Callable[..., Any] = work.evaluate_coroutine if isinstance(executor, _EventLoop) else work.evaluate
        return executor.submit(evaluate, self.run_function, job, self.run_function_kwargs)

    def _work_here(self, executor: Executor) -> None:
        if isinstance(executor, _CallersThread):
            executor.run_next()

    def _has_begun(self, executor: Executor, future: Future[Report]) -> bool:
        return future.running() or not isinstance(executor, _CallersThread)


@final
class ThreadEvaluator(Evaluator):
    """Evaluations in threads of this process, for functions that wait or release the interpreter's lock.

    A thread cannot be ended: at a deadline it is abandoned, its row says CANCELLED, and it runs on until it returns. While the
    optimizer computes, the linear algebra of the whole process, evaluations included, is limited to one thread.
    """

    def _open(self) -> Executor:
        return _Threads()


def is_async(function: Any) -> bool:
    """True for an `async def` function, also behind partials and callable objects."""
    while isinstance(function, functools.partial):
        function = function.func
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(getattr(function, "__call__", None))  # noqa: B004
