"""The evaluator: it takes configurations in, runs them as jobs, and hands back the finished jobs."""

from __future__ import annotations

import logging
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from functools import partial
from importlib import import_module
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from .._checks import count, explained, instance_of, known_names, one_of, options_of, warn
from .._turns import Turns
from ..backend import Backend, Clock, Work, backend_class, is_async, is_of_submitit
from ..callback import Broadcast, Callback
from ..errors import MaximumJobsSpawnReached
from ..job import Job, Objectives, ready_record
from ..storage import Record, Seat, Storage
from ..worker import RunFunction
from .arguments import (
    check_function,
    check_method,
    checked_callbacks,
    checked_jobs,
    checked_kwargs,
    checked_workers,
    name_of,
    options_of_both,
    warn_of_few_resources,
    warn_of_one_at_a_time,
    with_memory_limit,
)
from .budget import Budget
from .leases import Leases
from .line import Line
from .other_names import instead_in_create, instead_of_attribute, instead_of_option
from .place import Place
from .reports import Reports

logger = logging.getLogger(__name__)

GATHER_TYPES = ("ALL", "BATCH")
_UNKNOWN = Objectives()

# The public class of every method, in `methods.py`.
EVALUATORS = {
    "serial": "SerialEvaluator",
    "thread": "ThreadEvaluator",
    "process": "ProcessEvaluator",
    "loky": "ProcessEvaluator",
    "simulated": "SimulatedEvaluator",
    "ray": "RayEvaluator",
    "dask": "DaskEvaluator",
    "mpicomm": "MPICommEvaluator",
    "executor": "ExecutorEvaluator",
}


class Evaluator:
    """Runs a function on many configurations, on several workers at a time.

    One call at a time uses it, one search at a time keeps it: whoever calls meanwhile, from another thread or from a
    callback, gets a RuntimeError. One thread after the other may use it.

    Four parts share the work:

    - a `deephyper.backend.Backend` runs the evaluations;
    - `budget` limits how many may be submitted and until when they may run;
    - `line` holds the jobs from their submission until they are handed back;
    - `broadcast` calls the callbacks.

    Args:
        run_function: called with one mapping of parameters. It returns a number, several numbers, a text "F…" for a
            failure, or a dictionary with `objective` and `metadata`. Plain functions, `async def` functions, closures,
            lambdas and partials are accepted.
        num_workers: how many evaluations run at a time. With None it is one; in threads and processes inside of an
            allocation of Slurm, PBS, LSF or Flux it is as many as the cores or devices that were granted on this host,
            and with methods whose workers are elsewhere as many as there are.
        callbacks: called when jobs are launched, end and are handed back; a list of them, or a single one.
        run_function_kwargs: further keyword arguments of every call.
        storage: where jobs are stored; in this process's memory if None.
        search_id: name of the search in the storage; a new one if None.
        options: those of the backend.

    Example:
        >>> from deephyper.evaluator import Evaluator
        >>> options = {"num_workers": 2}
        >>> with Evaluator.create(lambda job: job["x"] ** 2, method="thread", method_kwargs=options) as evaluator:
        ...     jobs = evaluator.submit([{"x": 2}, {"x": 3}]) and evaluator.gather("ALL")
        >>> sorted(job.objective for job in jobs)
        [4.0, 9.0]
    """

    backend: ClassVar[str | type[Backend]] = "serial"
    """What runs the evaluations: a name in `deephyper.backend.BACKENDS`. A subclass may set its own `Backend` class."""

    lends: ClassVar[tuple[str, ...]] = ()
    """Names of keyword arguments that every call of the run-function gets from what is lent to its job."""

    # What existing scripts read of the class.
    FAIL_RETURN_VALUE: ClassVar[str] = "F"
    PYTHON_EXE: ClassVar[str] = sys.executable
    NEST_ASYNCIO_PATCHED: ClassVar[bool] = False
    is_master: ClassVar[bool] = True

    def __init__(
        self,
        run_function: RunFunction,
        num_workers: int | None = None,
        callbacks: Sequence[Callback] | Callback | None = None,
        run_function_kwargs: Mapping[str, Any] | None = None,
        storage: Storage | None = None,
        search_id: str | None = None,
        **options: Any,
    ):
        where = type(self).__name__
        known = options_for(type(self))
        known_names(where, "option", options, known, instead_of_option)
        self.run_function_kwargs = checked_kwargs(where, run_function_kwargs)
        check_function(where, run_function, self.run_function_kwargs, self.lends)
        if storage is not None:
            instance_of(where, "storage", storage, Storage, "a deephyper.storage.Storage or None")
        if search_id is not None:
            instance_of(where, "search_id", search_id, str, "a text or None")
        self.run_function = run_function
        self.broadcast = Broadcast(checked_callbacks(where, callbacks))
        make: Callable[..., Backend] = _backend_of(type(self))
        backend = make(where, **with_memory_limit(where, run_function, options, "job_memory_limit" in known))
        if num_workers is None:
            num_workers = backend.usual_workers() or self._n_granted(options)
        self.num_workers = checked_workers(where, num_workers)
        if not self.keeps_deadlines:
            warn_of_one_at_a_time(where, self.num_workers)
        self.clock: Clock = backend.clock
        self.line = Line(backend, self.num_workers)
        self.budget = Budget(where, self.clock.now, self.line.interrupt)
        self.place = Place(storage, search_id)
        self._seat: Seat | None = None
        self._understand: Callable[[Sequence[Record]], list[Job]] = _jobs_of
        self._reports = Reports()
        self._turns = Turns(
            "this evaluator",
            "give each thread an evaluator of its own (`evaluator.budget.interrupt()` ends a wait)",
            "it may read `time_left`, `num_jobs_submitted` and the like",
        )

    @staticmethod
    @explained("Evaluator.create(run, 'process', num_workers=4)")
    def create(
        run_function: RunFunction,
        method: str | Executor = "serial",
        method_kwargs: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> Evaluator:
        """Make an evaluator by the name of its method.

        All methods take `num_workers`, `callbacks`, `run_function_kwargs`, `storage` and `search_id`, which
        `help(Evaluator)` explains. The class of each method explains its other options:

            serial: SerialEvaluator, in this thread, or on an event loop
                job_timeout
            thread: ThreadEvaluator, in threads of this process
                job_timeout, threads_per_worker
            process: ProcessEvaluator, in processes of this machine
                max_retries, resources, job_timeout, job_memory_limit, initializer, initargs, threads_per_worker,
                max_tasks_per_child, max_memory_per_child
            loky: ProcessEvaluator, another name of process
                max_retries, resources, job_timeout, job_memory_limit, initializer, initargs, threads_per_worker,
                max_tasks_per_child, max_memory_per_child
            simulated: SimulatedEvaluator, on a virtual clock
                duration, seed, charge_manager, seconds_per_budget
            ray: RayEvaluator, on Ray
                max_retries, address, password, num_cpus, num_gpus, num_cpus_per_task, num_gpus_per_task, resources,
                ray_kwargs, include_dashboard
            dask: DaskEvaluator, on Dask
                max_retries, client, resources
            mpicomm: MPICommEvaluator, on the ranks of an MPI job
                comm, root
            executor: ExecutorEvaluator, on your own open executor: those of Dask, mpi4py, ipyparallel, a pool
                executor, threads_per_worker

        Args:
            run_function: the function to evaluate, called as `run(job)` with a mapping of parameters.
            method: the name of one of these, or your own open `concurrent.futures.Executor`.
            method_kwargs: options of the method, in a dictionary.
            options: options of the method, by name; none may be in both.

        Example:
            >>> Evaluator.create(max, "process", num_workers=4).num_workers
            4
            >>> Evaluator.create(max, method="process", method_kwargs={"num_workers": 4}).num_workers
            4
        """
        options = options_of_both(method_kwargs, options)
        if isinstance(method, Executor) or is_of_submitit(method):
            if "executor" in options:
                raise TypeError(
                    "Evaluator.create: there are two executors, method and the option 'executor'; pass one."
                )
            method, options = "executor", {"executor": method, **options}
        check_method(run_function, method, EVALUATORS)
        kind: type[Evaluator] = getattr(import_module(".methods", __package__), EVALUATORS[method])
        where = f"{kind.__name__} (method {method!r})"
        known_names(where, "option", options, options_for(kind), instead_in_create)
        return kind(run_function, **options)

    def _n_granted(self, options: Mapping[str, Any]) -> int:
        """How many evaluations run at a time if the user does not say."""
        return 1

    def in_words(self) -> str:
        """How many workers there are, for the log."""
        return f"{self.num_workers} {'worker' if self.num_workers == 1 else 'workers'}"

    def lend_from(self, leases: Leases) -> None:
        """Lend resources to every job from now on; called once, when the evaluator is made."""
        self.line.lend_from(leases)
        warn_of_few_resources(type(self).__name__, self.num_workers, leases.n_available)

    # The budget.

    @property
    def keeps_deadlines(self) -> bool:
        """Whether evaluations that run at a deadline are ended or given up, so that nobody waits for them."""
        return self.backend != "serial" or is_async(self.run_function)

    @property
    def timeout(self) -> float | None:
        """Seconds from when it was set until all evaluations are cancelled; None for no limit.

        Where `keeps_deadlines` is false, an evaluation that is running at the deadline is waited for.
        """
        return self.budget.timeout

    @timeout.setter
    def timeout(self, value: float | None) -> None:
        self.budget.timeout = value

    @property
    def time_left(self) -> float:
        """Seconds to the deadline, never negative; infinity without one."""
        return self.budget.time_left

    def set_maximum_num_jobs_submitted(self, maximum: int) -> None:
        """Allow at most `maximum` further jobs; -1 removes the limit."""
        self.budget.allow_jobs(maximum)

    @property
    def num_jobs_submitted(self) -> int:
        """How many jobs have been submitted since this evaluator was made."""
        return self.line.n_submitted

    @property
    def num_jobs_gathered(self) -> int:
        """How many jobs have been handed back since this evaluator was made."""
        return self.line.n_handed_back

    # The search whose jobs are evaluated.

    def work_for(
        self,
        seat: Seat,
        time: float = 0.0,
        objectives: Objectives = _UNKNOWN,
        understand: Callable[[Sequence[Record]], list[Job]] | None = None,
    ) -> None:
        """Evaluate the jobs of a search from now on.

        Args:
            seat: the place of this process in the search, where its jobs are stored.
            time: seconds since the search began. The search may have read another clock before.
            objectives: what is known about the number of objectives.
            understand: turns records of other members into jobs and leaves out those that the search cannot use.

        Raises:
            RuntimeError: jobs of another search are still waiting or running, or another thread uses this evaluator.
        """
        with self._turn("work_for"):
            self._work_for(seat, time, objectives, understand)

    def kept_for(self, call: str) -> AbstractContextManager[None]:
        """Keep this evaluator for the calls of this thread, while the context lasts.

        Args:
            call: the call that uses it, for messages to others, such as "CBO.search".
        """
        return self._turns.kept(call)

    def _turn(self, call: str) -> AbstractContextManager[None]:
        return self._turns.of(f"{type(self).__name__}.{call}")

    def _work_for(
        self,
        seat: Seat,
        time: float,
        objectives: Objectives,
        understand: Callable[[Sequence[Record]], list[Job]] | None,
    ) -> None:
        if self._seat not in (None, seat) and self.line.n_unfinished:
            name = "" if self._seat is None else self._seat.search_id
            raise RuntimeError(f"{type(self).__name__} still runs jobs of search {name!r}; gather them first.")
        self._seat, self._understand = seat, understand or partial(_jobs_of, search_id=seat.search_id)
        seat.follow(self.clock.now, time)
        self._reports.begin(objectives)

    # Jobs in.

    def submit(
        self, configurations: Sequence[Mapping[str, Any]], metadata: Sequence[Mapping[str, Any]] | None = None
    ) -> list[Job]:
        """Send configurations to the workers; when all workers are busy, they wait in line.

        Args:
            configurations: a mapping of parameters for each job.
            metadata: what is known about each job before it runs. Keys that begin with "_" are left out of the table.

        Raises:
            MaximumJobsSpawnReached: these are more jobs than `set_maximum_num_jobs_submitted` allows.
            RunFunctionError: the run-function cannot reach the workers.
        """
        configurations, known = checked_jobs(type(self).__name__, configurations, metadata)
        with self._turn("submit"):
            return self._submit(configurations, known)

    def _submit(self, configurations: Sequence[Mapping[str, Any]], known: Sequence[Mapping[str, Any]]) -> list[Job]:
        where = type(self).__name__
        n_allowed = self.budget.n_jobs_left
        if len(configurations) > n_allowed:
            raise MaximumJobsSpawnReached(f"{where} may submit {n_allowed:g} further jobs, got {len(configurations)}.")
        self.line.open(Work(where, self.run_function, self.run_function_kwargs))
        if self._seat is None:
            self._work_for(self.place.seat(), 0.0, _UNKNOWN, None)
        assert self._seat is not None
        seat, time = self._seat, self._seat.time
        numbers = seat.submit([ready_record(c, m, time) for c, m in zip(configurations, known, strict=True)])
        rows = zip(numbers, configurations, known, strict=True)
        jobs = [Job(number, c, seat.search_id, m, time) for number, c, m in rows]
        self.budget.take_jobs(len(jobs))
        self.line.add(jobs)
        self.line.feed(seat, self.broadcast, self.budget)
        return jobs

    # Jobs out.

    def gather(self, type: str = "ALL", size: int = 1) -> list[Job] | tuple[list[Job], list[Job]]:  # noqa: A002
        """Wait for jobs and hand them back, in the order in which they ended.

        At the deadline, jobs that still wait or run are cancelled and handed back as well.

        Args:
            type: "ALL" waits for every job, "BATCH" for at least `size` of them.
            size: how many to wait for with "BATCH".

        Returns:
            The jobs. If other members of the search have finished jobs meanwhile, a pair: the jobs, and those of the
            others.
        """
        one_of("gather", "type", type, GATHER_TYPES)
        if type != "ALL":
            size = count("gather", "size", size)
        with self._turn("gather"):
            return self._gather(math.inf if type == "ALL" else size)

    def _gather(self, n: float) -> list[Job] | tuple[list[Job], list[Job]]:
        wanted = min(n, self.line.n_unfinished + self.line.n_finished)
        seat = self._seat
        if self.line.n_finished < wanted:
            self.line.refuse_parents(self.__class__.__name__)
        while seat is not None and self.line.n_finished < wanted:
            if not self.line.wait(self.budget, seat.beat):
                self._cancel_all(seat)
                break
            self._keep(seat, self._ended(seat))
            self.line.feed(seat, self.broadcast, self.budget)
        # Before the jobs are handed back: where warnings are errors, they are not lost.
        self._warn_of_mistake()
        others = self._news()
        jobs = self.line.hand_back()
        self.broadcast.tell("on_gather", jobs, others)
        return (jobs, others) if others else jobs

    def news(self) -> list[Job]:
        """Return the jobs that other members of the search have finished since the last call."""
        with self._turn("news"):
            others = self._news()
            if others:
                self.broadcast.tell("on_gather", [], others)
            return others

    gather_other_jobs_done = news

    def _news(self) -> list[Job]:
        if self._seat is None:
            return []
        others = self._understand(self._seat.news())
        self._reports.learn_from(others)
        for job in others:
            self.broadcast.tell("on_done_other", job)
        return others

    def _keep(self, seat: Seat, ended: Sequence[Job], cancelled: Sequence[Job] = ()) -> None:
        """Keep jobs until they are handed back, store them with one write, and call the callbacks."""
        jobs = [*ended, *cancelled]
        # Keep the jobs first, so that the search still gets its results if the store raises.
        self.line.keep(jobs)
        try:
            seat.finish([job.record() for job in jobs])
        finally:
            for job in ended:
                self.broadcast.tell("on_done", job)

    def _ended(self, seat: Seat) -> list[Job]:
        """Finish the jobs that have ended by now; a job that lost its worker may go back into the line instead."""
        jobs = []
        for landing in self.line.ended():
            if self._reports.is_final(landing, seat):
                jobs.append(landing.job)
                self.line.note_duration(landing.job.duration)
            else:
                self.line.add_again(landing.job)
        return jobs

    def _warn_of_mistake(self) -> None:
        """Warn once that an evaluation returned no objective: nothing else but a cell of the table would say so."""
        if (mistake := self._reports.take_mistake()) is not None:
            number, returned = mistake
            name = name_of(self.run_function)
            warn(f"{type(self).__name__}: evaluation {number} of {name!r} returned {returned}")

    # Endings.

    def cancel(self) -> list[Job]:
        """Cancel all jobs that wait or run; running ones are killed if the backend can do that.

        A forked child of the process that has started the workers cancels nothing.

        Returns:
            The cancelled jobs, and those that had ended but were not gathered yet.
        """
        if self.line.is_of_parent:
            return []
        with self._turn("cancel"):
            return self._cancel()

    def _cancel(self) -> list[Job]:
        if self._seat is not None:
            self._cancel_all(self._seat)
        jobs = self.line.hand_back()
        if jobs:
            self.broadcast.tell("on_gather", jobs, [])
        return jobs

    def _cancel_all(self, seat: Seat) -> None:
        # A job that has ended by now keeps its result.
        ended, time = self._ended(seat), seat.time
        landings, waiting = self.line.give_up()
        for landing in landings:
            # The job may have begun after `time` was read, and must not begin after it was cancelled.
            landing.job.cancel(time, None if landing.begun is None else min(seat.time_of(landing.begun), time))
        for job in waiting:
            job.cancel(time)
        self._keep(seat, ended, [*(landing.job for landing in landings), *waiting])

    def close(self) -> list[Job]:
        """Cancel all jobs and end the workers; the next `submit` starts them again.

        In a forked child of the process that has started the workers it does nothing, since they are not its own.

        Returns:
            The same jobs as `cancel`.
        """
        if self.line.is_of_parent:
            return []
        with self._turn("close"):
            jobs = self._cancel()
            self.line.close()
            self.clock.close()
            self.broadcast.tell("on_close")
            return jobs

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            instead = instead_of_attribute(name)
            hint = f"; {instead}" if instead else ""
            raise AttributeError(f"{type(self).__name__}: there is no {name!r}{hint}.", name=name, obj=self)

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if not name.startswith("_")]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Literal[False]:
        self.close()
        return False

    def to_json(self) -> dict[str, Any]:
        """Describe this evaluator as plain JSON data."""
        return {
            "type": type(self).__name__,
            "run_function": getattr(self.run_function, "__name__", repr(self.run_function)),
            "num_workers": self.num_workers,
            "run_function_kwargs": sorted(self.run_function_kwargs),
            "callbacks": [type(callback).__name__ for callback in self.broadcast.callbacks],
            "search_id": None if self._seat is None else self._seat.search_id,
        }


def _jobs_of(records: Sequence[Record], search_id: str = "") -> list[Job]:
    return [Job.from_record(record, search_id) for record in records]


def options_for(kind: type[Evaluator]) -> list[str]:
    """List the names of all options of an evaluator class, those of its backend included."""
    kinds = [base for base in reversed(kind.__mro__) if issubclass(base, Evaluator) and "__init__" in vars(base)]
    constructors = [*(vars(base)["__init__"] for base in kinds), _backend_of(kind).__init__]
    names = dict.fromkeys(name for constructor in constructors for name in options_of(constructor))
    return [name for name in names if name not in ("run_function", "where")]


def _backend_of(kind: type[Evaluator]) -> type[Backend]:
    return backend_class(kind.backend) if isinstance(kind.backend, str) else kind.backend
