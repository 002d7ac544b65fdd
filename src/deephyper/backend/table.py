"""The backends by the name of their method."""

from __future__ import annotations

from importlib import import_module

from .._checks import one_of
from .backend import Backend

# Where each one lives. It is imported when it is asked for, so that nobody pays for the others.
BACKENDS = {
    "serial": ("serial", "Serial"),
    "thread": ("threads", "Threads"),
    "process": ("lanes", "Lanes"),
    "loky": ("lanes", "Lanes"),
    "simulated": ("virtual", "Virtual"),
    "ray": ("ray_tasks", "RayTasks"),
    "dask": ("dask_tasks", "DaskTasks"),
    "mpicomm": ("mpi_ranks", "MpiRanks"),
    "executor": ("pool", "Pool"),
}


def backend_class(method: str) -> type[Backend]:
    """Import a backend.

    Raises:
        ValueError: there is none of that name.
    """
    one_of("backend", "method", method, BACKENDS)
    module, name = BACKENDS[method]
    found: type[Backend] = getattr(import_module(f"{__package__}.{module}"), name)
    return found
