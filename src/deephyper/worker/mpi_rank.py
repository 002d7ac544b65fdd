"""The side of an evaluation that runs on a rank of MPI, in the main thread, which a signal can leave."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import NamedTuple, final

from .channel import SocketChannel
from .evaluation import Report, Task, evaluate_pickled, failed, now
from .leaving import Recalled

# How often a rank asks whether anybody still waits for what it does.
_ASK_EVERY_S = 0.25


class _Evaluation(NamedTuple):
    """What the main thread is at."""

    task: Task
    channel: SocketChannel | None


@final
class Rank:
    """What a rank keeps while it evaluates for another one."""

    def __init__(self) -> None:
        self._payload = b""
        self._at: _Evaluation | None = None
        self._is_left: _Evaluation | None = None

    @contextlib.contextmanager
    def serving(self) -> Iterator[None]:
        """Evaluate in this context; Ctrl-C, which every rank hears, is for the rank that searches."""
        is_main = threading.current_thread() is threading.main_thread()
        before = signal.signal(signal.SIGINT, self._leave) if is_main else None
        is_over = threading.Event()
        watch = threading.Thread(target=self._watch, args=(is_over,), name="deephyper-rank", daemon=True)
        watch.start()
        try:
            yield
        finally:
            is_over.set()
            watch.join()
            if is_main:
                signal.signal(signal.SIGINT, before)

    def keep(self, payload: bytes) -> None:
        """Keep the run-function for all evaluations."""
        self._payload = payload

    def evaluate(self, task: Task, channel: SocketChannel | None) -> Report:
        """Run one evaluation; the report is packed. Nobody awaits that of one that was left."""
        start = now()
        try:
            self._at = _Evaluation(task, channel)
            try:
                return evaluate_pickled(self._payload, task, channel)
            finally:
                self._at = None
        except Recalled as error:
            return failed(error, start).packed()

    def _leave(self, number: int, frame: FrameType | None) -> None:
        """Leave the evaluation that nobody awaits; this runs in the main thread, between two of its steps."""
        if self._at is not None and self._at is self._is_left:
            raise Recalled

    def _watch(self, is_over: threading.Event) -> None:
        """Find evaluations that nobody awaits any more, again and again."""
        seen = None
        while not is_over.wait(_ASK_EVERY_S):
            at = self._at
            if at is not None and at is seen and at.channel is not None and not at.channel.awaited():
                self._is_left = at
                # It ends a sleep, or a wait for another process, as well.
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            seen = at


rank = Rank()
"""That of this process."""


def keep(payload: bytes) -> None:
    """Keep the run-function on this rank."""
    rank.keep(payload)


def evaluate_kept(task: Task, channel: SocketChannel | None) -> Report:
    """Run one evaluation on this rank."""
    return rank.evaluate(task, channel)
