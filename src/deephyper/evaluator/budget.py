"""How long an evaluator may work, and on how many jobs."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import final

from .._checks import count, seconds


@final
class Budget:
    """The time and the number of jobs that are left.

    Args:
        where: whose budget it is, for messages.
        now: reads the clock, seconds.
    """

    def __init__(self, where: str, now: Callable[[], float]):
        self._where, self._now = where, now
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

    @property
    def time_left(self) -> float:
        """Seconds to the deadline, never negative; infinity without one, 0 after an interrupt."""
        if self._is_interrupted:
            return 0.0
        return max(0.0, self._deadline - self._now()) if self._deadline < math.inf else math.inf

    def interrupt(self, is_interrupted: bool = True) -> None:
        """Leave no time, until that is taken back."""
        self._is_interrupted = is_interrupted

    @property
    def n_jobs_left(self) -> float:
        """How many further jobs are allowed; infinity without a limit."""
        return self._n_jobs

    def allow_jobs(self, maximum: int) -> None:
        """Allow `maximum` further jobs, no more; -1 lifts the limit."""
        self._n_jobs = math.inf if maximum == -1 else count(self._where, "maximum", maximum)

    def take_jobs(self, n: int) -> None:
        """Use up jobs that are allowed."""
        self._n_jobs -= n
