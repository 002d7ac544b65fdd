"""How Ctrl-C, SIGTERM, SIGHUP and the warnings of schedulers end a search."""

from __future__ import annotations

import builtins
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, final

from ..cluster import allocation
from ..evaluator import Evaluator

# Only these handlers are replaced. A handler that the user has installed is kept.
_DEFAULT_HANDLERS: dict[int, Any] = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
if hasattr(signal, "SIGHUP"):
    _DEFAULT_HANDLERS[signal.SIGHUP] = signal.SIG_DFL
# Schedulers send one of these some time before an allocation ends, if they are asked to. Elsewhere they mean nothing to
# a search.
_WARNINGS: dict[int, Any] = (
    {signal.SIGUSR1: signal.SIG_DFL, signal.SIGUSR2: signal.SIG_DFL} if hasattr(signal, "SIGUSR1") else {}
)
_ALL_DEFAULT_HANDLERS = {**_DEFAULT_HANDLERS, **_WARNINGS}


@final
class CaughtSignal:
    """The first signal that interrupted a search, if there was one.

    Args:
        evaluator: evaluates for the search.
    """

    def __init__(self, evaluator: Evaluator):
        self._evaluator = evaluator
        self._number: int | None = None
        self._process = os.getpid()

    @property
    def signal_name(self) -> str | None:
        """The name of the signal; None if there was none."""
        return None if self._number is None else signal.Signals(self._number).name

    @property
    def ends_process(self) -> bool:
        """Whether the signal asks for the end of the process, not of this search alone."""
        return self._number not in (None, signal.SIGINT, *_WARNINGS)

    def handle(self, number: int, frame: FrameType | None) -> None:
        """Note a signal and move the evaluator's deadline to now; at the second one raise KeyboardInterrupt."""
        if os.getpid() != self._process:
            # A forked child may be told to end before it has put back the handlers.
            _end_child(number)
            return
        if self._number is not None:
            if number in _WARNINGS:
                return
            if self._number in _WARNINGS:
                # What was warned of.
                self._number = number
                return
            # Not SystemExit: a run-function in this thread would then only fail its evaluation.
            raise KeyboardInterrupt
        self._number = number
        self._evaluator.budget.interrupt()

    def end_process(self) -> None:
        """End the process as whoever sent the signal expects it, after the search has left everything in order."""
        assert self._number is not None
        if hasattr(builtins, "__IPYTHON__"):
            # A notebook's kernel would survive SystemExit.
            signal.raise_signal(self._number)
        raise SystemExit(128 + self._number)


@contextmanager
def orderly_end(evaluator: Evaluator) -> Iterator[CaughtSignal]:
    """Let the first signal move the evaluator's deadline to now, and the second one raise KeyboardInterrupt.

    A scheduler's warning counts like a first signal, but the next one as the first. After SIGTERM and SIGHUP the
    process ends with the context: with SystemExit, so that the user's own endings are made as well. Signals reach the
    main thread only. In other threads, and for signals that the user handles, nothing changes.
    """
    caught = CaughtSignal(evaluator)
    is_main = threading.current_thread() is threading.main_thread()
    numbers = _DEFAULT_HANDLERS if allocation() is None else _ALL_DEFAULT_HANDLERS
    before = {number: signal.getsignal(number) for number in numbers if is_main}
    ours = {number: handler for number, handler in before.items() if _is_default(number, handler)}
    _replaced.append(ours)
    for number in ours:
        signal.signal(number, caught.handle)
    try:
        yield caught
    finally:
        _put_back(ours)
        _replaced.remove(ours)
        evaluator.budget.resume()
        if caught.ends_process:
            caught.end_process()


def _is_default(number: int, handler: Any) -> bool:
    """A forked child belongs to no search: who ends it, such as a pool of the user's own, must not wait."""
    function = getattr(handler, "func", None)
    is_of_asyncio = number == signal.SIGINT and getattr(function, "__qualname__", "") == "Runner._on_sigint"
    return handler == _ALL_DEFAULT_HANDLERS[number] or is_of_asyncio


# What the searches of the main thread have replaced.
_replaced: list[dict[int, Any]] = []


def _put_back(handlers: dict[int, Any]) -> None:
    for number, handler in handlers.items():
        signal.signal(number, handler)


def _end_child(number: int) -> None:
    """Do in a forked child what the signal would do if there were no search."""
    signal.signal(number, _ALL_DEFAULT_HANDLERS[number])
    signal.raise_signal(number)


def _forget_in_child() -> None:
    """A forked child belongs to no search: who ends it, for example a pool of the user's own, must not wait."""
    # Whatever thread has forked is the main thread of the child.
    with suppress(ValueError):
        for handlers in _replaced:
            _put_back(handlers)
    _replaced.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_in_child)
