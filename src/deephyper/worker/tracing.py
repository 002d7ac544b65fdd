"""The memory of a run-function while it runs, and the end of one that takes too much."""

from __future__ import annotations

import contextlib
import os
import threading
from typing import Any, Protocol, final

from .memory import resident_memory_of


class Interrupted(BaseException):
    """Raised once inside a run-function that takes more memory than it may; `except Exception` does not swallow it."""


class Interruption(Protocol):
    """A way to interrupt the function that runs where the object was made."""

    def send(self) -> bool:
        """Interrupt it, from another thread; it may have to come back from C code first. False if this is no moment for it."""

    def withdraw(self) -> None:
        """See to it that nothing that was sent arrives any more, where the function ran; harmless when called again."""

    def has_caused(self, error: BaseException) -> bool:
        """True if what the function raised came of the interruption; asked after `withdraw`."""


@final
class ThreadInterruption:
    """Raises `Interrupted` in the thread that makes this object."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()
        self._is_sent = False

    def send(self) -> bool:
        # Until a thread has begun, Python 3.11 takes it for the one that starts it, which would then wait for it forever.
        if any(thread.ident is None for thread in threading.enumerate()):
            return False
        self._is_sent = True
        self._set_pending(Interrupted)
        return True

    def withdraw(self) -> None:
        if self._is_sent:
            self._set_pending(None)

    def has_caused(self, error: BaseException) -> bool:
        # What was interrupted may have turned it into an exception of its own; a Ctrl-C stays one.
        return self._is_sent and isinstance(error, (Interrupted, Exception))

    def _set_pending(self, exception: type[BaseException] | None) -> None:
        import ctypes

        # None is the null pointer, which takes back what is pending.
        pending = None if exception is None else ctypes.py_object(exception)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._thread), pending)


@final
class TaskInterruption:
    """Cancels the asyncio task that makes this object, and tells that from a cancellation by somebody else."""

    def __init__(self) -> None:
        import asyncio

        self._asyncio = asyncio
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[Any] | None = asyncio.current_task()
        self._n_others = self._task.cancelling() if self._task is not None else 0
        self._is_withdrawn = self._has_cancelled = self._others_have = False

    def send(self) -> bool:
        # A loop that is closed has nothing left to interrupt.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._cancel)
        return True

    def _cancel(self) -> None:
        # In the thread of the loop, like `withdraw`, so that neither happens in the midst of the other.
        if self._task is not None and not self._is_withdrawn:
            self._has_cancelled = self._task.cancel()

    def withdraw(self) -> None:
        if self._task is not None and self._has_cancelled and not self._is_withdrawn:
            self._others_have = self._task.uncancel() > self._n_others
        self._is_withdrawn = True

    def has_caused(self, error: BaseException) -> bool:
        if isinstance(error, self._asyncio.CancelledError):
            return self._has_cancelled and not self._others_have
        return self._has_cancelled and isinstance(error, Exception)


@final
class MemoryTrace:
    """Samples the memory of this process and its descendants, once at once, then in a thread while the context lasts.

    The first sample over the limit interrupts the function. Entering raises `Interrupted` if there is no memory left to begin
    with.

    Args:
        every_s: seconds between two samples.
        limit: bytes; infinity for no limit.
        interruption: how to interrupt the function.
    """

    def __init__(self, every_s: float, limit: float, interruption: Interruption):
        self._every_s = min(every_s, threading.TIMEOUT_MAX)
        self._limit = limit
        self._interruption = interruption
        self._may_interrupt = False
        # What interrupts the function may surface just when its thread has taken the turn, and leave it taken; hence a lock that
        # the same thread can take again.
        self._turn = threading.RLock()
        # Held until the end, which the thread awaits. An event has locks of its own to leave taken, and a queue of Python 3.11
        # waits without end if its time is over before it begins.
        self._lasts = threading.Lock()
        self._lasts.acquire()
        self._peak = self._sample()

    def __enter__(self) -> None:
        if self._peak > self._limit:
            raise Interrupted
        threading.Thread(target=self._run, name="deephyper-memory", daemon=True).start()
        # Not before: to start a thread means to wait for it, and threading's locks do not expect an interruption there.
        self._may_interrupt = True

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """End the thread, and interrupt nothing from now on; harmless when called again."""
        with self._turn:
            self._may_interrupt = False
            self._interruption.withdraw()
        if self._lasts.locked():
            self._lasts.release()

    def has_caused(self, error: BaseException) -> bool:
        """Close, and tell whether the function raised that because it took too much memory."""
        # The error may have surfaced while the context was closing itself.
        self.close()
        return self._interruption.has_caused(error) or (isinstance(error, Interrupted) and self._peak > self._limit)

    def final_peak(self) -> int:
        """Take one more sample, and tell the largest, in bytes."""
        return max(self._sample(), self._peak)

    def _run(self) -> None:
        while not self._lasts.acquire(timeout=self._every_s):
            self._peak = max(self._peak, self._sample())
            if self._peak > self._limit and self._may_interrupt:
                self._interrupt()

    def _interrupt(self) -> None:
        with self._turn:
            # The function may have ended while we waited for the turn.
            if self._may_interrupt:
                self._may_interrupt = not self._interruption.send()

    def _sample(self) -> int:
        return resident_memory_of(os.getpid(), self._limit)
