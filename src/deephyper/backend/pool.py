"""Evaluations on an executor that the user brings: a process pool, those of Dask, mpi4py, ipyparallel, Parsl."""

from __future__ import annotations

from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from typing import final

from .._checks import instance_of
from ..worker import Report, Task, evaluate, evaluate_pickled, pickled
from .backend import Backend, Work
from .listener import Listener
from .switchboard import Switchboard


@final
class Pool(Backend):
    """Any `concurrent.futures.Executor`. It stays the user's and is never shut down here.

    Args:
        where: who is named in messages.
        executor: an open executor.
    """

    def __init__(self, where: str, executor: Executor):
        instance_of(where, "executor", executor, Executor, "a concurrent.futures.Executor")
        self._where, self._executor = where, executor
        self._listener: Listener | None = None

    def open(self, work: Work, n_workers: int, switchboard: Switchboard) -> None:
        self._work, self._switchboard = work, switchboard
        # Threads share what the function shares, and nothing has to travel.
        if not isinstance(self._executor, ThreadPoolExecutor):
            self._payload = pickled(work.where, work.function, dict(work.kwargs))
            self._listener = Listener(switchboard)

    def submit(self, task: Task) -> Future[Report]:
        try:
            if self._listener is None:
                channel = self._switchboard.channel(task.ticket)
                return self._executor.submit(evaluate, self._work.function, task, self._work.kwargs, channel)
            return self._executor.submit(evaluate_pickled, self._payload, task, self._listener.channel(task.ticket))
        except BrokenExecutor as error:
            raise RuntimeError(
                f"{self._where}: the executor is broken, so it takes no more evaluations; open a new one."
            ) from error

    def close(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()
