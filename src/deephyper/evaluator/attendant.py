"""The thread that attends to the workers of all lanes."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import selectors
import sys
import threading
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import final

from .attempts import Attempts
from .guard import Guard
from .inspector import Inspector
from .lane import Lane, Worker

logger = logging.getLogger(__name__)


@final
class Attendant:
    """Listens to workers, sees to the burial of those that have ended, and looks after the limits of what runs.

    Args:
        lanes: whose workers.
        inspector: looks after them.
        attempts: where intermediate values go.
    """

    def __init__(self, lanes: Sequence[Lane], inspector: Inspector, attempts: Attempts):
        self._lanes, self._inspector, self._attempts = lanes, inspector, attempts
        self._selector = selectors.DefaultSelector()
        self._errands: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._wake_out, self._wake_in = os.pipe()
        os.set_blocking(self._wake_in, False)
        self._selector.register(self._wake_out, selectors.EVENT_READ, self._run_errands)
        self._guard = Guard()
        self._burials: list[threading.Thread] = []
        self._is_open = True
        self._thread = threading.Thread(target=self._attend, name="deephyper-lanes", daemon=True)
        self._thread.start()

    # What other threads ask for.

    def listen_to(self, worker: Worker) -> None:
        """Take in what a worker says from now on."""
        self._errand(lambda: self._listen_to(worker))

    def bury(self, worker: Worker, then: Callable[[str], None]) -> None:
        """Let go of a worker that has ended or was killed; `then` gets its last words."""
        self._errand(lambda: self._bury(worker, then))

    def close(self) -> None:
        """Finish all burials and end."""
        self._errand(self._end)
        self._thread.join()

    def _errand(self, errand: Callable[[], None]) -> None:
        self._errands.put(errand)
        # Unless the pipe is full of such calls already.
        with contextlib.suppress(BlockingIOError):
            os.write(self._wake_in, b"!")

    # The thread.

    def _attend(self) -> None:
        self._guard.get_ready()
        while self._is_open:
            for key, _ in self._selector.select(self._inspector.pause()):
                self._do(key.data)
            self._do(self._inspector.inspect_if_due)
        for burial in self._burials:
            burial.join()
        self._guard.close()
        self._selector.close()
        os.close(self._wake_in)
        os.close(self._wake_out)

    def _do(self, step: Callable[[], object]) -> None:
        try:
            step()
        except Exception:
            # None may raise, but whatever does must not leave the workers alone.
            logger.exception("lanes: one of many steps failed")

    def _run_errands(self) -> None:
        os.read(self._wake_out, 1 << 12)
        while not self._errands.empty():
            self._do(self._errands.get())

    def _end(self) -> None:
        self._is_open = False

    def _listen_to(self, worker: Worker) -> None:
        self._selector.register(worker.connection, selectors.EVENT_READ, lambda: self._hear(worker))

    def _ignore(self, connection: Connection) -> None:
        if connection in self._selector.get_map():
            self._selector.unregister(connection)

    def _hear(self, worker: Worker) -> bool:
        """Take in one message of a worker; False when there will be no more."""
        try:
            kind, *about = json.loads(worker.connection.recv_bytes())
        except (EOFError, OSError):
            self._ignore(worker.connection)
            return False
        if kind == "stopped":
            self._answer(worker, self._attempts.is_stopped(*about))
        elif kind == "record":
            self._attempts.record(*about)
        elif kind == "output":
            stream, text = about
            # Whatever the name stands for now: a progress bar may have taken its place.
            getattr(sys, stream).write(text)
        else:
            self._note_ready(worker, *about)
        return True

    def _answer(self, worker: Worker, answer: bool) -> None:
        # It may have been killed while it waited.
        with contextlib.suppress(BrokenPipeError):
            worker.connection.send_bytes(json.dumps(answer).encode())

    def _note_ready(self, worker: Worker, pid: int) -> None:
        worker.pid = pid
        self._watch()
        self._answer(worker, True)
        for lane in self._lanes:
            lane.note_ready(worker)

    def _watch(self) -> None:
        workers = [lane.worker for lane in self._lanes]
        self._guard.watch(worker.pid for worker in workers if worker is not None and worker.pid is not None)

    def _bury(self, worker: Worker, then: Callable[[str], None]) -> None:
        while worker.connection.poll(0) and self._hear(worker):
            pass
        self._ignore(worker.connection)
        self._watch()
        # In a thread of its own: it takes a while, and at the end of the interpreter loky makes it wait for other workers, which
        # in turn may wait for an answer from here.
        burial = threading.Thread(target=lambda: then(worker.bury()), name="deephyper-burial", daemon=True)
        try:
            burial.start()
        except RuntimeError:
            # From Python 3.12 on no thread begins any more once the interpreter ends; by then no worker waits either.
            burial.run()
        else:
            self._burials = [*(other for other in self._burials if other.is_alive()), burial]
