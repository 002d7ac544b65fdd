"""Evaluations on an executor that the user brings: a process pool, those of Dask, mpi4py, submitit."""

from __future__ import annotations

import contextlib
import weakref
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from functools import partial
from typing import final

from .._checks import instance_of
from .._threads import shared
from ..worker import Channel, Report, Task, evaluate, evaluate_pickled, pickled
from ..worker.on_threads import evaluate_pickled_on
from .backend import Backend, Work
from .inner_threads import checked_threads, limit_of_executor
from .listener import Listener
from .packed import unpacked
from .submitted import Submitted, is_of_submitit
from .switchboard import Switchboard


@final
class Pool(Backend):
    """Any `concurrent.futures.Executor`. It stays the user's and is never shut down here.

    `ExecutorEvaluator` says what its options mean; `where` is who is named in messages.
    """

    def __init__(self, where: str, executor: Executor, threads_per_worker: int | None = None):
        executor = Submitted(executor) if is_of_submitit(executor) else executor
        instance_of(where, "executor", executor, Executor, "a concurrent.futures.Executor")
        self._where, self._executor = where, executor
        self._limit = limit_of_executor(checked_threads(where, threads_per_worker))
        self._listener: Listener | None = None

    def open(self, work: Work, n_workers: int, switchboard: Switchboard) -> None:
        self._work, self._switchboard = work, switchboard
        # Threads share what the function shares, and nothing has to travel.
        if not isinstance(self._executor, ThreadPoolExecutor):
            self._payload = pickled(work.where, work.function, dict(work.kwargs))
            self._listener = Listener(switchboard)
            # While something runs, its future keeps this object.
            self._abandoning = weakref.finalize(self, self._listener.abandon)
            self._abandoning.atexit = False

    def submit(self, task: Task) -> Future[Report]:
        try:
            if self._listener is None:
                return self._executor.submit(self._evaluate, task, self._switchboard.channel(task.ticket))
            evaluation = evaluate_pickled if self._limit is None else partial(evaluate_pickled_on, self._limit)
            channel = self._listener.channel(task.ticket)
            return unpacked(self._executor.submit(evaluation, self._payload, task, channel))
        except BrokenExecutor as error:
            raise RuntimeError(
                f"{self._where}: the executor is broken, so it takes no more evaluations; open a new one."
            ) from error

    def _evaluate(self, task: Task, channel: Channel) -> Report:
        """Run one evaluation in a thread of this process."""
        with contextlib.nullcontext() if self._limit is None else shared(self._limit.share):
            return evaluate(self._work.function, task, self._work.kwargs, channel)

    def close(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            self._abandoning.detach()
            listener.close()
