"""How Ctrl-C and SIGTERM end a search."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

from ..evaluator import Evaluator

# Only these handlers are replaced. A handler that the user has installed is kept.
_DEFAULT_HANDLERS: dict[signal.Signals, Any] = {
    signal.SIGINT: signal.default_int_handler,
    signal.SIGTERM: signal.SIG_DFL,
}


@dataclass
class CaughtSignal:
    """The name of the first signal that interrupted a search; None if there was none."""

    signal_name: str | None = None


@contextmanager
def orderly_end(evaluator: Evaluator) -> Iterator[CaughtSignal]:
    """Let the first Ctrl-C or SIGTERM move the evaluator's deadline to now, and the second one raise KeyboardInterrupt.

    Signals reach the main thread only. In other threads, and for signals that the user handles, nothing changes.
    """
    caught = CaughtSignal()

    def handle(number: int, frame: FrameType | None) -> None:
        if caught.signal_name is not None:
            # Not SystemExit: a run-function in this thread would then only fail its evaluation.
            raise KeyboardInterrupt
        caught.signal_name = signal.Signals(number).name
        evaluator.budget.interrupt()

    is_main = threading.current_thread() is threading.main_thread()
    ours = [number for number, default in _DEFAULT_HANDLERS.items() if is_main and signal.getsignal(number) == default]
    for number in ours:
        signal.signal(number, handle)
    try:
        yield caught
    finally:
        for number in ours:
            signal.signal(number, _DEFAULT_HANDLERS[number])
        evaluator.budget.resume()
