"""What one evaluation may take, and the thread that looks after it."""

from __future__ import annotations

import contextlib
import math
import threading
import weakref
from collections.abc import Callable, Mapping
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass
from typing import Any, final

from .._checks import byte_count, seconds
from ..worker import now


class LimitExceeded(Exception):
    """An evaluation took more than it may.

    Args:
        limit: "timeout" or "memory".
        text: how much it took, and what was allowed.
        found: what else is known of the evaluation, by name.
    """

    def __init__(self, limit: str, text: str, **found: int):
        super().__init__(text)
        self.limit, self.found = limit, found


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
    def checked(cls, where: str, job_timeout: float | None, job_memory_limit: float | None = None) -> Limits:
        """Refuse what is no limit."""
        return cls(
            None if job_timeout is None else seconds(where, "job_timeout", job_timeout),
            None if job_memory_limit is None else byte_count(where, "job_memory_limit (bytes)", job_memory_limit),
        )

    def time_left(self, begun: float, now: float) -> float:
        """Seconds that an evaluation may still run; infinity without a limit."""
        return math.inf if self.timeout_s is None else begun + self.timeout_s - now

    def give_up_slow(self, running: Mapping[Future[Any], float]) -> float:
        """Fail the futures of evaluations that take too long.

        Args:
            running: the future of each evaluation, and when that began.

        Returns:
            After how many seconds it must be called again.
        """
        time = now()
        seconds_left = {future: self.time_left(begun, time) for future, begun in running.items()}
        for future, left in seconds_left.items():
            if left <= 0:
                with contextlib.suppress(InvalidStateError):
                    future.set_exception(self.too_long)
        return min((left for left in seconds_left.values() if left > 0), default=self.timeout_s or math.inf)

    @property
    def too_long(self) -> LimitExceeded:
        """The error of an evaluation that took too long."""
        return LimitExceeded("timeout", f"the evaluation took longer than job_timeout={self.timeout_s:g} s")

    def too_large(self, memory_bytes: int) -> LimitExceeded:
        """The error of an evaluation that took too much memory."""
        allowed = (self.memory_bytes or 0) / 1e6
        limit = f"job_memory_limit={allowed:g} MB (or that of profile)"
        text = f"the evaluation took {memory_bytes / 1e6:.0f} MB, over {limit}"
        return LimitExceeded("memory", text, memory=memory_bytes)


@final
class Watch:
    """A thread that calls `look` until it is closed, or until the object that `look` belongs to is collected.

    Args:
        look: a method; returns after how many seconds it must be called again.
    """

    def __init__(self, look: Callable[[], float]):
        # Held while there is no news. The garbage collector may ring it, in this thread too. So it is no event, whose
        # inner lock may be held just then.
        self._bell = threading.Lock()
        self._bell.acquire()
        self._is_closed = False
        self._look = weakref.WeakMethod(look, lambda _: self.wake())
        self._thread = threading.Thread(target=self._run, name="deephyper-limits", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Look now."""
        # It may have been rung already.
        with contextlib.suppress(RuntimeError):
            self._bell.release()

    def close(self) -> None:
        """End the thread."""
        self._is_closed = True
        self.wake()
        self._thread.join()

    def _run(self) -> None:
        while not self._is_closed and (look := self._look()) is not None:
            pause = look()
            # While this thread waits, it must not keep the object.
            del look
            # No wait is longer than the platform's clock can count.
            self._bell.acquire(timeout=max(0.0, min(pause, threading.TIMEOUT_MAX)))
