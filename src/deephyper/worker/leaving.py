"""Tells an exception that a signal has caused from one of the run-function's own."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, Self, final

# The functions of C, where they are. Those around them look every handler up among numbers of an enumeration, which
# takes ten times as long as all the rest here.
_handlers = sys.modules.get("_signal", signal)
_get_handler: Callable[[int], Any] = _handlers.getsignal
_set_handler: Callable[[int, Any], Any] = _handlers.signal

_SIGNALS = [int(getattr(signal, name)) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


class Recalled(KeyboardInterrupt):
    """Raised by a signal handler inside a run-function that must give the caller's thread back."""


@final
class Leaving:
    """Notes the signals that come while a run-function runs in the main thread.

    `raise KeyboardInterrupt` in a run-function is a failure of that evaluation. A Ctrl-C at the same line ends the
    search. Only the handler of the signal knows the difference, so handlers are wrapped for that time.

    The recursion limit that a run-function has lowered is lifted again, since the manager may work in the same thread.

    Args:
        is_of_caller: whether this may be the thread that a signal wants back.
    """

    def __init__(self, is_of_caller: bool) -> None:
        self._is_of_caller = is_of_caller
        self._has_come = False
        self._before: dict[int, Any] = {}
        self._recursion_limit = sys.getrecursionlimit()

    def is_meant_by(self, error: BaseException) -> bool:
        """Whether an exception means that the run-function must be left, and is no failure of it."""
        return isinstance(error, Recalled) or (self._has_come and not isinstance(error, Exception))

    def __enter__(self) -> Self:
        # Signals reach no other thread, and other threads may set no handlers.
        if self._is_of_caller and threading.current_thread() is threading.main_thread():
            for number in _SIGNALS:
                handler = _get_handler(number)
                if callable(handler):
                    self._before[number] = handler
                    _set_handler(number, self._note)
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._before.items():
            # The function may have installed a handler of its own, which stays.
            if _get_handler(number) == self._note:
                _set_handler(number, handler)
        if sys.getrecursionlimit() < self._recursion_limit:
            sys.setrecursionlimit(self._recursion_limit)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._has_come = True
        self._before[number](number, frame)
