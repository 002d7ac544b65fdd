"""Jobs that workers have: from the moment one is handed over to the moment it has ended or is given up."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from functools import partial
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
        # Tickets of futures that are done.
        self._ended: deque[int] = deque()
        # Held while there is nothing new. A queue that can be waited at is either no business of a signal's handler, or may, in
        # Python 3.11, wait without end when its time is over before it begins to wait.
        self._bell = threading.Lock()
        self._bell.acquire()

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
        future.add_done_callback(partial(self._note, ticket))

    @property
    def has_ended_ones(self) -> bool:
        """Whether a look for jobs that have ended may find any."""
        return bool(self._ended)

    def wait(self, timeout: float) -> Flight | None:
        """Wait for the next job to end, at most some seconds; None when none does, or when `wake` was called."""
        if not self._ended:
            self._bell.acquire(timeout=timeout)
        return self._landed(self._ended.popleft()) if self._ended else None

    def wake(self) -> None:
        """End a wait; may be called from a signal's handler."""
        # It may have been rung and not yet heard.
        with contextlib.suppress(RuntimeError):
            self._bell.release()

    def _note(self, ticket: int, future: Future[Report]) -> None:
        self._ended.append(ticket)
        self.wake()

    def ended(self) -> Iterator[Flight]:
        """The jobs that have ended by now, without waiting."""
        while self._ended:
            if (flight := self._landed(self._ended.popleft())) is not None:
                yield flight

    def give_up(self) -> list[Flight]:
        """Wait for none of the jobs any longer."""
        flights = [self._landed(ticket) for ticket in list(self._flights)]
        return [flight for flight in flights if flight is not None]

    def _landed(self, ticket: int) -> Flight | None:
        """What a ticket stands for, unless it was given up before."""
        flight = self._flights.pop(ticket, None)
        if flight is not None:
            self._release(ticket, flight.lease)
        return flight

    def _release(self, ticket: int, lease: Lease) -> None:
        self._attempts.end(ticket)
        if self._leases is not None:
            self._leases.give_back(lease)
