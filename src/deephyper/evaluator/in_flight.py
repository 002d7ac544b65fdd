"""Jobs that workers have: from the moment one is handed over to the moment it has ended or is given up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from functools import partial
from queue import Empty, SimpleQueue
from typing import NamedTuple, final

from ..job import Job
from ..worker import NOTHING_LENT, Lease, Report, Task
from .attempts import Attempts
from .leases import Leases


class Flight(NamedTuple):
    """A job that was handed over.

    Args:
        job: the evaluation.
        future: gets to know how it ended.
        lease: what was lent to it.
    """

    job: Job
    future: Future[Report]
    lease: Lease


@final
class InFlight:
    """The jobs that workers have, each with what was lent to it; whatever happens to a job, its lease comes back once.

    Args:
        attempts: where run-functions report what happens on the way.
    """

    def __init__(self, attempts: Attempts):
        self._attempts = attempts
        self._leases: Leases | None = None
        self._flights: dict[int, Flight] = {}
        # Tickets of futures that are done; None only ends a wait.
        self._ended: SimpleQueue[int | None] = SimpleQueue()

    def __len__(self) -> int:
        return len(self._flights)

    def lend_from(self, leases: Leases) -> None:
        """Give every job resources of its own from now on.

        Raises:
            ValueError: there are others already.
        """
        if self._leases is not None:
            raise ValueError("evaluator: it takes either resources or a queue, got both; put the items of both into one queue.")
        self._leases = leases

    @property
    def n_leases(self) -> int | None:
        """How many further jobs could have resources of their own; None without resources."""
        return None if self._leases is None else self._leases.n_available

    def begin(self, job: Job, submit: Callable[[Task], Future[Report]]) -> None:
        """Hand a job over."""
        lease = NOTHING_LENT if self._leases is None else self._leases.lend()
        job.metadata.update(lease.resources)
        ticket = self._attempts.begin(job.observations)
        try:
            future = submit(Task(ticket, job.id, job.parameters, lease))
        except BaseException:
            self._release(ticket, lease)
            raise
        self._flights[ticket] = Flight(job, future, lease)
        future.add_done_callback(partial(_note, self._ended, ticket))

    @property
    def has_ended_ones(self) -> bool:
        """Whether a look for jobs that have ended may find any."""
        return not self._ended.empty()

    def wait(self, timeout: float) -> Flight | None:
        """Wait for the next job to end; None when none does, or when `wake` was called."""
        try:
            return self._landed(self._ended.get(timeout=timeout))
        except Empty:
            return None

    def wake(self) -> None:
        """End a wait; may be called from a signal's handler."""
        self._ended.put(None)

    def ended(self) -> Iterator[Flight]:
        """The jobs that have ended by now, without waiting."""
        while not self._ended.empty():
            if (flight := self._landed(self._ended.get())) is not None:
                yield flight

    def give_up(self) -> list[Flight]:
        """Wait for none of the jobs any longer."""
        flights = [self._landed(ticket) for ticket in list(self._flights)]
        return [flight for flight in flights if flight is not None]

    def _landed(self, ticket: int | None) -> Flight | None:
        """What a ticket stands for, unless it was given up before."""
        flight = None if ticket is None else self._flights.pop(ticket, None)
        if ticket is not None and flight is not None:
            self._release(ticket, flight.lease)
        return flight

    def _release(self, ticket: int, lease: Lease) -> None:
        self._attempts.end(ticket)
        if self._leases is not None:
            self._leases.give_back(lease)


def _note(ended: SimpleQueue[int | None], ticket: int, future: Future[Report]) -> None:
    ended.put(ticket)
