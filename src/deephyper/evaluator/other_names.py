"""Names that people give to methods that are called otherwise here, or are not built in: what to write instead."""

from __future__ import annotations

# Under which name a built-in method is looked for as well.
_CALLED_HERE = {
    "serial": ("sequential", "single", "main", "sync", "debug"),
    "thread": ("threads", "threading", "threadpool", "threadpoolexecutor", "multithreading"),
    "process": (
        "processes",
        "processpool",
        "processpoolexecutor",
        "multiprocessing",
        "multiprocess",
        "pool",
        "parallel",
        "joblib",
        "subprocess",
        "local",
        "gpu",
    ),
    "simulated": ("virtual", "simulation", "simulator"),
}
_ASYNC = ("async", "asyncio", "coroutine", "async_serial")

_RAY = (
    "it is not built in; let threads wait for Ray's tasks: task = ray.remote(run), then Evaluator.create(lambda job: "
    "ray.get(task.remote(dict(job))), 'thread', num_workers=8), with the package from: pip install ray"
)
_DASK = (
    "it is not built in; pass the executor of a client: Evaluator.create(run, dask.distributed.Client().get_executor(),"
    " num_workers=8), with the package from: pip install distributed"
)
_MPI = (
    "it is not built in; pass an executor of mpi4py: Evaluator.create(run, mpi4py.futures.MPIPoolExecutor(), "
    "num_workers=8) in a script that mpiexec starts with python -m mpi4py.futures, with the package from: "
    "pip install mpi4py"
)
_CLUSTER = (
    "it is not built in; pass the executor of a cluster: Evaluator.create(run, dask.distributed.Client(cluster)"
    ".get_executor(), num_workers=8) with a cluster such as dask_jobqueue.SLURMCluster(), with the package from: "
    "pip install dask-jobqueue"
)
_NOT_BUILT_IN = {
    "ray": _RAY,
    "dask": _DASK,
    "distributed": _DASK,
    "mpi": _MPI,
    "mpicomm": _MPI,
    "mpipool": _MPI,
    "mpi4py": _MPI,
    "slurm": _CLUSTER,
    "submitit": _CLUSTER,
    "pbs": _CLUSTER,
    "lsf": _CLUSTER,
    "sge": _CLUSTER,
    "cluster": _CLUSTER,
    "hpc": _CLUSTER,
}


def instead_of(method: object) -> str:
    """Say what to write instead of a method's name that is known from elsewhere; empty if it is known nowhere."""
    name = str(method).lower().replace("-", "").replace("_", "").removesuffix("evaluator")
    for here, others in _CALLED_HERE.items():
        if name in others:
            return f"it is called {here!r} here: Evaluator.create(run, {here!r}, num_workers=4)"
    if name in _ASYNC:
        return "an 'async def' function runs with method 'serial': Evaluator.create(run, 'serial', num_workers=4)"
    return _NOT_BUILT_IN.get(name, "")
