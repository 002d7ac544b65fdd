"""Evaluations in the caller's own thread, one after the other."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import final

from ..worker import Report, Task, evaluate
from .backend import Backend, Lend, Work
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

    def work(self, lend: Lend, until: float, has_news: Callable[[], bool]) -> None:
        """Run the oldest task that was not cancelled, unless there is news already or no time left."""
        while self._line and not has_news() and self.clock.now() < until:
            future, task = self._line.popleft()
            if future.set_running_or_notify_cancel():
                # Nobody withdraws the ticket while the caller is busy with the run-function, so that looks by itself.
                is_wanted_back = lambda: has_news() or self.clock.now() >= until  # noqa: E731
                channel = self._switchboard.channel(task.ticket, is_wanted_back)
                with lend():
                    future.set_result(evaluate(self._work.function, task, self._work.kwargs, channel))
                return

    def close(self) -> None:
        self._line.clear()
