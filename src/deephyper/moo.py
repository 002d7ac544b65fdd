"""Several objectives at once: what dominates what, and how rows are ranked.

All objectives are maximized; moocore does the work.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ._arrays import Array, Indices, Mask

__all__ = ["hypervolume", "merit", "pareto_mask", "pareto_ranks"]


def __dir__() -> list[str]:
    return __all__


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
