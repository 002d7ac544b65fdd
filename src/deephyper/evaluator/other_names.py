"""What people call methods and options of evaluators elsewhere, and what to write here. The only list of these."""

from __future__ import annotations

import difflib

from .._checks import by_name

# Under which name a built-in method is looked for as well.
_CALLED_HERE = by_name(
    {
        "serial": "sequential single main sync debug",
        "thread": "threads threading threadpool threadpoolexecutor multithreading",
        "process": (
            "processes processpool processpoolexecutor multiprocessing multiprocess pool parallel joblib subprocess "
            "local gpu"
        ),
        "simulated": "virtual simulation simulator",
        "dask": "distributed",
        "mpicomm": "mpi mpi4py",
    }
)
_ASYNC = ("async", "asyncio", "coroutine", "async_serial")

_MPI = (
    "it is not built in; pass an executor of mpi4py: Evaluator.create(run, mpi4py.futures.MPIPoolExecutor(), "
    "num_workers=8) in a script that mpiexec starts with python -m mpi4py.futures, with the package from: "
    "pip install mpi4py"
)
_SUBMITIT = "pass its executor: Evaluator.create(run, submitit.AutoExecutor('jobs'), num_workers=8)"
_CLUSTER = (
    "it is not built in; let Dask start the jobs: Evaluator.create(run, 'dask', client=cluster, num_workers=8) with a "
    "cluster such as dask_jobqueue.SLURMCluster(cores=1, memory='4GB'), with the package from: pip install "
    "dask-jobqueue"
)
_NOT_BUILT_IN = by_name(
    {
        _MPI: "mpipool",
        _CLUSTER: "slurm pbs lsf sge cluster hpc",
    }
)

# What options of an evaluator are called elsewhere, and what to write here.
_SENTENCES = by_name(
    {
        "the number of evaluations at a time is num_workers=4": (
            "n_jobs n_workers max_workers workers processes num_processes n_processes n_threads num_cpus n_cpus ncpus "
            "nprocs pool_size"
        ),
        "devices go by resources={'gpu': [0, 1]} of method 'process', one for each evaluation": (
            "gpus num_gpus n_gpus num_gpus_per_task gpu devices"
        ),
        "a deadline of the search is search(timeout=3600), and one of each evaluation job_timeout=60": (
            "timeout max_time deadline time_limit"
        ),
        "how many evaluations are made is search(max_evals=100)": "max_evals n_trials budget num_samples",
        "further arguments of the function are run_function_kwargs={'data': data}": (
            "kwargs args func_kwargs fn_kwargs function_kwargs run_kwargs"
        ),
        "the memory of an evaluation is limited by job_memory_limit of method 'process', in bytes": (
            "memory_limit memory max_memory"
        ),
        "resources of a queue are given to a class made by queued: queued(ProcessEvaluator)(run, queue=[0, 1])": (
            "queue queue_pop_per_task"
        ),
    }
)

# Attributes of evaluators that scripts read, and what has their place.
_ATTRIBUTES = by_name(
    {
        "gather() returns the jobs that have ended, and search.history.jobs all of a search": (
            "jobs num_objective job_id_gathered job_id_submitted dump_evals dump_jobs_done_to_csv convert_for_csv"
        ),
        "evaluator.budget.n_jobs_left is how many jobs may still be submitted": "maximum_num_jobs_submitted",
        "submit([parameters]) and gather() evaluate": "execute",
        "an event loop is made when an 'async def' function needs one": "loop sem set_event_loop",
        "evaluator.place has the storage and the name of the search": "search storage search_id",
        "times are in the table, m:timestamp_submit and others, in seconds since the search began": "timestamp",
        "evaluator.broadcast.callbacks are those that it was given": "callbacks",
        "workers are started and ended by the evaluator; close() ends them": "executor",
    }
)


def instead_of_option(name: str) -> str:
    """Say where what an option is for elsewhere is said here; empty if it is known nowhere."""
    return _SENTENCES.get(name.lower(), "")


def instead_of_attribute(name: str) -> str:
    """Say what has the place of an attribute that evaluators had; empty if it is known nowhere."""
    return _ATTRIBUTES.get(name, "")


def instead_in_create(name: str) -> str:
    """The same for `Evaluator.create`, whose own arguments may be misspelled too."""
    near = difflib.get_close_matches(name.lower(), ("method", "method_kwargs"), n=1, cutoff=0.8)
    return f"did you mean {near[0]!r}" if near else instead_of_option(name)


def instead_of(method: object) -> str:
    """Say what to write instead of a method's name that is known from elsewhere; empty if it is known nowhere."""
    name = str(method).lower().replace("-", "").replace("_", "").removesuffix("evaluator")
    if here := _CALLED_HERE.get(name):
        return f"it is called {here!r} here: Evaluator.create(run, {here!r}, num_workers=4)"
    if name in _ASYNC:
        return "an 'async def' function runs with method 'serial': Evaluator.create(run, 'serial', num_workers=4)"
    return _SUBMITIT if name == "submitit" else _NOT_BUILT_IN.get(name, "")
