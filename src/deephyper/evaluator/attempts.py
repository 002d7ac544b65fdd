"""Evaluations that are under way, as their run-functions reach them."""

from __future__ import annotations

from itertools import count
from typing import NamedTuple, final

from ..job import Observations


@final
class Attempts:
    """The attempts at evaluations whose result is still awaited, by ticket; any thread may speak to them."""

    def __init__(self) -> None:
        self._tickets = count()
        # Single operations on a dictionary or a list need no lock.
        self._observations: dict[int, Observations] = {}

    def begin(self, observations: Observations) -> int:
        """Give a ticket to a new attempt, which will record its values in `observations`."""
        ticket = next(self._tickets)
        self._observations[ticket] = observations
        return ticket

    def end(self, ticket: int) -> None:
        """Wait for it no longer."""
        self._observations.pop(ticket, None)

    def record(self, ticket: int, budget: float, objective: float) -> None:
        """Take in an intermediate value; one of an attempt that was given up is dropped."""
        observations = self._observations.get(ticket)
        if observations is not None:
            observations.append((budget, objective))

    def is_stopped(self, ticket: int) -> bool:
        """Whether an attempt should end early: nobody waits for it."""
        return ticket not in self._observations


class LocalChannel(NamedTuple):
    """The channel of an evaluation in this process."""

    attempts: Attempts
    ticket: int

    def record(self, budget: float, objective: float) -> None:
        self.attempts.record(self.ticket, budget, objective)

    def stopped(self) -> bool:
        return self.attempts.is_stopped(self.ticket)
