"""A backend for tests: each task runs at once, or when the test says so."""

from __future__ import annotations

from concurrent.futures import Future
from typing import final

from ..worker import Report, Task, evaluate
from .backend import Backend, Work
from .switchboard import Switchboard


@final
class Instant(Backend):
    """Runs tasks in the thread of whoever submits or ends them, so that a test decides all that happens.

    Args:
        where: who is named in messages.
        holds: whether tasks that were submitted run until `end` is called; otherwise they have ended when `submit`
            returns.
    """

    def __init__(self, where: str = "Instant", holds: bool = False):
        self._where, self._holds = where, holds
        self._held: dict[int, tuple[Future[Report], Task]] = {}

    def open(self, work: Work, n_workers: int, switchboard: Switchboard) -> None:
        self._work, self._switchboard = work, switchboard

    def submit(self, task: Task) -> Future[Report]:
        future: Future[Report] = Future()
        self._held[task.ticket] = (future, task)
        self._switchboard.begin(task.ticket, self.clock.now())
        if not self._holds:
            self.end(task.ticket)
        return future

    @property
    def held(self) -> list[int]:
        """Tickets of the tasks that run, the oldest first."""
        return [ticket for ticket, (future, _) in self._held.items() if not future.done()]

    def end(self, ticket: int, error: BaseException | None = None) -> None:
        """Evaluate a task that is held, or let it fail: `BrokenExecutor` stands for a lost worker."""
        future, task = self._held.pop(ticket)
        if not future.set_running_or_notify_cancel():
            return
        if error is not None:
            future.set_exception(error)
        else:
            channel = self._switchboard.channel(ticket)
            future.set_result(evaluate(self._work.function, task, self._work.kwargs, channel))

    def end_all(self) -> None:
        """Evaluate all tasks that are held, the oldest first; also those that are submitted meanwhile."""
        while held := self.held:
            self.end(held[0])

    def close(self) -> None:
        self._held.clear()
