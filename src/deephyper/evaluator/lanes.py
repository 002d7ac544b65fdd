"""Evaluations in processes: one loky executor of a single worker per lane.

A worker that dies, hangs or is killed takes nothing with it but the evaluation that ran there: its lane is opened anew, the
other lanes notice nothing. loky neither imports `__main__` again nor needs a guard around it, since functions travel by
value. `docs/decisions/lanes.md` tells what else was tried.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from typing import Any, final

from ..job import RunningJob
from . import work
from .evaluator import Evaluator
from .work import Report, pickled

# Each lane holds pipes and semaphores in this process.
_FILES_PER_LANE = 10
_LOOK_FOR_MANAGER_EVERY_S = 0.25

_payload = b""


def _receive(payload: bytes, manager: int) -> None:
    """Keep the pickled run-function of this worker; it is rebuilt by the first evaluation, which can report an error."""
    global _payload
    _payload = payload
    threading.Thread(target=_end_with, args=(manager,), name="deephyper-watch", daemon=True).start()


def _end_with(manager: int) -> None:
    """End this worker soon after its manager, also when that was killed and could tell nobody."""
    while os.getppid() == manager:
        threading.Event().wait(_LOOK_FOR_MANAGER_EVERY_S)
    import psutil

    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()
    os._exit(1)


def _evaluate(job: RunningJob) -> Report:
    return work.evaluate_pickled(_payload, job)


class _Lane:
    """A place for one evaluation at a time."""

    def __init__(self, payload: bytes):
        self._payload = payload
        self._executor: Any = None
        self._future: Future[Any] | None = None

    @property
    def is_free(self) -> bool:
        return self._future is None or self._future.done()

    def runs(self, future: Future[Any]) -> bool:
        return self._future is future

    def submit(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Future[Any]:
        if self._is_broken():
            self.kill()
        try:
            self._future = self._opened().submit(fn, *args, **kwargs)
        except BrokenExecutor:
            # The idle worker died, and loky noticed between our look and the submit.
            self.kill()
            self._future = self._opened().submit(fn, *args, **kwargs)
        return self._future

    def _is_broken(self) -> bool:
        future = self._future
        return future is not None and future.done() and not future.cancelled() and isinstance(future.exception(), BrokenExecutor)

    def _opened(self) -> Any:
        if self._executor is None:
            from loky.process_executor import ProcessPoolExecutor

            self._executor = ProcessPoolExecutor(max_workers=1, initializer=_receive, initargs=(self._payload, os.getpid()))
        return self._executor

    def kill(self) -> None:
        """End the worker with all its children, at once."""
        executor, self._executor, self._future = self._executor, None, None
        if executor is not None:
            executor.shutdown(wait=True, kill_workers=True)


class Lanes(Executor):
    """`n` lanes behind the interface of one executor, and `kill` for what runs in one of them.

    Args:
        n: number of lanes.
        payload: the pickled run-function and its keyword arguments, sent once to every worker.
    """

    def __init__(self, n: int, payload: bytes):
        _allow_open_files(n * _FILES_PER_LANE)
        self._lanes = [_Lane(payload) for _ in range(n)]

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        lane = next(lane for lane in self._lanes if lane.is_free)
        return lane.submit(fn, *args, **kwargs)

    def kill(self, future: Future[Any]) -> None:
        """End the evaluation behind a future, its process and the children of that."""
        for lane in self._lanes:
            if lane.runs(future):
                lane.kill()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        for lane in self._lanes:
            lane.kill()


@final
class ProcessEvaluator(Evaluator):
    """Evaluations in processes of this machine, each in a lane of its own.

    A run-function that crashes, calls `os._exit` or is killed costs its own evaluation; at a deadline running evaluations
    are killed with their children. Scripts need no `if __name__ == "__main__"` guard.
    """

    def _open(self) -> Executor:
        return Lanes(self.num_workers, pickled(type(self).__name__, self.run_function, self.run_function_kwargs))

    def _submit(self, executor: Executor, job: RunningJob) -> Future[Report]:
        return executor.submit(_evaluate, job)

    def _kill(self, executor: Executor, future: Future[Report]) -> None:
        if isinstance(executor, Lanes):
            executor.kill(future)


LokyEvaluator = ProcessEvaluator


def _allow_open_files(n: int) -> None:
    """Raise the soft limit of open files when many lanes need it."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = n + 256
    if soft != resource.RLIM_INFINITY and soft < wanted:
        limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
