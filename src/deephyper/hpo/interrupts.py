"""Ctrl-C and SIGTERM end a search in an orderly way."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

from ..evaluator import Evaluator

# A handler of the user's own stays in charge.
_DEFAULT_HANDLERS: dict[signal.Signals, Any] = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}


@dataclass
class Interruption:
    """Whether a search was interrupted: the name of the first signal, None before."""

    signal_name: str | None = None


@contextmanager
def orderly_end(evaluator: Evaluator) -> Iterator[Interruption]:
    """Let the first Ctrl-C or SIGTERM be the evaluator's deadline, and the second one end at once whatever runs here.

    Signals reach the main thread only; elsewhere, and where the user has handlers, nothing changes.
    """
    interruption = Interruption()

    def handle(number: int, frame: FrameType | None) -> None:
        if interruption.signal_name is not None:
            # Not SystemExit, which a run-function may raise and which then only fails its evaluation.
            raise KeyboardInterrupt
        interruption.signal_name = signal.Signals(number).name
        evaluator.interrupt()

    is_main = threading.current_thread() is threading.main_thread()
    ours = [number for number, default in _DEFAULT_HANDLERS.items() if is_main and signal.getsignal(number) == default]
    for number in ours:
        signal.signal(number, handle)
    try:
        yield interruption
    finally:
        for number in ours:
            signal.signal(number, _DEFAULT_HANDLERS[number])
        evaluator.resume()
