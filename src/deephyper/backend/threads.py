"""Evaluations in threads of this process."""

from __future__ import annotations

import contextlib
import threading
from concurrent.futures import Future, InvalidStateError
from typing import final

from .._threads import shared
from ..worker import Report, Task, evaluate, now
from .backend import Backend, Work
from .inner_threads import checked_threads, share_of_threads
from .limits import Limits, Watch
from .switchboard import Switchboard


@final
class Threads(Backend):
    """A thread for each task.

    A thread cannot be ended. One whose evaluation is given up must neither hold a place in a pool nor keep the
    interpreter from exiting, so each evaluation has a new one, which costs some 50 microseconds.

    `ThreadEvaluator` says what its options mean; `where` is who is named in messages.
    """

    def __init__(self, where: str, job_timeout: float | None = None, threads_per_worker: int | None = None):
        self._where = where
        self._limits = Limits.checked(where, job_timeout)
        self._threads = checked_threads(where, threads_per_worker)
        self._running: dict[Future[Report], float] = {}
        self._watch: Watch | None = None

    def open(self, work: Work, n_workers: int, switchboard: Switchboard) -> None:
        self._work, self._switchboard = work, switchboard
        self._share = share_of_threads(n_workers, self._threads)
        if self._limits.timeout_s is not None:
            self._watch = Watch(self._abandon_slow)

    def submit(self, task: Task) -> Future[Report]:
        future: Future[Report] = Future()
        future.set_running_or_notify_cancel()
        if self._watch is not None:
            self._running[future] = now()
            future.add_done_callback(self._running.pop)
            self._watch.wake()
        thread = threading.Thread(target=self._run, args=(future, task), name="deephyper-evaluation", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:
            self._running.pop(future, None)
            raise RuntimeError(
                f"{self._where}: the system starts no thread for another evaluation ({error}); lower num_workers, or "
                f"raise the limits of threads and memory of this process (ulimit -u, ulimit -v)."
            ) from error
        return future

    def close(self) -> None:
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.close()
        self._running = {}

    def _run(self, future: Future[Report], task: Task) -> None:
        channel = self._switchboard.channel(task.ticket)
        # An evaluation that was abandoned comes too late.
        with contextlib.suppress(InvalidStateError):
            try:
                # The limits are lifted before anybody learns of the end.
                with shared(self._share, ends_thread=True):
                    report = evaluate(self._work.function, task, self._work.kwargs, channel, is_of_caller=False)
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(report)

    def _abandon_slow(self) -> float:
        return self._limits.give_up_slow(self._running.copy())
