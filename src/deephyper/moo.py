"""Several objectives at once: what dominates what. All are maximised; moocore does the work."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._arrays import Indices, Mask


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
    """The number of the front that every row is in: 0 for the Pareto set, 1 for that of the others, and so on.

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
