"""Whose result is awaited, what each evaluation has recorded on the way, and which of them should end early."""

from __future__ import annotations

import logging
from collections.abc import Callable
from itertools import count
from typing import NamedTuple, final

from ..worker import Channel, Observations, now

logger = logging.getLogger(__name__)


@final
class _Attempt:
    """One attempt at an evaluation."""

    __slots__ = ("begun", "is_stopped", "observations")

    def __init__(self, observations: Observations):
        self.observations = observations
        self.begun: float | None = None
        self.is_stopped = False


@final
class Switchboard:
    """The attempts at evaluations whose results are awaited, each with a ticket. Any thread may use it.

    Every attempt has a ticket of its own, so that a late message of one that was given up or repeated reaches nobody.

    Args:
        on_record: called with the ticket, the budget and the value of every intermediate value of an awaited attempt,
            before anybody can ask whether that attempt should end early; this is the moment to decide it. It runs in
            the thread that answers the workers, so it must be quick, and a longer decision belongs in a thread of its
            own.
    """

    def __init__(self, on_record: Callable[[int, float, float], None] | None = None):
        self._on_record = on_record
        self._tickets = count()
        # Single operations on a dictionary or a list need no lock.
        self._attempts: dict[int, _Attempt] = {}

    # The manager's side.

    def open(self, observations: Observations) -> int:
        """Give a ticket to a new attempt; what it records is appended to `observations`."""
        ticket = next(self._tickets)
        self._attempts[ticket] = _Attempt(observations)
        return ticket

    def close(self, ticket: int) -> float | None:
        """Await an attempt no longer; harmless when called again.

        Returns:
            When its run-function began, on the backend's clock; None if it has not, as far as is known.
        """
        attempt = self._attempts.pop(ticket, None)
        return None if attempt is None else attempt.begun

    def stop(self, ticket: int) -> None:
        """Let an attempt know, when it asks, that it should end early."""
        attempt = self._attempts.get(ticket)
        if attempt is not None:
            attempt.is_stopped = True

    # The workers' side.

    def begin(self, ticket: int, time: float) -> None:
        """Note when the run-function began; the first word about it counts."""
        attempt = self._attempts.get(ticket)
        if attempt is not None and attempt.begun is None:
            attempt.begun = time

    def record(self, ticket: int, budget: float, value: float) -> None:
        """Take in an intermediate value; one of an attempt that is not awaited is dropped."""
        attempt = self._attempts.get(ticket)
        if attempt is None:
            return
        attempt.observations.append((budget, value))
        if self._on_record is not None:
            try:
                self._on_record(ticket, budget, value)
            except Exception:
                # Neither the evaluation nor the thread that answers the others may pay for it.
                logger.exception("deciding on an intermediate value failed; the evaluation goes on")

    def is_stopped(self, ticket: int) -> bool:
        """Whether an attempt should end early: it was told to, or nobody awaits it."""
        attempt = self._attempts.get(ticket)
        return attempt is None or attempt.is_stopped

    def is_awaited(self, ticket: int) -> bool:
        """Whether anybody waits for the end of an attempt."""
        return ticket in self._attempts

    def channel(self, ticket: int, is_over: Callable[[], bool] = bool) -> Channel:
        """The channel of an evaluation in this process; `is_over` may say as well that it should end early."""
        return _LocalChannel(self, ticket, is_over)


class _LocalChannel(NamedTuple):
    """The channel of an evaluation in this process."""

    switchboard: Switchboard
    ticket: int
    is_over: Callable[[], bool]

    def begin(self) -> None:
        self.switchboard.begin(self.ticket, now())

    def record(self, budget: float, objective: float) -> None:
        self.switchboard.record(self.ticket, budget, objective)

    def stopped(self) -> bool:
        return self.is_over() or self.switchboard.is_stopped(self.ticket)
