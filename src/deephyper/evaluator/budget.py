"""How long an evaluator may work, and on how many jobs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import final

from .._checks import count, is_integer, seconds


@final
class Budget:
    """The time and the number of jobs that an evaluator has left.

    Args:
        where: whose budget it is, for messages.
        now: reads the clock, in seconds.
        on_interrupt: called by `interrupt`, to end a wait that is under way.
    """

    def __init__(self, where: str, now: Callable[[], float], on_interrupt: Callable[[], None] = lambda: None):
        self._where, self._now, self._on_interrupt = where, now, on_interrupt
        self._timeout: float | None = None
        self._deadline = math.inf
        self._n_jobs = math.inf
        self._is_interrupted = False

    @property
    def timeout(self) -> float | None:
        """Seconds from when it was set to the deadline; None for no deadline."""
        return self._timeout

    @timeout.setter
    def timeout(self, value: float | None) -> None:
        self._timeout = None if value is None else seconds(self._where, "timeout", value)
        self._deadline = math.inf if self._timeout is None else self._now() + self._timeout

    @contextmanager
    def within(self, timeout: float | None) -> Iterator[None]:
        """Set the deadline for as long as the context lasts; None leaves it as it is."""
        if timeout is None:
            yield
            return
        self.timeout = timeout
        try:
            yield
        finally:
            self.timeout = None

    @property
    def time_left(self) -> float:
        """Seconds to the deadline, never negative; infinity without one, 0 after an interrupt."""
        if self._is_interrupted:
            return 0.0
        return max(0.0, self._deadline - self._now()) if self._deadline < math.inf else math.inf

    def interrupt(self) -> None:
        """Move the deadline to now until `resume` is called; a signal handler in the main thread may call this.

        Raises:
            KeyboardInterrupt: the run-function is running in this thread and must be left. The evaluator catches this.
        """
        self._is_interrupted = True
        self._on_interrupt()

    def resume(self) -> None:
        """Undo an interrupt: the deadline that was set counts again."""
        self._is_interrupted = False

    @property
    def n_jobs_left(self) -> float:
        """How many further jobs are allowed; infinity without a limit."""
        return self._n_jobs

    def allow_jobs(self, maximum: int) -> None:
        """Allow at most `maximum` further jobs; -1 removes the limit."""
        self._n_jobs = math.inf if is_integer(maximum) and maximum == -1 else count(self._where, "maximum", maximum)

    def take_jobs(self, n: int) -> None:
        """Subtract `n` jobs from those that are allowed."""
        self._n_jobs -= n
