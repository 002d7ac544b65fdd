"""A function in a thread that runs only while somebody waits for it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar, final

P = TypeVar("P")
T = TypeVar("T")

# How long a function that was given up may take to clean up.
_PATIENCE_S = 1.0


class _GivenUp(SystemExit):
    """Ends a thread that parks in vain. `except Exception` does not swallow it, and Python prints nothing about it."""


@final
class Runner(Generic[P, T]):
    """Runs a function in steps: either the function works or its caller, as if both shared one baton.

    Args:
        function: calls `park` wherever a step ends.
    """

    def __init__(self, function: Callable[[], T]):
        self._function = function
        # What the function has returned or raised, once it has ended.
        self.outcome: Future[T] = Future()
        self._parked: P | None = None
        self._is_over = False
        # The function may work while `_go` can be taken, its caller while `_back` can.
        self._go, self._back = threading.Lock(), threading.Lock()
        self._go.acquire()
        self._back.acquire()
        # The function may have threads of its own, of which one parks at a time.
        self._turn = threading.Lock()
        threading.Thread(target=self._run, name="deephyper-virtual", daemon=True).start()

    def step(self) -> P | None:
        """Let the function work until it parks or ends; returns what it has parked with, None if it has ended."""
        self._parked = None
        if not self.outcome.done():
            self._hand_over(self._go)
            self._back.acquire()
        return self._parked

    def give_up(self) -> None:
        """End the function where it is parked; harmless when it has ended."""
        if self._is_over:
            return
        self._is_over = True
        self._hand_over(self._go)
        # What the function does to clean up happens now. If that does not come to an end, its thread is left alone.
        self._back.acquire(timeout=_PATIENCE_S)

    def park(self, value: P) -> None:
        """Wait for the next step. The function calls this; there is no way back from here once it was given up."""
        with self._turn:
            if not self._is_over:
                self._parked = value
                self._hand_over(self._back)
                self._go.acquire()
            if self._is_over:
                # The function's own threads, if others of them wait here, end too.
                self._hand_over(self._go)
                raise _GivenUp

    def _run(self) -> None:
        self._go.acquire()
        try:
            if not self._is_over:
                self.outcome.set_result(self._function())
        except BaseException as error:
            self.outcome.set_exception(error)
        finally:
            self._is_over = True
            self._hand_over(self._go)
            self._hand_over(self._back)

    def _hand_over(self, baton: threading.Lock) -> None:
        # It may be there already: after an interrupt, or where the function has left threads behind.
        with contextlib.suppress(RuntimeError):
            baton.release()
