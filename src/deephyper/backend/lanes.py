"""Evaluations in processes: one loky executor of a single worker per lane.

A worker that dies, hangs or is killed takes nothing with it but the evaluation that ran there: its lane is opened
again, and the other lanes notice nothing. loky neither imports `__main__` again nor needs a guard around it, since
functions travel by value. `docs/decisions/lanes.md` says what else was tried.
"""

from __future__ import annotations

import atexit
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Future
from functools import partial
from typing import Any, final

from .._checks import function, instance_of
from ..worker import Report, Task, now, pickled
from ..worker.parcel import Parcel
from .attendant import Attendant
from .backend import Backend, Work
from .forks import is_left_to_parent
from .inner_threads import checked_threads, thread_variables
from .inspector import Inspector
from .lane import Call, Lane, Worker
from .limits import Limits
from .retirement import Retirement
from .selecting import SelectorLoop
from .switchboard import Switchboard
from .system_limits import Needs
from .undertaker import Undertaker

_MOMENT_S = 0.1
# Workers that nobody has used for so long end, so that they are gone within a minute, and new ones begin with the next
# evaluation, which takes 0.2 s. A search that still goes on is not kept waiting by that, and one that is over gives its
# memory back without being closed.
_IDLE_S = 50.0


@final
class Lanes(Backend):
    """Processes of this machine, each in its own lane. One is killed with its children when its task is given up.

    `ProcessEvaluator` says what its options mean; `where` is who is named in messages.
    """

    can_work_ahead = True

    def __init__(
        self,
        where: str,
        job_timeout: float | None = None,
        job_memory_limit: float | None = None,
        initializer: Callable[..., object] | None = None,
        initargs: Sequence[Any] = (),
        threads_per_worker: int | None = None,
        max_tasks_per_child: int | None = None,
        max_memory_per_child: float | None = None,
    ):
        self._limits = Limits.checked(where, job_timeout, job_memory_limit)
        if initializer is not None:
            function(where, "initializer", initializer, "a function that every worker calls once, or None")
        instance_of(where, "initargs", initargs, (list, tuple), "a tuple of the initializer's arguments")
        if initializer is None and initargs:
            raise ValueError(f"{where}: initargs are the arguments of an initializer, and there is none; pass both.")
        self._initializer, self._initargs = initializer, tuple(initargs)
        self._threads = checked_threads(where, threads_per_worker)
        self._retirement = Retirement.checked(where, max_tasks_per_child, max_memory_per_child)
        self._where = where
        self._lanes: _OpenLanes | None = None

    def open(self, work: Work, n_workers: int, switchboard: Switchboard) -> None:
        needs = Needs(self._where, n_workers)
        needs.check()
        payload = pickled(work.where, work.function, dict(work.kwargs), self._initializer, self._initargs)
        parcel, variables = Parcel(payload), thread_variables(n_workers, self._threads)

        def opened(environment: Mapping[str, str]) -> Worker:
            return Worker(parcel, {**variables, **environment})

        self._new_lanes = partial(_OpenLanes, needs, opened, self._limits, self._retirement, switchboard)
        self._begin()

    def submit(self, task: Task) -> Future[Report]:
        assert self._lanes is not None
        call = self._lanes.run(task)
        if call is None:
            # Its workers have idled for so long that they were ended.
            self._begin()
            call = self._lanes.run(task)
        assert call is not None
        return call

    def give_up(self, futures: Sequence[Future[Report]]) -> None:
        if self._lanes is not None:
            self._lanes.drop(futures)

    def settle(self) -> None:
        if self._lanes is not None:
            self._lanes.settle()

    def close(self) -> None:
        lanes, self._lanes = self._lanes, None
        if lanes is not None:
            self._abandoning.detach()
            lanes.close()

    def _begin(self) -> None:
        if self._lanes is not None:
            self._abandoning.detach()
        self._lanes = self._new_lanes()
        # While something runs, its future keeps this object: whoever drops an evaluator may still want its effects.
        self._abandoning: weakref.finalize[..., Any] = weakref.finalize(self, self._lanes.abandon)
        self._abandoning.atexit = False


@final
class _OpenLanes:
    """As many lanes as are needed, and the line of calls before them."""

    def __init__(
        self,
        needs: Needs,
        open_worker: Callable[[Mapping[str, str]], Worker],
        limits: Limits,
        retirement: Retirement,
        switchboard: Switchboard,
    ):
        self._needs, self._open_worker = needs, open_worker
        self._on_begin = switchboard.begin
        self._lock = threading.RLock()
        self._line: deque[Call] = deque()
        self._lanes = [Lane(self._opened, self._let_go, self._take_next, retirement) for _ in range(needs.n_workers)]
        self._inspector = Inspector(self._lanes, limits)
        self._ending = threading.Lock()
        self._last_use, self._is_abandoned, self._is_over = now(), False, False
        self._loop = SelectorLoop("deephyper-lanes", self._look)
        self._attendant = Attendant(self._loop, switchboard, self._note_ready, self._lose)
        self._undertaker = Undertaker(self._loop, self._attendant, self._pids)
        _open_lanes.add(self)
        is_left_to_parent(self)

    def run(self, task: Task) -> Call | None:
        """Evaluate a task in a free lane, if possible one that had the same resources, or in the next free one.

        Returns:
            None if the lanes have ended, since they were not used.
        """
        wanted = task.lease.resources
        call = Call(task, self._on_begin)
        with self._lock:
            if self._is_over:
                return None
            self._last_use = now()
            free = [lane for lane in self._lanes if lane.call is None]
            if free:
                self._submit_to(
                    min(free, key=lambda lane: (lane.resources != wanted, lane.resources is not None)), call
                )
            else:
                self._line.append(call)
        return call

    def drop(self, futures: Sequence[Future[Report]]) -> None:
        """Kill those of the calls that run, and forget those that wait; lanes that do something else stay."""
        dropped = set(futures)
        with self._lock:
            self._line = deque(call for call in self._line if call not in dropped)
            for lane in self._lanes:
                if lane.call is not None and lane.call in dropped:
                    lane.drop()

    def settle(self) -> None:
        """Let what workers have printed be seen before their results are, if that takes only a moment."""
        self._attendant.settle(_MOMENT_S)

    def close(self) -> None:
        """Kill whatever runs, and wait until nothing is left; harmless when called again."""
        with self._lock:
            self._is_over = True
            self._line.clear()
            for lane in self._lanes:
                lane.drop()
        # Whoever comes second waits for the first one.
        with self._ending:
            self._loop.close()
            self._undertaker.close()
            self._attendant.close()
        _open_lanes.discard(self)

    def abandon(self) -> None:
        """End soon, once nothing runs; the garbage collector may call this, in any thread and at any moment."""
        self._is_abandoned = True

    def _look(self) -> float:
        """Look after the workers; for the loop's thread. Returns after how many seconds it must be called again."""
        pause = self._inspector.tick()
        if not self._is_over and self._is_needless():
            # The loop cannot wait for its own end.
            threading.Thread(target=self._end_if_needless, name="deephyper-end", daemon=True).start()
        return pause

    def _is_needless(self) -> bool:
        if self._line or any(lane.call is not None for lane in self._lanes):
            self._last_use = now()
            return False
        return self._is_abandoned or now() - self._last_use > _IDLE_S

    def _end_if_needless(self) -> None:
        with self._lock:
            if self._is_over or not self._is_needless():
                # Somebody has closed them, or given them something to do.
                return
            self._is_over = True
        self.close()

    def leave_to_parent(self) -> None:
        """In a forked child, forget the lanes: neither its end nor what it closes may end the workers."""
        _open_lanes.discard(self)
        self._lanes = []
        self._line = deque()
        # Other threads of the parent may have held them.
        self._lock, self._ending = threading.RLock(), threading.Lock()

    def _take_next(self, lane: Lane) -> None:
        """Let a lane that has become free go on with what waits."""
        with self._lock:
            if not self._line or lane.call is not None:
                return
            # If possible one that has what its worker has had from the beginning.
            call = next((call for call in self._line if call.task.lease.resources == lane.resources), self._line[0])
            self._line.remove(call)
            try:
                self._submit_to(lane, call)
            except Exception as error:
                # No worker could be started, and whoever submitted the call has gone on meanwhile.
                lane.drop()
                call.set_exception(error)

    def _submit_to(self, lane: Lane, call: Call) -> None:
        worker = lane.worker
        with self._needs.explained():
            lane.submit(call)
        if lane.worker is not worker:
            _close_before_loky()

    def _opened(self, environment: Mapping[str, str]) -> Worker:
        worker = self._open_worker(environment)
        self._attendant.listen_to(worker)
        return worker

    def _note_ready(self, worker: Worker) -> None:
        self._undertaker.watch()
        for lane in self._lanes:
            lane.note_ready(worker)

    def _lose(self, worker: Worker, fault: str) -> None:
        for lane in self._lanes:
            lane.lose(worker, BrokenExecutor(f"the worker was ended, since its messages cannot be understood: {fault}"))

    def _pids(self) -> Iterator[int]:
        workers = [lane.worker for lane in self._lanes]
        return (worker.pid for worker in workers if worker is not None and worker.pid is not None)

    def _let_go(self, worker: Worker, call: Call | None, error: BaseException | None) -> None:
        self._undertaker.bury(worker, partial(self._go_on, call, error))

    def _go_on(self, call: Call | None, error: BaseException | None, last_words: str) -> None:
        """After a burial, fill the lane again, and tell the call that ended with the worker."""
        for lane in self._lanes:
            self._take_next(lane)
        if call is not None and error is not None:
            has_more_to_say = bool(last_words) and isinstance(error, BrokenExecutor)
            call.set_exception(BrokenExecutor(f"{error}\n{last_words}") if has_more_to_say else error)


# Those that nobody has closed when the interpreter ends.
_open_lanes: weakref.WeakSet[_OpenLanes] = weakref.WeakSet()


def _close_before_loky() -> None:
    """Let the end of the interpreter kill what runs; it would wait for it otherwise, perhaps for hours.

    What is registered last is called first, and loky, which waits, registers itself with every worker that it starts.
    The standard library registers its own executors in the same way; there is no public way that comes early enough.
    """
    register = getattr(threading, "_register_atexit", atexit.register)
    register(_close_all)


def _close_all() -> None:
    for lanes in list(_open_lanes):
        lanes.close()
