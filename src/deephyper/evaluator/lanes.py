"""Evaluations in processes: one loky executor of a single worker per lane.

A worker that dies, hangs or is killed takes nothing with it but the evaluation that ran there: its lane is opened anew, the
other lanes notice nothing. loky neither imports `__main__` again nor needs a guard around it, since functions travel by
value. `docs/decisions/lanes.md` tells what else was tried.
"""

from __future__ import annotations

import atexit
import sys
import threading
import weakref
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future
from typing import Any, final

from .._checks import count, function
from ..storage import Storage
from ..worker import Report, RunFunction, Task, pickled
from .attempts import Attempts
from .attendant import Attendant
from .callback import Callback
from .evaluator import Evaluator
from .in_flight import Flight
from .inspector import Inspector
from .lane import Call, Lane, Worker
from .leases import Kinds
from .limits import Limits

# Each lane holds pipes and semaphores in this process.
_FILES_PER_LANE = 14


@final
class Lanes(Executor):
    """`n` lanes behind the interface of one executor.

    Args:
        n: number of lanes.
        payload: what a worker needs to evaluate anything, pickled; sent once to every worker.
        limits: what one evaluation may take.
        attempts: where intermediate values go.
    """

    def __init__(self, n: int, payload: bytes, limits: Limits, attempts: Attempts):
        _allow_open_files(n * _FILES_PER_LANE)
        self._payload = payload
        self._lock = threading.RLock()
        self._line: deque[Call] = deque()
        self._lanes = [Lane(self._opened, self._let_go, self._take_next) for _ in range(n)]
        self._attendant = Attendant(self._lanes, Inspector(self._lanes, limits), attempts)
        _open_lanes.add(self)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        raise TypeError("Lanes run tasks of one function, which every worker has; use run.")

    def run(self, task: Task) -> Call:
        """Evaluate a task in a free lane, if possible one that has worked with the same resources, or else in the next."""
        wanted = task.lease.resources
        call = Call(task)
        with self._lock:
            free = [lane for lane in self._lanes if lane.call is None]
            if free:
                self._submit_to(min(free, key=lambda lane: (lane.resources != wanted, lane.resources is not None)), call)
            else:
                self._line.append(call)
        return call

    def _take_next(self, lane: Lane) -> None:
        """Let a lane that has become free go on with what waits."""
        with self._lock:
            if not self._line or lane.call is not None:
                return
            call = self._line.popleft()
            try:
                self._submit_to(lane, call)
            except Exception as error:
                # No worker could be started, and whoever handed the call over is not here to be told.
                lane.drop()
                call.set_exception(error)

    def _submit_to(self, lane: Lane, call: Call) -> None:
        worker = lane.worker
        lane.submit(call)
        if lane.worker is not worker:
            _close_before_loky()

    def drop(self) -> None:
        """Kill whatever runs, and forget whatever waits; lanes that have nothing to do stay."""
        with self._lock:
            self._line.clear()
            for lane in self._lanes:
                if lane.call is not None:
                    lane.drop()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        with self._lock:
            self._line.clear()
            for lane in self._lanes:
                lane.drop()
        self._attendant.close()
        _open_lanes.discard(self)

    def _opened(self) -> Worker:
        worker = Worker(self._payload)
        self._attendant.listen_to(worker)
        return worker

    def _let_go(self, worker: Worker, call: Call | None, error: BaseException | None) -> None:
        """See to a worker that has ended, and to the call that ended with it."""

        def tell(last_words: str) -> None:
            for lane in self._lanes:
                self._take_next(lane)
            if call is not None and error is not None:
                call.set_exception(_with_last_words(error, last_words))

        self._attendant.bury(worker, tell)


# Those that nobody has closed when the interpreter ends.
_open_lanes: weakref.WeakSet[Lanes] = weakref.WeakSet()


def _close_before_loky() -> None:
    """Let the end of the interpreter kill what runs; it would wait for it otherwise, for hours perhaps.

    What is registered last is called first, and loky, which waits, registers itself with every worker that it starts. The
    standard library registers its own executors in the same way; there is no public one that comes early enough.
    """
    register = getattr(threading, "_register_atexit", atexit.register)
    register(_close_all)


def _close_all() -> None:
    for lanes in list(_open_lanes):
        lanes.shutdown()


@final
class ProcessEvaluator(Evaluator):
    """Evaluations in processes of this machine, each in a lane of its own.

    A run-function that crashes, calls `os._exit` or is killed costs its own evaluation; at a deadline running evaluations
    are killed with their children. Scripts need no `if __name__ == "__main__"` guard. What run-functions print appears line by
    line on the manager's own streams.

    Args:
        run_function: as for every evaluator; it travels by value, like the initializer.
        num_workers: how many evaluations run at a time.
        callbacks: as for every evaluator, like the rest.
        run_function_kwargs: further keyword arguments of every call.
        storage: where jobs are remembered.
        search_id: name of the search in the storage.
        job_timeout: seconds that one evaluation may take; then it is killed with its children and fails as `F_timeout`. The
            start of a worker and its initializer do not count.
        job_memory_limit: bytes that one evaluation may take, its children included; then it is killed and fails as
            `F_memory_limit_exceeded`.
        max_retries: how often an evaluation whose worker died is tried again; one that raised is not.
        initializer: called once in every worker before its first evaluation, for example to load data into a module.
        initargs: arguments of the initializer.
        resources: names and items of what every evaluation holds one of, for example `{"gpu": [0, 1, 2, 3]}`. The function finds
            its own in `job.resources`, the table in `m:<name>`; for "gpu" `CUDA_VISIBLE_DEVICES` is set as well.
    """

    can_work_ahead = True

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
        job_memory_limit: int | None = None,
        max_retries: int = 0,
        initializer: Callable[..., object] | None = None,
        initargs: Sequence[Any] = (),
        resources: Mapping[str, Sequence[Any]] | None = None,
    ):
        super().__init__(run_function, num_workers, callbacks, run_function_kwargs, storage, search_id)
        where = type(self).__name__
        self._limits = Limits.checked(where, job_timeout, job_memory_limit)
        self._max_retries = count(where, "max_retries", max_retries, at_least=0)
        if initializer is not None:
            function(where, "initializer", initializer, "a function that every worker calls once, or None")
        self._initializer, self._initargs = initializer, tuple(initargs)
        if resources is not None:
            self._in_flight.lend_from(Kinds(where, resources))

    def _open(self) -> Lanes:
        where = type(self).__name__
        payload = pickled(where, self.run_function, self.run_function_kwargs, self._initializer, self._initargs)
        return Lanes(self.num_workers, payload, self._limits, self._attempts)

    def _submit(self, executor: Executor, task: Task) -> Future[Report]:
        assert isinstance(executor, Lanes)
        return executor.run(task)

    def _begun_at(self, flight: Flight) -> float | None:
        assert isinstance(flight.future, Call)
        return flight.future.begun

    def _give_up(self, executor: Executor, futures: Sequence[Future[Report]]) -> None:
        assert isinstance(executor, Lanes)
        executor.drop()


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


def _with_last_words(error: BaseException, last_words: str) -> BaseException:
    if not last_words or not isinstance(error, BrokenExecutor):
        return error
    return BrokenExecutor(f"{error}\n{last_words}")
