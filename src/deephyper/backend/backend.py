"""What a backend is: five verbs and a clock."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from functools import cached_property
from typing import Any, NamedTuple

from ..worker import Report, RunFunction, Task
from .clock import Clock, RealClock
from .switchboard import Switchboard

Lend = Callable[[], AbstractContextManager[None]]
"""Makes a context in which the run-function works; there an interrupt may raise, and the context swallows it."""


class Work(NamedTuple):
    """What the workers of a backend do with every task.

    Args:
        where: who is named in messages about it.
        function: the run-function.
        kwargs: further keyword arguments of every call.
    """

    where: str
    function: RunFunction
    kwargs: Mapping[str, Any]


class Backend(ABC):
    """Runs tasks, and knows nothing of searches, stores and callbacks.

    The future of a task says how it ended: with a `Report`, also where the run-function raised; with `LimitExceeded`
    where it took more than it may; with `BrokenExecutor` or a cancellation where its worker was lost.

    What a run-function reports on the way goes to the switchboard, through the channel that `evaluate` is given.
    """

    can_work_ahead: bool = False
    """Whether it takes more tasks than it has workers, so that no worker waits for the manager between two tasks."""

    @cached_property
    def clock(self) -> Clock:
        """The only clock that anybody who uses this backend reads."""
        return RealClock()

    def enter(self) -> bool:
        """Begin a context, for backends whose workers run the same script.

        Returns:
            False in one of those, when it has nothing more to evaluate.
        """
        return True

    def leave(self) -> None:
        """End a context, after `close` and whatever has happened in between."""

    def usual_workers(self) -> int | None:
        """How many tasks it would run at a time; asked where the user has not said. None if that cannot be known."""
        return None

    @abstractmethod
    def open(self, work: Work, n_workers: int, switchboard: Switchboard) -> None:
        """Get ready for tasks; also again after `close`.

        Args:
            work: what to do with every task.
            n_workers: how many tasks run at a time.
            switchboard: knows whose result is awaited, and takes in what run-functions report on the way.

        Raises:
            RunFunctionError: the function cannot reach the workers.
        """

    @abstractmethod
    def submit(self, task: Task) -> Future[Report]:
        """Give one task to the workers; it waits in line while all of them are busy."""

    def give_up(self, futures: Sequence[Future[Report]]) -> None:
        """End tasks whose results nobody awaits any more.

        A task that cannot be ended is abandoned, and another worker takes its place.
        """
        for future in futures:
            future.cancel()

    def work(self, lend: Lend, until: float, has_news: Callable[[], bool]) -> None:
        """Use the caller's thread for the tasks, for backends without workers; the caller calls this again and again.

        Args:
            lend: makes a context for the run-function.
            until: the time on the clock to come back at, infinity for none.
            has_news: true once a task has ended, or once the caller wants its thread back for another reason.
        """

    def settle(self) -> None:
        """Wait a moment for what ended tasks have left on its way, such as what they printed; never for long."""

    @abstractmethod
    def close(self) -> None:
        """Let go of all workers, whatever they do; harmless when nothing is open."""
