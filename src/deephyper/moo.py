"""Several objectives at once: what dominates what, and how rows are ranked.

All objectives are maximized; moocore does the work.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ._arrays import Array, Indices, Mask

__all__ = ["hypervolume", "merit", "non_dominated_set", "pareto_front", "pareto_mask", "pareto_ranks"]
__dir__ = __all__.copy


def merit(Y: Array) -> Array:
    """What rows of objectives are ranked by: the higher, the better.

    One objective is its own merit. Several are ranked by the number of their Pareto front, and within a front by their
    mean rank: a row of a better front always has the higher merit.

    Args:
        Y: objectives, (n, m); higher is better; NaN in the rows of failed evaluations.

    Returns:
        Merits, (n,), NaN where an objective is.
    """
    if Y.shape[1] == 1:
        return Y[:, 0]
    from scipy.stats import rankdata

    is_value = ~np.isnan(Y).any(axis=1)
    values = Y[is_value]
    merits = np.full(len(Y), np.nan)
    if len(values):
        mean_ranks = np.asarray(rankdata(values, axis=0) / len(values), float).mean(axis=1)
        merits[is_value] = 0.5 * mean_ranks - pareto_ranks(values)
    return merits


def pareto_mask(Y: Any) -> Mask:
    """Which rows no other row dominates.

    Args:
        Y: objectives, (n, m); higher is better.

    Returns:
        True for the rows of the Pareto set, (n,); equal rows are all in it.
    """
    import moocore

    Y = np.asarray(Y, float)
    if not len(Y):
        return np.zeros(0, bool)
    return np.asarray(moocore.is_nondominated(Y, maximise=True, keep_weakly=True), bool)


def non_dominated_set(Y: Any, return_mask: bool = True) -> Mask | Indices:
    """The rows that no other row dominates, only the first of equal ones.

    Args:
        Y: objectives, (n, m) or (n,); higher is better.
        return_mask: whether to return one bool per row, (n,), or the indices of the rows.
    """
    import moocore

    Y = np.asarray(Y, float)
    Y = Y[:, None] if Y.ndim == 1 else Y
    mask = np.asarray(moocore.is_nondominated(Y, maximise=True), bool) if len(Y) else np.zeros(0, bool)
    return mask if return_mask else np.flatnonzero(mask)


def pareto_front(Y: Any, sort: bool = False, return_idx: bool = False) -> Any:
    """The objectives of the rows in `non_dominated_set`.

    Args:
        Y: objectives, (n, m); higher is better.
        sort: whether to sort them by the first objective, and equal ones by the next, as a plot needs it.
        return_idx: whether to return a pair, with the indices of the rows.
    """
    Y, indices = np.asarray(Y), np.flatnonzero(non_dominated_set(Y))
    if sort:
        indices = indices[np.lexsort(Y[indices].T[::-1])]
    return (Y[indices], indices) if return_idx else Y[indices]


def pareto_ranks(Y: Any) -> Indices:
    """The number of the front of every row: 0 for the Pareto set, 1 for the Pareto set of the others, and so on.

    Args:
        Y: objectives, (n, m); higher is better.

    Returns:
        Numbers, (n,); equal rows are in one front.
    """
    import moocore

    Y = np.asarray(Y, float)
    if not len(Y):
        return np.zeros(0, np.intp)
    return np.asarray(moocore.pareto_rank(Y, maximise=True), np.intp)


def hypervolume(Y: Any, reference: Any) -> float:
    """Volume that the rows dominate above a reference point.

    Args:
        Y: objectives, (n, m); higher is better.
        reference: the point below, (m,).
    """
    import moocore

    Y = np.asarray(Y, float)
    if not len(Y):
        return 0.0
    return float(moocore.hypervolume(Y, ref=reference, maximise=True))
