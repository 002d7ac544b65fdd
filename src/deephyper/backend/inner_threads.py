"""How many threads the libraries inside of one evaluation may use.

Libraries read variables when they are loaded, so these must stand in a worker process's environment from its beginning.
In threads of this process the libraries are there already, and are told themselves.
"""

from __future__ import annotations

import os

from .._checks import count
from .._threads import Share
from ..cluster import granted_cores
from ..worker.on_threads import ThreadLimit
from ..worker.surroundings import given_variables

_NONE = Share(None, None)
_OPEN_MP = "OMP_NUM_THREADS"
# Where they are not set, their libraries use the number for OpenMP.
_FALL_BACK_TO_OPEN_MP = (
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)
_OTHERS = (
    "VECLIB_MAXIMUM_THREADS",
    "NUMBA_NUM_THREADS",
    "RAYON_NUM_THREADS",
    "POLARS_MAX_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)
_OF_LINEAR_ALGEBRA = (_OPEN_MP, *_FALL_BACK_TO_OPEN_MP, "VECLIB_MAXIMUM_THREADS")
_ALL = (_OPEN_MP, *_FALL_BACK_TO_OPEN_MP, *_OTHERS)


def checked_threads(where: str, threads_per_worker: int | None) -> int | None:
    """Refuse what is no number of threads; None stands for the default."""
    if threads_per_worker is None:
        return None
    return count(where, "threads_per_worker (None for a fair share of the cores)", threads_per_worker)


def fair_share(n_workers: int) -> int:
    """How many threads each of the workers may use, so that together they use the cores that this process may use."""
    given = given_variables().get(_OPEN_MP)
    return max(1, (granted_cores() if given is None else int(given)) // n_workers)


def variables_of_user() -> dict[str, str]:
    """The variables that the user has set in this process; what a worker was given by its manager is none of them."""
    given = given_variables()
    values = {name: os.environ.get(name, "") for name in _ALL}
    return {name: value for name, value in values.items() if value and given.get(name) != value}


def thread_variables(n_workers: int, threads_per_worker: int | None) -> dict[str, str]:
    """The environment variables that tell the libraries of a worker how many threads they may use.

    Args:
        n_workers: how many workers share the cores.
        threads_per_worker: what the user asked for. It comes before the user's variables, and these before the default.
    """
    if threads_per_worker is not None:
        return dict.fromkeys(_ALL, str(threads_per_worker))
    of_user = variables_of_user()
    default = dict.fromkeys(_ALL, str(fair_share(n_workers)))
    if _OPEN_MP in of_user:
        # It may be a list, one number for each level of nested regions.
        first = of_user[_OPEN_MP].partition(",")[0].strip()
        default = dict.fromkeys(_OTHERS, first) if first.isdigit() else {}
    return {name: value for name, value in default.items() if name not in of_user}


def share_of_threads(n_workers: int, threads_per_worker: int | None) -> Share:
    """What the evaluations of thread workers may use, by the rules of `thread_variables`."""
    if threads_per_worker is not None:
        return Share(threads_per_worker, threads_per_worker, only_less=False)
    of_user, share = variables_of_user(), fair_share(n_workers)
    if share >= granted_cores():
        return _NONE
    is_left_alone = any(name in of_user for name in _OF_LINEAR_ALGEBRA)
    return Share(None if is_left_alone else share, None if _OPEN_MP in of_user else share)


def limit_of_executor(threads_per_worker: int | None) -> ThreadLimit | None:
    """What an evaluation on an executor of the user's may use; by default, what its processes may use anyway."""
    if threads_per_worker is None:
        return None
    return ThreadLimit(share_of_threads(1, threads_per_worker), thread_variables(1, threads_per_worker))
