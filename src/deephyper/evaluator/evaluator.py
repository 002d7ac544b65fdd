"""One loop over `concurrent.futures`: jobs in, jobs out.

A backend opens an executor, and may know how to kill what runs in it. All the rest (numbering, times, failures, deadlines,
callbacks) is here, once.
"""

from __future__ import annotations

import logging
import math
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from importlib import import_module
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

from .._checks import count, instance_of, known_options, one_of
from ..errors import MaximumJobsSpawnReached, RunFunctionError
from ..job import WORKER_DIED, Job, n_objectives_of
from ..storage import MemoryStorage, Storage
from ..worker import Report, RunFunction, Task, now
from .attempts import Attempts
from .budget import Budget
from .callback import Callback
from .in_flight import Flight, InFlight
from .reports import HostClocks, understand

logger = logging.getLogger(__name__)

T = TypeVar("T")

GATHER_TYPES = ("ALL", "BATCH")

# A Ctrl-C that arrives just before the main thread begins to wait is only seen when the wait ends, so that no wait is long.
_LONGEST_WAIT_S = 0.5
# Where all of the newest evaluations were shorter than this, every worker has a second one waiting while the first one runs.
_SHORT_S, _N_NEWEST = 0.05, 20

# Where each backend lives; it is imported when it is asked for, so that nobody pays for the others.
EVALUATORS = {
    "serial": ("local", "SerialEvaluator"),
    "thread": ("local", "ThreadEvaluator"),
    "process": ("lanes", "ProcessEvaluator"),
    "loky": ("lanes", "ProcessEvaluator"),
    "simulated": ("simulated", "SimulatedEvaluator"),
    "executor": ("foreign", "ExecutorEvaluator"),
}


class _GivenUp(KeyboardInterrupt):
    """What an interrupt raises in a run-function."""


class Evaluator(ABC):
    """Runs a function on many configurations, on as many workers as it has.

    Args:
        run_function: called with one mapping of parameters; returns a number, several numbers, "F…" for a failure, or a
            dictionary with `objective` and `metadata`. Plain functions, `async def`, closures, lambdas and partials.
        num_workers: how many evaluations run at a time.
        callbacks: who is told of launches and results.
        run_function_kwargs: further keyword arguments of every call.
        storage: where jobs are remembered; the evaluator's own memory if None.
        search_id: name of the search in the storage; a new one if None.
    """

    def __init__(
        self,
        run_function: RunFunction,
        num_workers: int = 1,
        callbacks: Sequence[Callback] | None = None,
        run_function_kwargs: Mapping[str, Any] | None = None,
        storage: Storage | None = None,
        search_id: str | None = None,
    ):
        where = type(self).__name__
        if not callable(run_function):
            raise RunFunctionError(
                f"{where}: run_function must be callable with one mapping of parameters, got {run_function!r} of type "
                f"{type(run_function).__name__}. Pass the function itself, without calling it."
            )
        self.run_function = run_function
        self.num_workers = count(where, "num_workers", num_workers)
        for callback in callbacks or ():
            instance_of(where, "each of callbacks", callback, Callback, "an instance of deephyper.evaluator.callback.Callback")
        self.callbacks = list(callbacks or ())
        self.run_function_kwargs = dict(run_function_kwargs or {})
        if storage is not None:
            instance_of(where, "storage", storage, Storage, "a deephyper.storage.Storage or None")
        self.given_storage, self.given_search_id = storage, search_id
        self.storage: Storage = MemoryStorage() if storage is None else storage
        self.search_id = "" if search_id is None else self.storage.new_search(search_id)
        self.num_jobs_submitted = 0
        self.num_jobs_gathered = 0
        self._budget = Budget(where, self.now)
        self._works_in_callers_thread = False
        self._max_retries = 0
        self._newest_durations: deque[float] = deque(maxlen=_N_NEWEST)
        self._executor: Executor | None = None
        self._background: ThreadPoolExecutor | None = None
        self._ready: deque[Job] = deque()
        self._attempts = Attempts()
        self._in_flight = InFlight(self._attempts)
        self._finished: list[Job] = []  # and not yet handed back
        self._own_ids: dict[str, set[int]] = {}
        self._news_position = 0
        self._n_objectives: int | None = None
        self._clocks = HostClocks()

    @staticmethod
    def create(
        run_function: RunFunction, method: str | Executor = "serial", method_kwargs: Mapping[str, Any] | None = None
    ) -> Evaluator:
        """Make an evaluator by the name of its backend.

        Args:
            run_function: what to evaluate.
            method: "serial", "thread", "process", "loky", or an open `concurrent.futures.Executor` of your own.
            method_kwargs: arguments of the backend's class, for example `num_workers` and `callbacks`.
        """
        options = dict(method_kwargs or {})
        if isinstance(method, Executor):
            method, options = "executor", {"executor": method, **options}
        one_of("Evaluator.create", "method", method, EVALUATORS)
        module, name = EVALUATORS[method]
        backend: type[Evaluator] = getattr(import_module(f"{__package__}.{module}"), name)
        known_options(f"{name} (method {method!r})", options, backend.__init__, left_out=["run_function"])
        return backend(run_function, **options)

    # What a backend adds.

    can_work_ahead: bool = False
    """Whether a worker can be given its next evaluation while one runs, so that it need not wait for the manager in between."""

    @abstractmethod
    def _open(self) -> Executor:
        """Open the executor that evaluations are submitted to."""

    @abstractmethod
    def _submit(self, executor: Executor, task: Task) -> Future[Report]:
        """Hand one evaluation to the executor."""

    def _give_up(self, executor: Executor, futures: Sequence[Future[Report]]) -> None:
        """End all evaluations that run; those that cannot be ended are abandoned, and their slots replaced."""
        for future in futures:
            future.cancel()

    def _begun_at(self, flight: Flight) -> float | None:
        """When an evaluation began that was handed over and told nothing itself; None if it has not."""
        return flight.job.timestamp_start

    def _work_here(self, executor: Executor) -> None:
        """Work in the caller's own thread, for backends without workers of their own."""

    @contextmanager
    def _may_be_interrupted(self) -> Iterator[None]:
        """The run-function works in the caller's thread for as long as the context lasts, or until an interrupt."""
        self._works_in_callers_thread = True
        try:
            yield
        except _GivenUp:
            # It stays in flight, and is cancelled like all that runs at a deadline.
            pass
        finally:
            self._works_in_callers_thread = False

    def _shut(self, executor: Executor) -> None:
        """Close the executor; nothing of ours runs in it any more."""
        executor.shutdown(wait=False, cancel_futures=True)

    def now(self) -> float:
        """Seconds on the evaluator's clock, the only one that a search reads."""
        return now()

    def in_background(self, function: Callable[..., T], *args: Any) -> Future[T]:
        """Compute something of the search's own while evaluations run."""
        if self._background is None:
            self._background = ThreadPoolExecutor(1, thread_name_prefix="deephyper-background")
        return self._background.submit(function, *args)

    def wait_for(self, future: Future[Any]) -> bool:
        """Wait for something in the background, not beyond the deadline; False if it is not done then."""
        if not future.done():
            wait([future], timeout=None if self.timeout is None else self.time_left)
        return future.done()

    # Budgets.

    @property
    def timeout(self) -> float | None:
        """Seconds until all evaluations are cancelled, counted from when it was set; None for no limit."""
        return self._budget.timeout

    @timeout.setter
    def timeout(self, value: float | None) -> None:
        self._budget.timeout = value

    @property
    def time_left(self) -> float:
        """Seconds to the deadline, never negative; infinity without one."""
        return self._budget.time_left

    def interrupt(self) -> None:
        """Let the deadline be now, until `resume`; for a signal's handler in the main thread.

        Raises:
            KeyboardInterrupt: the run-function works in this very thread, which must leave it; the evaluator catches it.
        """
        self._budget.interrupt()
        self._in_flight.wake()
        if self._works_in_callers_thread:
            raise _GivenUp

    def resume(self) -> None:
        """Take an interrupt back."""
        self._budget.interrupt(False)

    def set_maximum_num_jobs_submitted(self, maximum: int) -> None:
        """Allow `maximum` further jobs, no more; -1 lifts the limit."""
        self._budget.allow_jobs(maximum)

    @property
    def num_jobs_allowed(self) -> float:
        """How many further jobs may be submitted; infinity without a limit."""
        return self._budget.n_jobs_left

    @property
    def num_jobs_unfinished(self) -> int:
        """How many jobs are submitted and not yet gathered."""
        return len(self._ready) + len(self._in_flight)

    @property
    def num_free_workers(self) -> int:
        """How many further jobs workers would take at once: one each, two where evaluations are very short."""
        n_free = self._n_slots - self.num_jobs_unfinished
        n_leases = self._in_flight.n_leases
        return max(0, n_free if n_leases is None else min(n_free, n_leases - len(self._ready)))

    @property
    def _n_slots(self) -> int:
        """How many jobs workers hold at most."""
        is_short = len(self._newest_durations) == _N_NEWEST and max(self._newest_durations) < _SHORT_S
        # With resources lent, an evaluation that waits in line would keep them from another one.
        works_ahead = is_short and self.can_work_ahead and self._in_flight.n_leases is None
        return self.num_workers * (2 if works_ahead else 1)

    # Jobs in.

    def join(self, storage: Storage, search_id: str, n_objectives: int | None = None) -> None:
        """Number and remember jobs from now on as those of a search.

        Args:
            storage: where they are remembered.
            search_id: the search's name in it.
            n_objectives: how many objectives its evaluations have, None while unknown.
        """
        if self.num_jobs_unfinished and (storage, search_id) != (self.storage, self.search_id):
            raise RuntimeError(f"{type(self).__name__} still runs jobs of search {self.search_id!r}; gather them first.")
        if (storage, search_id) != (self.storage, self.search_id):
            self._news_position = 0
        self.storage, self.search_id, self._n_objectives = storage, search_id, n_objectives

    def submit(
        self, configurations: Sequence[Mapping[str, Any]], metadata: Sequence[Mapping[str, Any]] | None = None
    ) -> list[Job]:
        """Send configurations to the workers; those that find none free wait in line.

        Args:
            configurations: a mapping of parameters for each job.
            metadata: what is known of each job before it runs; keys that begin with "_" stay out of the table.

        Raises:
            MaximumJobsSpawnReached: more jobs than `set_maximum_num_jobs_submitted` allows.
        """
        for configuration in configurations:
            instance_of(type(self).__name__, "each configuration", configuration, Mapping, "a mapping of parameters")
        if len(configurations) > self.num_jobs_allowed:
            raise MaximumJobsSpawnReached(
                f"{type(self).__name__} may submit {self.num_jobs_allowed:g} further jobs, got {len(configurations)}."
            )
        if not self.search_id:
            self.search_id = self.storage.new_search()
        if self._executor is None:
            # A function that cannot reach the workers is refused before any job exists.
            self._executor = self._open()
        jobs = [self._new_job(c, m) for c, m in zip(configurations, metadata or [{}] * len(configurations), strict=True)]
        self._budget.take_jobs(len(jobs))
        self._ready.extend(jobs)
        self._feed()
        return jobs

    def _new_job(self, parameters: Mapping[str, Any], metadata: Mapping[str, Any]) -> Job:
        job = Job(-1, parameters, self.search_id, metadata, self.now())
        job.id = self.storage.new_job(self.search_id, job.record())
        self._own_ids.setdefault(self.search_id, set()).add(job.id)
        self.num_jobs_submitted += 1
        return job

    def _feed(self) -> None:
        """Start waiting jobs while workers are free."""
        while self._ready and len(self._in_flight) < self._n_slots and self._in_flight.n_leases != 0:
            job = self._ready[0]
            job.launch(self.now())
            self.storage.update_job(self.search_id, job.id, {"status": job.status.value})
            self._notify("on_launch", job)
            executor = self._executor = self._executor or self._open()
            self._in_flight.begin(job, lambda task, executor=executor: self._submit(executor, task))  # type: ignore[misc]
            self._ready.popleft()

    # Jobs out.

    def gather(self, type: str = "ALL", size: int = 1) -> list[Job] | tuple[list[Job], list[Job]]:  # noqa: A002
        """Wait for jobs and hand them back, in the order in which they ended.

        At the deadline all that still runs is cancelled and handed back as well.

        Args:
            type: "ALL" waits for every job, "BATCH" for at least `size` of them.
            size: how many to wait for with "BATCH".

        Returns:
            The jobs; or a pair, the jobs and those of other searches on the same storage, when there are any of these.
        """
        one_of("gather", "type", type, GATHER_TYPES)
        n_there = self.num_jobs_unfinished + len(self._finished)
        wanted = n_there if type == "ALL" else min(count("gather", "size", size), n_there)
        while len(self._finished) < wanted:
            ended = self._next_ended()
            if ended is None:
                self._cancel_all()
                break
            self._finish(ended)
            for also_ended in self._in_flight.ended():
                self._finish(also_ended)
            self._feed()
        self._notify("on_gather", self._finished)
        jobs = self._hand_back()
        others = self._news()
        return (jobs, others) if others else jobs

    def _next_ended(self) -> Flight | None:
        """Wait for the next job to end; None at the deadline."""
        while True:
            if self._executor is not None and not self._in_flight.has_ended_ones and self.time_left > 0:
                self._work_here(self._executor)
            ended = self._in_flight.wait(min(self.time_left, _LONGEST_WAIT_S))
            if ended is not None or self.time_left <= 0:
                return ended

    def _hand_back(self) -> list[Job]:
        jobs, self._finished = self._finished, []
        self.num_jobs_gathered += len(jobs)
        return jobs

    def _finish(self, flight: Flight) -> None:
        if self._take_in(flight):
            self._notify("on_done", flight.job)

    def _take_in(self, flight: Flight) -> bool:
        """Understand how a job has ended; False if it goes to another worker."""
        job = flight.job
        ended = understand(flight.future, self.now(), self._clocks, self._n_objectives)
        outcome = ended.outcome
        if outcome.objective == WORKER_DIED and job.n_retries < self._max_retries:
            logger.warning("job %s lost its worker and is tried again: %s", job.id, outcome.metadata.get("traceback"))
            job.retry()
            self._ready.appendleft(job)
            return False
        if outcome.crashed:
            logger.warning(
                "job %s failed on %s: %s", job.id, job.parameters, outcome.metadata.get("traceback", outcome.objective)
            )
        elif not outcome.is_failure and self._n_objectives is None:
            self._n_objectives = n_objectives_of(outcome.objective)
        if self._max_retries:
            job.metadata["retries"] = job.n_retries
        start = self._begun_at(flight) if ended.start is None else ended.start
        job.finish(outcome, start, ended.end, self.now(), ended.observations)
        self._newest_durations.append(math.inf if job.duration is None else job.duration)
        self.storage.update_job(self.search_id, job.id, job.record())
        self._finished.append(job)
        return True

    def _news(self) -> list[Job]:
        if not self.search_id:
            return []
        records, self._news_position = self.storage.finished(self.search_id, self._news_position)
        others = [Job.from_record(r, self.search_id) for r in records if r["job_id"] not in self._own_ids.get(self.search_id, ())]
        for job in others:
            self._notify("on_done_other", job)
        return others

    # Endings.

    def cancel(self) -> list[Job]:
        """Give up all jobs that wait or run; their workers are killed where the backend can.

        Returns:
            The cancelled jobs, and finished ones that an error in a callback has kept from being gathered.
        """
        self._cancel_all()
        return self._hand_back()

    def _cancel_all(self) -> None:
        # What has ended by now counts, also when an error in a callback keeps it from being told.
        for ended in self._in_flight.ended():
            self._take_in(ended)
        time = self.now()
        flights, waiting = self._in_flight.give_up(), list(self._ready)
        self._ready = deque()
        if self._executor is not None and flights:
            for flight in flights:
                flight.job.timestamp_start = self._begun_at(flight)
            self._give_up(self._executor, [flight.future for flight in flights])
        jobs = [flight.job for flight in flights] + waiting
        for job in jobs:
            job.cancel(time)
            self.storage.update_job(self.search_id, job.id, job.record())
        self._finished += jobs

    def close(self) -> None:
        """Cancel what runs and let go of all workers; the next `submit` would open them anew."""
        self.cancel()
        if self._executor is not None:
            self._shut(self._executor)
            self._executor = None
        if self._background is not None:
            self._background.shutdown(wait=True, cancel_futures=True)
            self._background = None
        self._notify("on_close")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Literal[False]:
        self.close()
        return False

    # Callbacks.

    def announce(self, max_evals: int | None) -> None:
        """Tell the callbacks that a search begins."""
        self._notify("on_start", max_evals)

    def dismiss(self) -> None:
        """Tell the callbacks that the search ends."""
        self._notify("on_close")

    @property
    def stop_reason(self) -> str | None:
        """Why a callback wants the search to end, None if none does."""
        return next((callback.stop_reason for callback in self.callbacks if callback.stop_reason), None)

    def _notify(self, event: str, *about: Any) -> None:
        for callback in self.callbacks:
            getattr(callback, event)(*about)

    def to_json(self) -> dict[str, Any]:
        """What this evaluator is, as plain data."""
        return {
            "type": type(self).__name__,
            "run_function": getattr(self.run_function, "__name__", repr(self.run_function)),
            "num_workers": self.num_workers,
            "run_function_kwargs": sorted(self.run_function_kwargs),
            "callbacks": [type(callback).__name__ for callback in self.callbacks],
            "storage": type(self.storage).__name__,
            "search_id": self.search_id,
        }
