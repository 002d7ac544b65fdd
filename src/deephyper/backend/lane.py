"""One lane: a loky executor of a single worker, which can be killed and is opened again."""

from __future__ import annotations

import contextlib
import multiprocessing.process
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import BrokenExecutor, Future
from contextlib import contextmanager
from functools import partial
from multiprocessing import Pipe, active_children
from multiprocessing.connection import Connection
from multiprocessing.resource_tracker import ensure_running
from typing import Any, final

from ..worker import Report, Task, now
from ..worker.descendants import end_tree, environment_with, new_mark
from ..worker.parcel import Parcel
from ..worker.process import Setup, enter, evaluate_here
from ..worker.surroundings import Surroundings
from .forks import is_left_to_parent
from .retirement import Retirement

_MOST_LAST_WORDS = 1 << 16
# Loky's threads end within some milliseconds after the process, unless they are stuck.
_PATIENCE_S = 0.5
_NEVER = Retirement()


@final
class Call(Future[Report]):
    """A task that was given to the lanes.

    Args:
        task: what to evaluate.
        on_begin: called with the ticket and the time when a worker begins with it.
    """

    def __init__(self, task: Task, on_begin: Callable[[int, float], None]):
        super().__init__()
        self.task = task
        self._on_begin = on_begin
        # When a worker began with it, None if none has.
        self.begun: float | None = None

    def begin(self) -> None:
        """Note that a worker begins with it now, unless one has begun before."""
        if self.begun is None:
            self.begun = now()
            self._on_begin(self.task.ticket, self.begun)


@final
class Worker:
    """The process of a lane, and the ways to it.

    Args:
        payload: what it needs to evaluate anything, pickled.
        variables: environment variables that it is given beside those of this process.
    """

    def __init__(self, payload: Parcel, variables: Mapping[str, str]):
        from loky.process_executor import ProcessPoolExecutor

        from ..worker.start import WorkerContext, first_environment

        self.connection, self._its_connection = Pipe()
        self._faults, self._its_faults = Pipe(duplex=False)
        self.mark = new_mark()
        first = first_environment()
        surroundings = Surroundings.here(first, variables)
        setup = Setup(payload, os.getpid(), self._its_connection, self._its_faults, surroundings, self.mark)
        environment = {**variables, **first, **environment_with(self.mark)}
        self._executor = ProcessPoolExecutor(
            1, context=WorkerContext(), initializer=enter, initargs=(setup,), env=environment
        )
        # Its process number, None until it is ready.
        self.pid: int | None = None
        is_left_to_parent(self)

    def note_ready(self, pid: int) -> None:
        """Its process says that it is ready, and its number."""
        self.pid = pid

    def submit(self, task: Task) -> Future[Report]:
        """Give it a task, to be done after those that it was given before."""
        with _interrupts_held_back():
            future: Future[Report] = self._executor.submit(evaluate_here, task)
        return future

    @property
    def is_dead(self) -> bool:
        """True once the process has ended, though somebody may still have to ask for its exit status."""
        import psutil

        if self.pid is None:
            return False
        try:
            return bool(psutil.Process(self.pid).status() == psutil.STATUS_ZOMBIE)
        except psutil.NoSuchProcess:
            return True

    def kill(self) -> None:
        """End the process with its descendants, whatever sessions they have, without waiting for the end.

        Those whose own parent has ended, and that have another session, are left to whoever looks for the mark.
        """
        if self.pid is not None and not self.is_dead:
            end_tree(self.pid)
        if self.pid is not None and hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)

    def bury(self) -> str:
        """Wait for the end of the process and let go of all that belongs to it.

        Returns:
            What the interpreter wrote when it crashed, if it did.
        """
        self.kill()
        self._end_executor()
        # Descendants that outlived a process which ended by itself.
        self.kill()
        # Forgets processes that have ended, which loky does not do for one whose exit status somebody has asked for.
        active_children()
        last_words = _read(self._faults)
        self._close()
        return last_words

    def _end_executor(self) -> None:
        """End loky's threads, and wait until they have ended.

        If the process has ended in the middle of a large result or task, they wait for the rest, and would wait for
        ever as long as this process holds the ends that the other one had. There is no public way to these.
        """
        executor = self._executor
        thread = executor._executor_manager_thread
        ends = (getattr(executor._result_queue, "_writer", None), getattr(executor._call_queue, "_reader", None))
        executor.shutdown(wait=False, kill_workers=True)
        if thread is None:
            return
        thread.join(_PATIENCE_S)
        if thread.is_alive():
            for end in ends:
                _cut_off(end)
            thread.join()

    def leave_to_parent(self) -> None:
        """In a forked child, close the ways to the process, and forget it."""
        from loky import process_executor

        self._close()
        # The end of the child would wait for both of these in vain.
        if (thread := self._executor._executor_manager_thread) is not None:
            getattr(process_executor, "_threads_wakeups", {}).pop(thread, None)
        getattr(multiprocessing.process, "_children", set()).difference_update(self._executor._processes.values())

    def _close(self) -> None:
        for connection in (self.connection, self._its_connection, self._faults, self._its_faults):
            connection.close()


@final
class Lane:
    """One worker at a time, and the call that it works on. Any thread may use it.

    Args:
        open_worker: starts a worker with further environment variables.
        on_end: called with a worker that has ended or was killed, the call that ended with it (None if there was none)
            and the error of that call; must bury the worker and, if there is a call, fail it with the error.
        on_free: called when the lane can take another call.
        retirement: when its worker is replaced by a new one.
    """

    def __init__(
        self,
        open_worker: Callable[[Mapping[str, str]], Worker],
        on_end: Callable[[Worker, Call | None, BaseException | None], None],
        on_free: Callable[[Lane], None],
        retirement: Retirement = _NEVER,
    ):
        self._open_worker = open_worker
        self._on_free = on_free
        self._on_end = on_end
        self._retirement, self._n_done = retirement, 0
        self._lock = threading.RLock()
        # The process of this lane, if it is there, and the call that it was given and that has not ended.
        self.worker: Worker | None = None
        self.call: Call | None = None
        # What was lent to the newest call, None before the first one.
        self.resources: Mapping[str, Any] | None = None
        # What stood in the environment of its worker from the beginning.
        self._environment: Mapping[str, str] = {}

    def submit(self, call: Call) -> None:
        """Run a call; the lane must be free."""
        with self._lock:
            self.resources = call.task.lease.resources
            if self.worker is not None and self._environment != call.task.lease.environment:
                # A library reads which devices it may use once, when it is loaded, or when it first uses one.
                self._lose(None)
            self.call = call
            if self.worker is None:
                self._open(call)
            assert self.worker is not None
            try:
                inner = self.worker.submit(call.task)
            except BrokenExecutor:
                # The worker died while it was idle.
                self._on_end(self.worker, None, None)
                self._open(call)
                inner = self.worker.submit(call.task)
            self._note_begin()
            inner.add_done_callback(partial(self._note_end, self.worker, call))

    def _open(self, call: Call) -> None:
        self._environment = call.task.lease.environment
        self.worker, self._n_done = self._open_worker(self._environment), 0

    def note_ready(self, worker: Worker) -> None:
        """A worker, perhaps that of this lane, begins to take calls."""
        with self._lock:
            if worker is self.worker:
                self._note_begin()

    def kill(self, call: Call, error: BaseException) -> None:
        """End the process if that call still runs in it; the call fails with the error."""
        with self._lock:
            if self.call is call:
                self._lose(error)

    def lose(self, worker: Worker, error: BaseException) -> None:
        """End a process if it is that of this lane; what runs in it fails with the error."""
        with self._lock:
            if self.worker is worker:
                self._lose(error)

    def drop(self) -> None:
        """End the process and forget what runs in it."""
        with self._lock:
            self.call = None
            self._lose(None)

    def _note_begin(self) -> None:
        if self.call is not None and self.worker is not None and self.worker.pid is not None:
            self.call.begin()

    def _note_end(self, worker: Worker, call: Call, inner: Future[Report]) -> None:
        error = inner.exception()
        # Code of the user may run here, so not while others wait for the lock.
        report = None if error is not None else inner.result().unpacked()
        with self._lock:
            if call is not self.call:
                return
            if isinstance(error, BrokenExecutor):
                self._lose(error)
                return
            self.call = None
            self._n_done += 1
            if self._retirement.is_due(worker.pid, self._n_done):
                self._lose(None)
        self._on_free(self)
        if report is None:
            call.set_exception(error)
        else:
            call.set_result(report)

    def _lose(self, error: BaseException | None) -> None:
        """The process ends, and with it the call."""
        worker, self.worker = self.worker, None
        call, self.call = self.call, None
        if worker is not None:
            worker.kill()
            self._on_end(worker, call, error)


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """A process that is started here ignores Ctrl-C until it has a session of its own."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # loky starts it with the first worker, and Python lets all signals through again after that.
    ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _cut_off(end: Connection | None) -> None:
    """Let go of one end of a pipe that is somebody else's to close, who may be doing so right now.

    A number that two close may be another file's by then. So it is replaced.
    """
    with contextlib.suppress(OSError), open(os.devnull, "r+b") as nowhere:
        if end is not None:
            os.dup2(nowhere.fileno(), end.fileno(), inheritable=False)


def _read(pipe: Connection) -> str:
    """What was written to a pipe so far, as text."""
    if not pipe.poll(0):
        return ""
    return os.read(pipe.fileno(), _MOST_LAST_WORDS).decode(errors="replace")
