"""Evaluations in the caller's own thread, one after the other."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import NamedTuple, final

from ..worker import Report, Task, evaluate, now
from .backend import Backend, Work
from .switchboard import Switchboard


@final
class CallersThread(Backend):
    """Keeps tasks until somebody lends it a thread. Nothing can end what runs in it."""

    def __init__(self) -> None:
        self._line: deque[tuple[Future[Report], Task]] = deque()

    def open(self, work: Work, n_workers: int, switchboard: Switchboard) -> None:
        self._work, self._switchboard = work, switchboard

    def submit(self, task: Task) -> Future[Report]:
        future: Future[Report] = Future()
        self._line.append((future, task))
        return future

    def work(
        self, lend: Callable[[], AbstractContextManager[None]], until: float, has_news: Callable[[], bool]
    ) -> None:
        """Run the oldest task that was not cancelled, unless there is news already or no time left."""
        while self._line and not has_news() and self.clock.now() < until:
            future, task = self._line.popleft()
            if future.set_running_or_notify_cancel():
                channel = _Heeding(self._switchboard, task.ticket, lambda: has_news() or self.clock.now() >= until)
                with lend():
                    future.set_result(evaluate(self._work.function, task, self._work.kwargs, channel))
                return

    def close(self) -> None:
        self._line.clear()


class _Heeding(NamedTuple):
    """The channel of an evaluation in the caller's thread.

    Nobody can withdraw the ticket while the caller is busy with the run-function. So it looks by itself whether the
    caller wants its thread back.
    """

    switchboard: Switchboard
    ticket: int
    is_wanted_back: Callable[[], bool]

    def begin(self) -> None:
        self.switchboard.begin(self.ticket, now())

    def record(self, budget: float, objective: float) -> None:
        self.switchboard.record(self.ticket, budget, objective)

    def stopped(self) -> bool:
        return self.is_wanted_back() or self.switchboard.is_stopped(self.ticket)
