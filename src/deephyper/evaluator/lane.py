"""One lane: a loky executor of a single worker, which can be killed and is opened anew."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import BrokenExecutor, Future
from contextlib import contextmanager
from functools import partial
from multiprocessing import Pipe, active_children
from multiprocessing.connection import Connection
from typing import Any, final

from ..worker import Report, Task, now
from ..worker.lane import Setup, enter, evaluate_here

_MOST_LAST_WORDS = 1 << 16


@final
class Call(Future[Report]):
    """A task that was handed to a lane.

    Args:
        task: what to evaluate.
    """

    def __init__(self, task: Task):
        super().__init__()
        self.task = task
        self.begun: float | None = None


@final
class Worker:
    """The process of a lane, and the ways to it.

    Args:
        payload: what it needs to evaluate anything, pickled.
    """

    def __init__(self, payload: bytes):
        from loky.process_executor import ProcessPoolExecutor

        self.connection, self._its_connection = Pipe()
        self._faults, self._its_faults = Pipe(duplex=False)
        setup = Setup(payload, os.getpid(), self._its_connection, self._its_faults)
        self._executor = ProcessPoolExecutor(max_workers=1, initializer=enter, initargs=(setup,))
        # Known once it is ready.
        self.pid: int | None = None

    def submit(self, task: Task) -> Future[Report]:
        """Hand over a task; what was handed over before comes first."""
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
        """End the process with its descendants, without waiting for the end."""
        if self.pid is not None and hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)

    def bury(self) -> str:
        """Wait for the end of the process and let go of all that belongs to it.

        Returns:
            What the interpreter wrote when it crashed, if it did.
        """
        self.kill()
        self._executor.shutdown(wait=True, kill_workers=True)
        # Descendants that outlived a process which ended by itself.
        self.kill()
        # Forgets processes that have ended, which loky does not do for one whose exit status somebody has asked for.
        active_children()
        last_words = _read(self._faults)
        for connection in (self.connection, self._its_connection, self._faults, self._its_faults):
            connection.close()
        return last_words


@final
class Lane:
    """One worker at a time, and the call that it works on. Any thread may use it.

    Args:
        open_worker: starts a worker.
        on_end: told of a worker that has ended or was killed, of the call that ended with it (None if there was none) and of
            what its future gets to know; it has to see to both.
        on_free: told that the lane can take another call.
    """

    def __init__(
        self,
        open_worker: Callable[[], Worker],
        on_end: Callable[[Worker, Call | None, BaseException | None], None],
        on_free: Callable[[Lane], None],
    ):
        self._open_worker = open_worker
        self._on_free = on_free
        self._on_end = on_end
        self._lock = threading.RLock()
        self._worker: Worker | None = None
        self._call: Call | None = None
        self.resources: Mapping[str, Any] | None = None

    @property
    def worker(self) -> Worker | None:
        """The process of this lane, if it is there."""
        return self._worker

    @property
    def call(self) -> Call | None:
        """What was handed to it and has not ended."""
        return self._call

    def submit(self, call: Call) -> None:
        """Run a call; there is no other one here."""
        with self._lock:
            self.resources = call.task.lease.resources
            self._call = call
            if self._worker is None:
                self._worker = self._open_worker()
            try:
                inner = self._worker.submit(call.task)
            except BrokenExecutor:
                # The worker died while it was idle.
                self._on_end(self._worker, None, None)
                self._worker = self._open_worker()
                inner = self._worker.submit(call.task)
            self._note_begin()
            inner.add_done_callback(partial(self._note_end, self._worker, call))

    def note_ready(self, worker: Worker) -> None:
        """A worker, perhaps that of this lane, has begun to take calls."""
        with self._lock:
            if worker is self._worker:
                self._note_begin()

    def kill(self, call: Call, error: BaseException) -> None:
        """End the process if that call still runs in it; the call ends with the error."""
        with self._lock:
            if self._call is call:
                self._lose(error)

    def drop(self) -> None:
        """End the process and forget what runs in it."""
        with self._lock:
            self._call = None
            self._lose(None)

    def _note_begin(self) -> None:
        is_ready = self._worker is not None and self._worker.pid is not None
        if is_ready and self._call is not None and self._call.begun is None:
            self._call.begun = now()

    def _note_end(self, worker: Worker, call: Call, inner: Future[Report]) -> None:
        error = inner.exception()
        with self._lock:
            if call is not self._call:
                return
            if isinstance(error, BrokenExecutor):
                self._lose(error)
                return
            self._call = None
        self._on_free(self)
        if error is not None:
            call.set_exception(error)
        else:
            call.set_result(inner.result())

    def _lose(self, error: BaseException | None) -> None:
        """The process ends, and with it the call."""
        worker, self._worker = self._worker, None
        call, self._call = self._call, None
        if worker is not None:
            worker.kill()
            self._on_end(worker, call, error)


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """A process that is started here ignores Ctrl-C until it has a session of its own."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _read(pipe: Connection) -> str:
    """What was written to a pipe so far, as text."""
    if not pipe.poll(0):
        return ""
    return os.read(pipe.fileno(), _MOST_LAST_WORDS).decode(errors="replace")
