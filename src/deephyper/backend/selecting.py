"""A thread that waits for many files at once, and does small errands for other threads."""

from __future__ import annotations

import contextlib
import logging
import math
import os
import selectors
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from queue import SimpleQueue
from socket import socket
from typing import final

from .forks import is_left_to_parent

logger = logging.getLogger(__name__)

# What comes regularly and has failed is not tried again at once.
_PAUSE_AFTER_ERROR_S = 1.0


@final
class SelectorLoop:
    """Calls a step for each file that can be read, in one thread. No step may wait for anything.

    Args:
        name: of the thread.
        tick: called after every round; returns after how many seconds it must be called again.
    """

    def __init__(self, name: str, tick: Callable[[], float] = lambda: math.inf):
        self._tick = tick
        self._selector = selectors.DefaultSelector()
        self._errands: SimpleQueue[Callable[[], object]] = SimpleQueue()
        self._wake_out, self._wake_in = os.pipe()
        os.set_blocking(self._wake_in, False)
        self._selector.register(self._wake_out, selectors.EVENT_READ, self._run_errands)
        # Guards `_is_open`, so that nobody writes to a pipe that was closed meanwhile.
        self._lock = threading.Lock()
        self._is_open = True
        is_left_to_parent(self)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def errand(self, step: Callable[[], object]) -> bool:
        """Have the thread do something soon; False if it has ended. Any thread may call this."""
        with self._lock:
            if not self._is_open:
                return False
            self._errands.put(step)
            self._wake()
        return True

    def close(self) -> None:
        """Do the errands that are left, and end the thread."""
        with self._lock:
            if not self._is_open:
                return
            self._is_open = False
            self._wake()
        self._thread.join()
        self._selector.close()
        os.close(self._wake_in)
        os.close(self._wake_out)

    def leave_to_parent(self) -> None:
        """In a forked child, which has no such thread, close what it has inherited."""
        if self._is_open:
            self._is_open = False
            # The lock may be held for ever here, so nobody may come to it any more.
            self._lock = threading.Lock()
            self._selector.close()
            os.close(self._wake_in)
            os.close(self._wake_out)

    # For the steps themselves, which run in the thread.

    def watch(self, file: Connection | socket, step: Callable[[], object]) -> None:
        """Call a step whenever a file can be read, until `ignore`."""
        self._selector.register(file, selectors.EVENT_READ, step)

    def ignore(self, file: Connection | socket) -> None:
        """Call no more steps for a file, which is still open; harmless when called again."""
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(file)

    def _wake(self) -> None:
        # A pipe that is full has woken it already.
        with contextlib.suppress(BlockingIOError):
            os.write(self._wake_in, b"!")

    def _run(self) -> None:
        while self._is_open:
            pause = self._pause()
            for n, (key, _) in enumerate(self._selector.select(None if math.isinf(pause) else pause)):
                # An earlier step of this round may have let go of the file; reading from it would wait for ever.
                if n == 0 or self._selector.get_map().get(key.fd) is key:
                    self._do(key.data)
        self._do_errands()

    def _pause(self) -> float:
        try:
            return self._tick()
        except Exception:
            logger.exception("deephyper: a regular look at the workers failed")
            return _PAUSE_AFTER_ERROR_S

    def _do(self, step: Callable[[], object]) -> None:
        try:
            step()
        except Exception:
            # None should raise, but one that does must not keep the others from being answered.
            logger.exception("deephyper: a step for a worker failed")

    def _run_errands(self) -> None:
        os.read(self._wake_out, 1 << 12)
        self._do_errands()

    def _do_errands(self) -> None:
        while not self._errands.empty():
            self._do(self._errands.get())
