"""The public evaluator classes, one for each method."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from .._checks import count
from ..backend import is_async
from .evaluator import Evaluator
from .granted import Wanted, granted_workers
from .leases import Kinds
from .reports import Reports


class SerialEvaluator(Evaluator):
    """Runs evaluations one after the other in the caller's thread, where a debugger works.

    Plain functions run one at a time, whatever `num_workers` is. A deadline acts only between two of them: nothing ends
    an evaluation that is running, so a search may end later than its timeout by one evaluation. An `async def` function
    runs on an event loop, with `num_workers` calls at a time, and is cancelled at the deadline.

    Args:
        job_timeout: seconds that one call of an `async def` function may take. After that it is cancelled and fails as
            `F_timeout`.
    """

    backend = "serial"

    def __init__(self, *args: Any, job_timeout: float | None = None, **options: Any):
        super().__init__(*args, job_timeout=job_timeout, **options)
        if job_timeout is not None and not is_async(self.run_function):
            raise ValueError(
                "SerialEvaluator: job_timeout works for 'async def' functions only, since nothing can end a function "
                "in the caller's own thread; use method 'process'."
            )


class ThreadEvaluator(Evaluator):
    """Runs evaluations in threads of this process, for functions that wait or release the interpreter's lock.

    A thread cannot be ended from outside. At a deadline it is abandoned: its job is CANCELLED, and the function keeps
    running until it returns, which it can do early when `job.stopped()` is true. While the optimizer computes, linear
    algebra in the whole process, evaluations included, is limited to one thread. Limits that an evaluation sets with
    threadpoolctl hold for the rest of the time.

    Args:
        job_timeout: seconds that one evaluation may take. After that it fails as `F_timeout`, and another thread takes
            the place of the abandoned one.
        threads_per_worker: how many threads the libraries inside of one evaluation may use: OpenMP (scikit-learn,
            xgboost, lightgbm) for each evaluation, linear algebra for the whole process while evaluations run. With
            None these are the cores that this process may use, divided by the number of workers, at least one; a lower
            limit that is there already stays, and so does what `OMP_NUM_THREADS` and the like say. Libraries that an
            evaluation is the first to load are limited from the next evaluation on.
    """

    backend = "thread"

    def _n_granted(self, options: Mapping[str, Any]) -> int:
        return granted_workers(options.get("threads_per_worker"))


class ProcessEvaluator(Evaluator):
    """Runs evaluations in processes of this machine.

    A run-function that crashes, calls `os._exit` or is killed fails only its own evaluation. At a deadline, running
    evaluations are killed with all processes that they have started, also those in the background. What an evaluation
    leaves in the background when it ends lives as long as its worker. Workers that nobody has used for a minute end,
    and new ones begin with the next evaluation; so an evaluator that was not closed leaves nothing for long. Scripts
    need no `if __name__ == "__main__"` guard. What run-functions print appears line by line on the standard streams
    of this process.

    Args:
        job_timeout: seconds that one evaluation may take. After that it is killed with its child processes and fails as
            `F_timeout`. The start of a worker and its initializer do not count.
        job_memory_limit: bytes that one evaluation may take, its child processes included. Above that it is killed and
            fails as `F_memory_limit_exceeded`. All resident memory of its process counts; what several processes share
            counts once. If the function is profiled with a `memory_limit`, the smaller of the two holds.
        initializer: called once in every worker before its first evaluation, for example to load data into a module.
        initargs: arguments of the initializer.
        threads_per_worker: how many threads the libraries inside of one evaluation may use (BLAS, OpenMP, numexpr,
            numba and others). With None these are the cores that this process may use, divided by the number of
            workers, at least one; variables such as `OMP_NUM_THREADS` that are set in this process win.
        max_tasks_per_child: after how many evaluations a worker is replaced by a new one; None for never. That happens
            between two evaluations, and the initializer is called in the new worker too.
        max_memory_per_child: bytes. A worker that takes more than this when an evaluation has ended is replaced by a
            new one, for run-functions that do not give all their memory back; None for never.
        max_retries: how often an evaluation is tried again if its worker died. An evaluation that raised is not tried
            again.
        resources: the items of each kind of resource, for example `{"gpu": [0, 1, 2, 3]}`. Every evaluation gets one
            item of each kind. It is in `job.resources` for the run-function and in `m:<name>` in the table. For "gpu",
            `CUDA_VISIBLE_DEVICES` (or what stands for it where the devices are of another maker) is set as well, before
            Python begins in the worker. `{"gpu": "auto"}` divides the devices that this process may use among the
            workers: several for each, or several workers on one device. Without `num_workers` each device has one.
    """

    backend = "process"

    def __init__(
        self,
        *args: Any,
        max_retries: int = 0,
        resources: Mapping[str, Sequence[Any] | str] | None = None,
        **options: Any,
    ):
        where = type(self).__name__
        self._wanted = Wanted(where, resources)
        super().__init__(*args, **options)
        self._reports = Reports(count(where, "max_retries", max_retries, at_least=0))
        if resources is not None:
            self.lend_from(Kinds(where, self._wanted.items(self.num_workers)))

    def in_words(self) -> str:
        return f"{super().in_words()}{self._wanted.in_words(self.num_workers)}"

    def _n_granted(self, options: Mapping[str, Any]) -> int:
        return self._wanted.n_devices or granted_workers(options.get("threads_per_worker"))


class EngineEvaluator(Evaluator):
    """Runs evaluations on an engine whose workers may be on other machines. Its subclasses name the engine.

    Args:
        max_retries: how often an evaluation is tried again if its worker was lost. An evaluation that raised is not
            tried again. The engine itself repeats nothing.
    """

    def __init__(
        self, run_function: Any, num_workers: int | None = None, *args: Any, max_retries: int = 0, **options: Any
    ):
        super().__init__(run_function, num_workers, *args, **options)
        self._reports = Reports(count(type(self).__name__, "max_retries", max_retries, at_least=0))


class RayEvaluator(EngineEvaluator):
    """Runs evaluations on Ray: on a cluster that is there already, or on one of its own on this machine.

    Needs `pip install 'deephyper[ray]'`, also where the workers are. The run-function travels once to each worker. A
    worker or a node that is lost costs the evaluations that ran there. At a deadline running evaluations are killed.
    Where the script has called `ray.init` itself, that Ray is used, and goes on; what was started here is ended here.

    With `num_workers=None` as many evaluations run at a time as there are processors and GPUs for.

    Args:
        address: of a cluster, "auto" for the one of this machine. With None one is started, unless Ray runs already.
        password: of the cluster's Redis, for clusters that have one.
        num_cpus: how many processors the evaluations take together, which a Ray that is started here has. With None
            it has as many as the workers need.
        num_gpus: how many GPUs it has; what Ray finds if None.
        num_cpus_per_task: processors that an evaluation takes, which may be a fraction.
        num_gpus_per_task: GPUs that an evaluation takes, which may be a fraction; Ray sets `CUDA_VISIBLE_DEVICES`.
        resources: the amount of each other resource that an evaluation takes, for example `{"licence": 1}`.
        ray_kwargs: further arguments of `ray.init`.
        include_dashboard: whether a Ray that is started here has a dashboard. Whoever reaches its port can run programs
            as this user.
        max_retries: how often an evaluation is tried again if its worker was lost. One that raised is not.
    """

    backend = "ray"


class DaskEvaluator(EngineEvaluator):
    """Runs evaluations on Dask: on a cluster that is there already, or on one of its own on this machine.

    Needs `pip install 'deephyper[dask]'`, also where the scheduler and the workers are. The run-function travels once
    to each worker. A worker that is lost costs the evaluations that ran there. At a deadline, evaluations that wait are
    cancelled, and a worker that does nothing but run such evaluations is started again by its nanny. Where it has none,
    or does something else too, an evaluation is abandoned, and can return early when `job.stopped()` is true. A cluster
    of its own ends with this process, whatever happens.

    With `num_workers=None` as many evaluations run at a time as the workers have threads.

    Args:
        client: a `distributed.Client`, a cluster, or the address of a scheduler. With None a cluster is started on this
            machine, with `num_workers` processes and without a dashboard. Only what was started here is ended here.
        resources: the amount of each resource of its worker that an evaluation takes, for example `{"GPU": 1}`.
        max_retries: how often an evaluation is tried again if its worker was lost. One that raised is not.
    """

    backend = "dask"


class MPICommEvaluator(Evaluator):
    """Runs evaluations on the other ranks of an MPI job: `mpiexec -n 8 python script.py` has seven workers.

    Needs `pip install 'deephyper[mpi]'` and an MPI. Every rank runs the script. One of them gets the evaluator and
    searches; the others evaluate until it leaves the context, and get None:

        with Evaluator.create(run, "mpicomm") as evaluator:
            if evaluator is not None:
                results = CBO(problem, evaluator).search(timeout=3600)

    The run-function travels once to each rank. At a deadline, and when the searching rank raises, what runs on others
    is left by an exception at its next line, or out of its sleep; a call of a library is waited for. A rank that dies
    ends the whole job, as MPI does.

    With `num_workers=None` as many evaluations run at a time as there are other ranks.

    Args:
        comm: an intracommunicator of mpi4py; all ranks if None.
        root: the rank that searches.
    """

    backend = "mpicomm"

    def __enter__(self) -> Any:
        return self if self.line.enter() else None

    def __exit__(self, *error: Any) -> Literal[False]:
        try:
            return super().__exit__(*error)
        finally:
            self.line.leave()


# Other names of the same classes, which scripts import.
ThreadPoolEvaluator = ThreadEvaluator
ProcessPoolEvaluator = LokyEvaluator = ProcessEvaluator


class SimulatedEvaluator(Evaluator):
    """Runs evaluations on a virtual clock: hours on thousands of workers are simulated in seconds or minutes.

    The run-function is called, but its own time does not count, and nothing sleeps. All times of the search are
    virtual. The CPU time of the search itself passes on the virtual clock, and suggestions are prepared while
    evaluations run, as in a real search.

    Args:
        duration: virtual seconds that an evaluation takes, or a function of its parameters and a random generator that
            returns them.
        seconds_per_budget: virtual seconds that one unit of budget takes, or a function like that of `duration`. With
            it, `job.record(budget, value)` returns only when that much virtual time has passed. An evaluation can then
            be stopped early, and ends with its last record. Without it, recorded values become known when the
            evaluation ends.
        seed: fixes the draws of these functions; None draws differently in every evaluator.
        charge_manager: whether the CPU time of the search counts. If it does not, a seed fixes the whole search.
    """

    backend = "simulated"


class ExecutorEvaluator(Evaluator):
    """Runs evaluations on an executor of yours: a process pool, those of Dask, mpi4py, ipyparallel, submitit.

    Pass as many `num_workers` as it has: that many evaluations are handed to it at a time.

    The executor belongs to the user and is not shut down here. An evaluation that it cannot cancel is abandoned at a
    deadline, and occupies the executor until it returns. Unless the executor is a thread pool, the run-function is
    pickled with cloudpickle. Jobs of submitit are looked at twice a second and are cancelled at a deadline; one that
    runs out of its time is a failed row.

    Args:
        executor: an open `concurrent.futures.Executor`, or an executor of submitit.
        threads_per_worker: how many threads the libraries inside of one evaluation may use. With None nothing is
            changed: how many cores an executor's workers have is known to the executor only.
    """

    backend = "executor"

    def __init__(self, run_function: Any, executor: Any = None, *args: Any, **options: Any):
        super().__init__(run_function, *args, executor=executor, **options)
