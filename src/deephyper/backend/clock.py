"""The clock of a backend, and what is computed while evaluations run."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, Protocol, TypeVar, final

from ..worker import now

T = TypeVar("T")


class Clock(Protocol):
    """Tells the time, and waits."""

    @property
    def is_virtual(self) -> bool:
        """Whether its seconds have nothing to do with those of this world."""

    def now(self) -> float:
        """Seconds since some moment."""

    def beside(self, function: Callable[..., T], *args: Any) -> Future[T]:
        """Compute something of the manager's own while evaluations run."""

    def wait(self, future: Future[Any], seconds: float) -> bool:
        """Wait at most so long for something that is computed beside (infinity: no limit); False if it is not done."""

    def close(self) -> None:
        """Wait for what is being computed beside, and forget what has not begun; `beside` works again afterwards."""


@final
class RealClock:
    """The clock of this host, and one thread beside the evaluations."""

    @property
    def is_virtual(self) -> bool:
        return False

    def __init__(self) -> None:
        self._background: ThreadPoolExecutor | None = None

    def now(self) -> float:
        return now()

    def beside(self, function: Callable[..., T], *args: Any) -> Future[T]:
        if self._background is None:
            self._background = ThreadPoolExecutor(1, thread_name_prefix="deephyper-background")
        return self._background.submit(function, *args)

    def wait(self, future: Future[Any], seconds: float) -> bool:
        if not future.done():
            wait([future], timeout=None if math.isinf(seconds) else seconds)
        return future.done()

    def close(self) -> None:
        background, self._background = self._background, None
        if background is not None:
            background.shutdown(wait=True, cancel_futures=True)
