"""What one evaluation may take, and the thread that looks after it."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import final

from .._checks import count, seconds


class LimitExceeded(Exception):
    """An evaluation took more than it may.

    Args:
        limit: "timeout" or "memory".
        text: how much it took, and what was allowed.
    """

    def __init__(self, limit: str, text: str):
        super().__init__(text)
        self.limit = limit


@dataclass(frozen=True)
class Limits:
    """What one evaluation may take.

    Args:
        timeout_s: seconds inside the run-function; None for no limit.
        memory_bytes: memory of its process with all descendants; None for no limit.
    """

    timeout_s: float | None = None
    memory_bytes: int | None = None

    @classmethod
    def checked(cls, where: str, job_timeout: float | None, job_memory_limit: int | None = None) -> Limits:
        """Refuse what is no limit."""
        return cls(
            None if job_timeout is None else seconds(where, "job_timeout", job_timeout),
            None if job_memory_limit is None else count(where, "job_memory_limit (bytes)", job_memory_limit),
        )

    def time_left(self, begun: float, now: float) -> float:
        """Seconds that an evaluation may still run; infinity without a limit."""
        return math.inf if self.timeout_s is None else begun + self.timeout_s - now

    @property
    def too_long(self) -> LimitExceeded:
        """The error of an evaluation that took too long."""
        return LimitExceeded("timeout", f"the evaluation took longer than job_timeout={self.timeout_s:g} s")

    def too_large(self, memory_bytes: float) -> LimitExceeded:
        """The error of an evaluation that took too much memory."""
        allowed = (self.memory_bytes or 0) / 1e6
        text = f"the evaluation took {memory_bytes / 1e6:.0f} MB, over job_memory_limit={allowed:g} MB"
        return LimitExceeded("memory", text)


@final
class Watch:
    """A thread that calls `look` until it is closed.

    Args:
        look: returns after how many seconds it must be called again.
    """

    def __init__(self, look: Callable[[], float]):
        self._look = look
        self._is_closed = False
        self._news = threading.Event()
        self._thread = threading.Thread(target=self._run, name="deephyper-limits", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Look now."""
        self._news.set()

    def close(self) -> None:
        """End the thread."""
        self._is_closed = True
        self._news.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._is_closed:
            self._news.clear()
            pause = self._look()
            # No wait is longer than the platform's clock can count.
            self._news.wait(min(pause, threading.TIMEOUT_MAX))
