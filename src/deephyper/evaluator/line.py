"""All jobs of an evaluator: those that wait, those that workers hold, and finished ones not yet handed back."""

from __future__ import annotations

import math
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import final

from ..backend import Backend, Switchboard, Work
from ..callback import Broadcast
from ..job import Job
from ..storage import Seat
from ..worker import Recalled
from .budget import Budget
from .in_flight import InFlight, Landing
from .leases import Leases

# Python sees a Ctrl-C that arrives just before a wait only after the wait; so we wait in short steps.
_LONGEST_WAIT_S = 0.5
# If all of the newest evaluations were shorter than this, every worker gets a second job before the first has ended, so
# that it does not idle between two jobs.
_SHORT_S, _N_NEWEST = 0.05, 20


@final
class Line:
    """The jobs of an evaluator, from their submission until they are handed back.

    Jobs that wait are kept here. The backend never holds more jobs than its workers take at once.

    Args:
        backend: runs them.
        n_workers: how many evaluations run at a time.
    """

    def __init__(self, backend: Backend, n_workers: int):
        self._backend, self._n_workers = backend, n_workers
        self._switchboard = Switchboard()
        self._in_flight = InFlight(backend, self._switchboard)
        self._ready: deque[Job] = deque()
        self._newest_durations: deque[float] = deque(maxlen=_N_NEWEST)
        self._is_open = self._is_thread_lent = False
        self._process = os.getpid()
        self._finished: list[Job] = []  # and not yet handed back
        self.n_submitted = self.n_handed_back = 0

    def lend_from(self, leases: Leases) -> None:
        """Lend resources to every job from now on."""
        self._in_flight.lend_from(leases)

    # How much room there is.

    @property
    def n_unfinished(self) -> int:
        """How many jobs wait or run."""
        return len(self._ready) + len(self._in_flight)

    @property
    def n_free(self) -> int:
        """How many further jobs the workers would take now: one each, or two if evaluations are very short."""
        n_free = self._n_slots - self.n_unfinished
        n_leases = self._in_flight.n_leases
        return max(0, n_free if n_leases is None else min(n_free, n_leases - len(self._ready)))

    @property
    def _n_slots(self) -> int:
        """How many jobs the workers hold at most."""
        is_short = len(self._newest_durations) == _N_NEWEST and max(self._newest_durations) < _SHORT_S
        # A second job that waits at its worker would hold resources that another worker could use.
        works_ahead = is_short and self._backend.can_work_ahead and self._in_flight.n_leases is None
        return self._n_workers * (2 if works_ahead else 1)

    # In.

    def open(self, work: Work) -> None:
        """Start the backend unless it runs already.

        Raises:
            RunFunctionError: the run-function cannot reach the workers. No job exists yet at this point.
            RuntimeError: a parent of this process has started it.
        """
        self.refuse_parents(work.where)
        if not self._is_open:
            self._backend.open(work, self._n_workers, self._switchboard)
            self._is_open, self._process = True, os.getpid()

    def enter(self) -> bool:
        """Begin a context of the evaluator; False in a process that has evaluated for another one until it ended."""
        return self._backend.enter()

    def leave(self) -> None:
        """End a context of the evaluator, after `close`."""
        self._backend.leave()

    @property
    def is_of_parent(self) -> bool:
        """Whether the workers are those of another process, of which this one is a forked child."""
        return self._is_open and self._process != os.getpid()

    def refuse_parents(self, where: str) -> None:
        """Raise RuntimeError if the workers are those of another process."""
        if self.is_of_parent:
            raise RuntimeError(
                f"{where}: its workers belong to process {self._process}, which started them, and this is a forked "
                f"child of it; make another evaluator here."
            )

    def add(self, jobs: Sequence[Job]) -> None:
        """Put jobs at the end of the line."""
        self._ready.extend(jobs)
        self.n_submitted += len(jobs)

    def add_again(self, job: Job) -> None:
        """Put a job that lost its worker back at the head of the line."""
        self._ready.appendleft(job)

    @property
    def has_ended_ones(self) -> bool:
        """Whether evaluations have ended that nobody has taken in yet."""
        return self._in_flight.has_ended_ones

    def feed(self, seat: Seat, broadcast: Broadcast, budget: Budget) -> None:
        """Hand waiting jobs over while workers are free and there is time.

        Args:
            budget: how long there is.
            seat: gives the time at which each job is launched.
            broadcast: calls the callbacks.
        """
        while self._ready and len(self._in_flight) < self._n_slots and self._in_flight.n_leases != 0:
            if budget.time_left <= 0:
                return
            job = self._ready[0]
            job.launch(seat.time)
            broadcast.tell("on_launch", job)
            self._in_flight.begin(job)
            self._ready.popleft()

    # Out.

    def wait(self, budget: Budget, while_waiting: Callable[[], None]) -> bool:
        """Wait until a job has ended.

        Args:
            budget: how long to wait at most.
            while_waiting: called before every short wait, that is at least every half second while jobs run elsewhere.

        Returns:
            False if the time is over and no job has ended.
        """
        while not self._in_flight.has_ended_ones:
            while_waiting()
            if budget.time_left > 0:
                until = self._backend.clock.now() + budget.time_left
                self._backend.work(self._lent_thread, until, partial(self._has_news, budget))
            self._in_flight.wait(min(budget.time_left, _LONGEST_WAIT_S))
            if budget.time_left <= 0:
                return self._in_flight.has_ended_ones
        self._backend.settle()
        return True

    def _has_news(self, budget: Budget) -> bool:
        return self._in_flight.has_ended_ones or budget.time_left <= 0

    def ended(self) -> Iterator[Landing]:
        """Give the jobs that have ended by now, without waiting."""
        return self._in_flight.ended()

    def give_up(self) -> tuple[list[Landing], list[Job]]:
        """Give up all jobs; return those that workers held, and those that waited."""
        landings, waiting = self._in_flight.give_up(), list(self._ready)
        self._ready.clear()
        return landings, waiting

    def note_duration(self, seconds: float | None) -> None:
        """Note how many seconds an evaluation took; None if that is unknown."""
        self._newest_durations.append(math.inf if seconds is None else seconds)

    def keep(self, jobs: Sequence[Job]) -> None:
        """Keep jobs that have finished until they are handed back."""
        self._finished += jobs

    @property
    def n_finished(self) -> int:
        """How many jobs have finished and were not handed back yet."""
        return len(self._finished)

    def hand_back(self) -> list[Job]:
        """Return the finished jobs, and forget them."""
        jobs, self._finished = self._finished, []
        self.n_handed_back += len(jobs)
        return jobs

    def close(self) -> None:
        """End the workers; only called when no job of this evaluator runs any more."""
        if self._is_open:
            self._is_open = False
            self._backend.close()

    # The thread of the caller, in which some backends run the run-function.

    @contextmanager
    def _lent_thread(self) -> Iterator[None]:
        """Let the run-function run in the caller's thread while the context lasts; an interrupt ends it."""
        self._is_thread_lent = True
        try:
            yield
        except Recalled:
            # Nothing to do: the job still counts as running, and is cancelled like all jobs that run at the deadline.
            pass
        finally:
            self._is_thread_lent = False

    def interrupt(self) -> None:
        """End the wait for a job; a signal handler in the main thread may call this.

        Raises:
            KeyboardInterrupt: the run-function is running in this thread and must be left. The line catches this.
        """
        self._in_flight.wake()
        if self._is_thread_lent:
            raise Recalled
