"""A clock on which no time is spent waiting."""

from __future__ import annotations

import heapq
import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from itertools import count
from typing import Any, NamedTuple, TypeVar, final

T = TypeVar("T")


class _Event(NamedTuple):
    """What happens at a time; equal times in the order in which the events were announced."""

    time: float
    number: int
    future: Future[Any]
    happen: Callable[[], None]


@final
class VirtualClock:
    """Time that jumps from event to event, and passes with the CPU seconds of the thread that reads it.

    One thread uses it at a time. What is due happens in the thread that reads the time.

    Args:
        charges: whether CPU seconds pass.
    """

    @property
    def is_virtual(self) -> bool:
        return True

    def __init__(self, charges: bool):
        self._charges = charges
        self._time, self._cpu = 0.0, time.thread_time()
        self._events: list[_Event] = []
        self._numbers = count()
        self._is_happening = False

    def now(self) -> float:
        """Read the time, in seconds; what is due by then has happened."""
        self._spend()
        if not self._is_happening:
            self._is_happening = True
            try:
                self._let_happen()
            finally:
                self._is_happening = False
        return self._time

    def expect(self, time: float, future: Future[Any], happen: Callable[[], None]) -> None:
        """Announce something that happens at a time.

        Args:
            time: when; if that has passed, at the next look.
            future: what it is about. Once that is done, the event no longer moves the clock.
            happen: called at that time, or sooner if the future is done; must then do nothing.
        """
        heapq.heappush(self._events, _Event(time, next(self._numbers), future, happen))

    def jump(self, at_most: float) -> bool:
        """Go to the next event, not beyond a time; False if there is nothing to go to."""
        self.now()
        target = min(self._events[0].time if self._events else math.inf, at_most)
        if math.isinf(target):
            return False
        self._time = max(self._time, target)
        self.now()
        return True

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """No CPU seconds pass while the context lasts."""
        self._spend()
        charges, self._charges = self._charges, False
        try:
            yield
        finally:
            self._spend()
            self._charges = charges

    def beside(self, function: Callable[..., T], *args: Any) -> Future[T]:
        """Compute something as another thread would: it sees time pass, and afterwards it is as early as before."""
        future: Future[T] = Future()
        begin, events, self._events = self.now(), self._events, []
        try:
            happen = partial(_end, future, function(*args))
        finally:
            end = self.now()
            self._time, self._events = begin, events
        self.expect(end, future, happen)
        return future

    def wait(self, future: Future[Any], seconds: float) -> bool:
        until = self.now() + seconds
        while not future.done() and self.now() < until and self.jump(until):
            pass
        return future.done()

    def close(self) -> None:
        """Forget all that was announced."""
        self._events.clear()

    def _spend(self) -> None:
        """Let the CPU seconds since the last look pass."""
        cpu = time.thread_time()
        if self._charges:
            self._time += cpu - self._cpu
        self._cpu = cpu

    def _let_happen(self) -> None:
        while self._events and (self._events[0].time <= self._time or self._events[0].future.done()):
            heapq.heappop(self._events).happen()


def _end(future: Future[T], result: T) -> None:
    if future.set_running_or_notify_cancel():
        future.set_result(result)
