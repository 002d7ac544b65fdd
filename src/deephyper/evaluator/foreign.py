"""Evaluations on an executor that the user brings: a process pool, Parsl, submitit, ipyparallel, a cluster's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from typing import Any, final

from .._checks import instance_of
from ..storage import Storage
from ..worker import Report, RunFunction, Task, evaluate, evaluate_pickled, pickled
from .attempts import LocalChannel
from .callback import Callback
from .evaluator import Evaluator
from .in_flight import Flight


@final
class ExecutorEvaluator(Evaluator):
    """Evaluations on any `concurrent.futures.Executor`.

    The executor stays the user's: it is not shut down here. An evaluation that it cannot cancel is abandoned at a deadline, and
    holds its place in the executor until it returns.

    Args:
        run_function: as for every evaluator; unless the executor is a thread pool, it travels by value.
        executor: an open executor.
        num_workers: how many evaluations it can run at a time.
        callbacks: as for every evaluator, like the rest.
        run_function_kwargs: further keyword arguments of every call.
        storage: where jobs are remembered.
        search_id: name of the search in the storage.
    """

    def __init__(
        self,
        run_function: RunFunction,
        executor: Executor,
        num_workers: int = 1,
        callbacks: Sequence[Callback] | None = None,
        run_function_kwargs: Mapping[str, Any] | None = None,
        storage: Storage | None = None,
        search_id: str | None = None,
    ):
        super().__init__(run_function, num_workers, callbacks, run_function_kwargs, storage, search_id)
        instance_of("ExecutorEvaluator", "executor", executor, Executor, "a concurrent.futures.Executor")
        self._users_executor = executor

    def _open(self) -> Executor:
        if not isinstance(self._users_executor, ThreadPoolExecutor):
            self._payload = pickled(type(self).__name__, self.run_function, self.run_function_kwargs)
        return self._users_executor

    def _submit(self, executor: Executor, task: Task) -> Future[Report]:
        try:
            if isinstance(executor, ThreadPoolExecutor):
                # Threads share what the function shares, and nothing has to travel.
                channel = LocalChannel(self._attempts, task.ticket)
                return executor.submit(evaluate, self.run_function, task, self.run_function_kwargs, channel)
            return executor.submit(evaluate_pickled, self._payload, task)
        except BrokenExecutor as error:
            raise RuntimeError(
                "ExecutorEvaluator: the executor is broken, so it takes no more evaluations; open a new one."
            ) from error

    def _begun_at(self, flight: Flight) -> float | None:
        # Not every executor's future knows that it is done with waiting before it is done.
        return flight.job.timestamp_start if flight.future.running() or flight.future.done() else None

    def _shut(self, executor: Executor) -> None:
        return None
