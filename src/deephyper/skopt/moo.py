"""Old home of `deephyper.moo`. Here lower is better, as it was, and there higher is; every call says so."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import moo
from .._arrays import Array
from .._checks import warn

__all__ = ["hypervolume", "non_dominated_set", "pareto_front"]
__dir__ = __all__.copy


def _higher_is_better(name: str, y: Any) -> Array:
    warn(
        f"deephyper.skopt.moo.{name} has moved to deephyper.moo.{name}, where higher is better: pass objectives as the "
        "run-function returns them, not their negatives.",
        DeprecationWarning,
    )
    return -np.asarray(y, float)


def hypervolume(pointset: Any, ref: Any) -> float:
    """Volume that the rows dominate below a reference point; lower is better."""
    return moo.hypervolume(_higher_is_better("hypervolume", pointset), -np.asarray(ref, float))


def non_dominated_set(y: Any, return_mask: bool = True) -> Any:
    """The rows that no other row dominates, each of several equal rows once; lower is better."""
    return moo.non_dominated_set(_higher_is_better("non_dominated_set", y), return_mask)


def pareto_front(y: Any, sort: bool = False, return_idx: bool = False) -> Any:
    """The objectives of these rows, perhaps sorted, perhaps with their indices; lower is better."""
    _, indices = moo.pareto_front(_higher_is_better("pareto_front", y), sort, return_idx=True)
    front = np.asarray(y)[indices := indices[::-1] if sort else indices]
    return (front, indices) if return_idx else front
