"""Evaluations inside this process: in the caller's thread, on an event loop, or in threads."""

from __future__ import annotations

import contextlib
import functools
import inspect
import math
import threading
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Executor, Future, InvalidStateError
from typing import TYPE_CHECKING, Any, final

from ..storage import Storage
from ..worker import Report, RunFunction, Task, evaluate, evaluate_coroutine, now
from .attempts import LocalChannel
from .callback import Callback
from .evaluator import Evaluator
from .in_flight import Flight
from .limits import Limits, Watch

if TYPE_CHECKING:
    import asyncio

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
        self._waiting: deque[tuple[Future[Any], Coroutine[Any, Any, Any]]] = deque()
        self._is_woken = False
        self._thread = threading.Thread(target=self._loop.run_forever, name="deephyper-event-loop", daemon=True)
        self._thread.start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self._waiting.append((future, fn(*args, **kwargs)))
        # Once for many of them: every call to the loop's thread gives the interpreter's lock away to it.
        if not self._is_woken:
            self._is_woken = True
            self._loop.call_soon_threadsafe(self._start)
        return future

    def _start(self) -> None:
        self._is_woken = False
        while self._waiting:
            future, coroutine = self._waiting.popleft()
            task = self._loop.create_task(coroutine)
            task.add_done_callback(functools.partial(_hand_on, future))
            future.add_done_callback(functools.partial(self._note_cancellation, task))

    def _note_cancellation(self, task: asyncio.Task[Any], future: Future[Any]) -> None:
        if future.cancelled():
            self._loop.call_soon_threadsafe(task.cancel)

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


def _hand_on(future: Future[Any], task: asyncio.Task[Any]) -> None:
    """Tell a future how a task of the loop has ended, unless nobody waits for that any more."""
    with contextlib.suppress(InvalidStateError):
        if task.cancelled():
            future.cancel()
        elif (error := task.exception()) is not None:
            future.set_exception(error)
        else:
            future.set_result(task.result())


class _Threads(Executor):
    """A thread per call.

    An evaluation that is given up cannot be ended, so its thread must neither hold a place in a pool nor keep the
    interpreter from exiting; a new thread costs some 50 microseconds.

    Args:
        limits: how long a call may take before its future is told so and the thread is abandoned.
    """

    def __init__(self, limits: Limits):
        self._limits = limits
        self._running: dict[Future[Any], float] = {}
        self._watch = None if limits.timeout_s is None else Watch(self._abandon_slow)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()
        if self._watch is not None:
            self._running[future] = now()
            future.add_done_callback(self._running.pop)
            self._watch.wake()

        def run() -> None:
            # Whoever was abandoned comes too late.
            with contextlib.suppress(InvalidStateError):
                try:
                    returned = fn(*args, **kwargs)
                except BaseException as error:
                    future.set_exception(error)
                else:
                    future.set_result(returned)

        threading.Thread(target=run, name="deephyper-evaluation", daemon=True).start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        if self._watch is not None:
            self._watch.close()

    def _abandon_slow(self) -> float:
        """Give up calls that take too long; tell how many seconds the next one still has."""
        time = now()
        left = {future: self._limits.time_left(begun, time) for future, begun in list(self._running.items())}
        for future, seconds in left.items():
            if seconds <= 0:
                with contextlib.suppress(InvalidStateError):
                    future.set_exception(self._limits.too_long)
        return min((seconds for seconds in left.values() if seconds > 0), default=math.inf)


async def _evaluate_within(limits: Limits, *args: Any) -> Report:
    """Run one evaluation on the running event loop, and cancel it when it takes too long."""
    import asyncio

    evaluation = asyncio.ensure_future(evaluate_coroutine(*args))
    try:
        ended, _ = await asyncio.wait([evaluation], timeout=limits.timeout_s)
    except asyncio.CancelledError:
        evaluation.cancel()
        raise
    if not ended:
        evaluation.cancel()
        raise limits.too_long
    return evaluation.result()


@final
class SerialEvaluator(Evaluator):
    """Evaluations in the caller's thread, one after the other, so that a debugger works; a deadline acts between them.

    An `async def` function runs on an event loop instead, `num_workers` calls at a time.

    Args:
        run_function: as for every evaluator.
        num_workers: how many calls of an `async def` function run at a time.
        callbacks: as for every evaluator, like the rest.
        run_function_kwargs: further keyword arguments of every call.
        storage: where jobs are remembered.
        search_id: name of the search in the storage.
        job_timeout: seconds that one call of an `async def` function may take; then it is cancelled and fails as `F_timeout`.
    """

    def __init__(
        self,
        run_function: RunFunction,
        num_workers: int = 1,
        callbacks: Sequence[Callback] | None = None,
        run_function_kwargs: Mapping[str, Any] | None = None,
        storage: Storage | None = None,
        search_id: str | None = None,
        *,
        job_timeout: float | None = None,
    ):
        super().__init__(run_function, num_workers, callbacks, run_function_kwargs, storage, search_id)
        self._limits = Limits.checked(type(self).__name__, job_timeout)
        if job_timeout is not None and not is_async(run_function):
            raise ValueError(
                "SerialEvaluator: job_timeout works for 'async def' functions only, since nothing can end a function in the "
                "caller's own thread; use method 'process'."
            )

    def _open(self) -> Executor:
        return _EventLoop() if is_async(self.run_function) else _CallersThread()

    def _submit(self, executor: Executor, task: Task) -> Future[Report]:
        what = (self.run_function, task, self.run_function_kwargs, LocalChannel(self._attempts, task.ticket))
        if not isinstance(executor, _EventLoop):
            return executor.submit(evaluate, *what)
        if self._limits.timeout_s is None:
            return executor.submit(evaluate_coroutine, *what)
        return executor.submit(_evaluate_within, self._limits, *what)

    def _work_here(self, executor: Executor) -> None:
        if isinstance(executor, _CallersThread):
            with self._may_be_interrupted():
                executor.run_next()

    def _begun_at(self, flight: Flight) -> float | None:
        has_begun = flight.future.running() or flight.future.done() or not isinstance(self._executor, _CallersThread)
        return flight.job.timestamp_start if has_begun else None


@final
class ThreadEvaluator(Evaluator):
    """Evaluations in threads of this process, for functions that wait or release the interpreter's lock.

    A thread cannot be ended: at a deadline it is abandoned, its row says CANCELLED, and it runs on until it returns, or until it
    asks `job.stopped()`. While the optimizer computes, the linear algebra of the whole process, evaluations included, is limited
    to one thread.

    Args:
        run_function: as for every evaluator.
        num_workers: how many evaluations run at a time.
        callbacks: as for every evaluator, like the rest.
        run_function_kwargs: further keyword arguments of every call.
        storage: where jobs are remembered.
        search_id: name of the search in the storage.
        job_timeout: seconds that one evaluation may take; then it fails as `F_timeout`, and its thread is abandoned: another one
            takes its place, and it runs on until it returns or asks `job.stopped()`.
    """

    def __init__(
        self,
        run_function: RunFunction,
        num_workers: int = 1,
        callbacks: Sequence[Callback] | None = None,
        run_function_kwargs: Mapping[str, Any] | None = None,
        storage: Storage | None = None,
        search_id: str | None = None,
        *,
        job_timeout: float | None = None,
    ):
        super().__init__(run_function, num_workers, callbacks, run_function_kwargs, storage, search_id)
        self._limits = Limits.checked(type(self).__name__, job_timeout)

    def _open(self) -> Executor:
        return _Threads(self._limits)

    def _submit(self, executor: Executor, task: Task) -> Future[Report]:
        channel = LocalChannel(self._attempts, task.ticket)
        return executor.submit(evaluate, self.run_function, task, self.run_function_kwargs, channel)


def is_async(function: Any) -> bool:
    """True for an `async def` function, also behind partials and callable objects."""
    while isinstance(function, functools.partial):
        function = function.func
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(getattr(function, "__call__", None))  # noqa: B004
