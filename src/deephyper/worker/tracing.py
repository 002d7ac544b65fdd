"""Measure the memory of a run-function while it runs, and interrupt one that takes too much."""

from __future__ import annotations

import contextlib
import os
import threading
from typing import Any, final

from .memory import resident_memory_of


class Interrupted(BaseException):
    """Raised once inside a run-function that takes too much memory; `except Exception` does not catch it."""


@final
class ThreadInterruption:
    """Interrupts the function that runs in the thread that makes this object: raises `Interrupted` there."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()
        self._is_sent = False

    def send(self) -> bool:
        """Interrupt the function from another thread; False if that is not possible now.

        A function in C code is interrupted when it returns to the interpreter.
        """
        # Until a new thread has begun, Python 3.11 gives it the number of the thread that starts it. The exception
        # could end the new thread instead, and its starter would wait for it forever.
        if any(thread.ident is None for thread in threading.enumerate()):
            return False
        self._is_sent = True
        self._set_pending(Interrupted)
        return True

    def withdraw(self) -> None:
        """Take back an interruption that has not arrived yet; called where the function ran, perhaps more than once."""
        if self._is_sent:
            self._set_pending(None)

    def has_caused(self, error: BaseException) -> bool:
        """Whether the interruption caused what the function raised; called after `withdraw`."""
        # The function may have turned the interruption into another exception. A Ctrl-C is none of ours.
        return self._is_sent and isinstance(error, (Interrupted, Exception))

    def _set_pending(self, exception: type[BaseException] | None) -> None:
        import ctypes

        # None becomes the null pointer, which takes back a pending exception.
        pending = None if exception is None else ctypes.py_object(exception)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._thread), pending)


@final
class TaskInterruption:
    """Does the same in an asyncio task, by cancelling it; distinguishes this from a cancellation by other code."""

    def __init__(self) -> None:
        import asyncio

        self._asyncio = asyncio
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[Any] | None = asyncio.current_task()
        self._n_others = self._task.cancelling() if self._task is not None else 0
        self._is_withdrawn = self._has_cancelled = self._others_have = False

    def send(self) -> bool:
        # The loop raises RuntimeError once it is closed; then nothing is left to interrupt.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._cancel)
        return True

    def _cancel(self) -> None:
        # This runs in the thread of the loop, like `withdraw`, so that they never run at the same time.
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
    """Measures the memory of this process and its descendants: when it is made, then in a thread during the context.

    The first sample over the limit interrupts the function. Entering the context raises `Interrupted` if the memory is
    over the limit already.

    Args:
        every_s: seconds between two samples.
        limit: bytes; infinity for no limit.
        interruption: how to interrupt the function.
    """

    def __init__(self, every_s: float, limit: float, interruption: ThreadInterruption | TaskInterruption):
        self._every_s = min(every_s, threading.TIMEOUT_MAX)
        self._limit = limit
        self._interruption = interruption
        self._may_interrupt = False
        # The interruption may arrive just when the function's thread has acquired this lock, which then stays locked.
        # Hence a lock that the same thread can acquire again.
        self._turn = threading.RLock()
        # A lock that is released at the end, for which the thread waits. Not an event, whose inner lock an interruption
        # could leave locked; not a queue, which on Python 3.11 waits forever if its timeout has already passed.
        self._lasts = threading.Lock()
        self._lasts.acquire()
        self._peak = self._sample()

    def __enter__(self) -> None:
        if self._peak > self._limit:
            raise Interrupted
        threading.Thread(target=self._run, name="deephyper-memory", daemon=True).start()
        # Not earlier: `start` waits for the thread, and an interruption there could leave locks of `threading` locked.
        self._may_interrupt = True

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """End the thread, and interrupt nothing from now on; may be called again."""
        with self._turn:
            self._may_interrupt = False
            self._interruption.withdraw()
        if self._lasts.locked():
            self._lasts.release()

    def has_caused(self, error: BaseException) -> bool:
        """Close, and return whether the function raised `error` because it took too much memory."""
        # The interruption may have arrived while `__exit__` was running, which then did not finish.
        self.close()
        return self._interruption.has_caused(error) or (isinstance(error, Interrupted) and self._peak > self._limit)

    def final_peak(self) -> int:
        """Measure once more, and return the largest sample, in bytes."""
        return max(self._sample(), self._peak)

    def _run(self) -> None:
        while not self._lasts.acquire(timeout=self._every_s):
            self._peak = max(self._peak, self._sample())
            if self._peak > self._limit and self._may_interrupt:
                self._interrupt()

    def _interrupt(self) -> None:
        with self._turn:
            # The function may have ended while we waited for the lock.
            if self._may_interrupt:
                self._may_interrupt = not self._interruption.send()

    def _sample(self) -> int:
        return resident_memory_of(os.getpid(), self._limit)
