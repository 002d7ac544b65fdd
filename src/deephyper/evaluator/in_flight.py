"""Jobs that workers hold, from being handed over until they have ended or were given up."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from functools import partial
from typing import NamedTuple, final

from ..backend import Backend, Switchboard
from ..job import Job
from ..worker import NOTHING_LENT, Lease, Report, Task
from .leases import Leases


class Flight(NamedTuple):
    """A job that was handed to a worker.

    Args:
        job: the job.
        future: completes when the evaluation has ended.
        lease: what was lent to the evaluation.
    """

    job: Job
    future: Future[Report]
    lease: Lease


class Landing(NamedTuple):
    """A job that no worker holds any more.

    Args:
        job: the job.
        future: how the evaluation ended; not done if it was given up.
        begun: when its run-function began, in seconds on the backend's clock; None if it did not begin or that is
            unknown.
    """

    job: Job
    future: Future[Report]
    begun: float | None


@final
class InFlight:
    """The jobs that workers hold; each returns what was lent to it exactly once, however it ends.

    Args:
        backend: runs them.
        switchboard: where run-functions report while they run.
    """

    def __init__(self, backend: Backend, switchboard: Switchboard):
        self._backend, self._switchboard = backend, switchboard
        self._leases: Leases | None = None
        self._flights: dict[int, Flight] = {}
        self._ended: deque[int] = deque()  # tickets of futures that are done
        # A doorbell: held while nothing has happened, released to wake `wait`. Not a queue: `queue.Queue` may deadlock
        # in a signal handler, and `SimpleQueue.get` can hang on Python 3.11 if its timeout has already passed.
        self._bell = threading.Lock()
        self._bell.acquire()

    def __len__(self) -> int:
        return len(self._flights)

    def lend_from(self, leases: Leases) -> None:
        """Lend resources to every job from now on.

        Raises:
            ValueError: other resources are lent already.
        """
        if self._leases is not None:
            raise ValueError(
                "evaluator: it takes either resources or a queue, got both; put the items of both into one queue."
            )
        self._leases = leases

    @property
    def n_leases(self) -> int | None:
        """For how many further jobs there are resources; None if no resources are lent."""
        return None if self._leases is None else self._leases.n_available

    def begin(self, job: Job) -> None:
        """Hand a job to a worker."""
        lease = NOTHING_LENT if self._leases is None else self._leases.lend()
        if lease.resources:
            job.metadata.update(lease.resources)
        ticket = self._switchboard.open(job.observations)
        try:
            future = self._backend.submit(Task(ticket, job.id, job.parameters, lease))
        except BaseException:
            self._release(ticket, lease)
            raise
        self._flights[ticket] = Flight(job, future, lease)
        future.add_done_callback(partial(self._note_end, ticket))

    @property
    def has_ended_ones(self) -> bool:
        """Whether `ended` may give any job."""
        return bool(self._ended)

    def wait(self, timeout: float) -> None:
        """Wait until a job has ended or `wake` is called, at most `timeout` seconds."""
        if not self._ended:
            self._bell.acquire(timeout=timeout)

    def wake(self) -> None:
        """End a wait; may be called from a signal handler."""
        # The lock may be released already, by a call that no `wait` has noticed yet.
        with contextlib.suppress(RuntimeError):
            self._bell.release()

    def _note_end(self, ticket: int, future: Future[Report]) -> None:
        self._ended.append(ticket)
        self.wake()

    def ended(self) -> Iterator[Landing]:
        """Give the jobs that have ended by now, without waiting."""
        while self._ended:
            if (landing := self._landed(self._ended.popleft())) is not None:
                yield landing

    def give_up(self) -> list[Landing]:
        """Give up all jobs; running ones are killed if the backend can do that."""
        futures = [flight.future for flight in self._flights.values()]
        if not futures:
            return []
        # What a run-function does to clean up may ask, so it is told before it is ended.
        for ticket in self._flights:
            self._switchboard.stop(ticket)
        self._backend.give_up(futures)
        landings = [self._landed(ticket) for ticket in list(self._flights)]
        return [landing for landing in landings if landing is not None]

    def _landed(self, ticket: int) -> Landing | None:
        """The job of a ticket; None if it was given up before."""
        flight = self._flights.pop(ticket, None)
        if flight is None:
            return None
        return Landing(flight.job, flight.future, self._release(ticket, flight.lease))

    def _release(self, ticket: int, lease: Lease) -> float | None:
        """Close a ticket, take back what was lent for it, and return when its run-function began."""
        begun = self._switchboard.close(ticket)
        if self._leases is not None:
            self._leases.give_back(lease)
        return begun
