"""Which values stand for failures: people return -1 or -1e6 where nothing could be measured.

Such values are not a surface that can be modelled. The border of the region where they come is a step, which a smooth
model takes for noise, and beside a million the differences among good values are lost. Measured in
docs/decisions/failures.md.
"""

from __future__ import annotations

import numpy as np

from .._arrays import Array, Mask

# So many times it must come, and more than so many times as often as any other value.
_FEWEST, _TIMES_AS_OFTEN = 3, 2
# Whole numbers, steps, and successes counted as 1 repeat as well: with so few other values nothing is a penalty.
_FEWEST_OTHERS = 4


def has_penalty(Y: Array) -> Mask:
    """Which rows of objectives, (n, m), higher is better, have a penalty in place of a value, (n,)."""
    return np.asarray(np.array([_penalties(y) for y in Y.T], bool).any(axis=0), bool)


def _penalties(y: Array) -> Mask:
    """Which values of one objective, (n,), are penalties, (n,).

    A penalty is a value that comes again and again, to the last digit, far more often than any other value, and is no
    better than most of them. NaN stands for a failure and is no penalty.
    """
    values, places, counts = np.unique(y[~np.isnan(y)], return_inverse=True, return_counts=True)
    nothing = np.zeros(len(y), bool)
    if len(values) <= _FEWEST_OTHERS:
        return nothing
    most = int(np.argmax(counts))
    others = np.delete(counts, most)
    is_frequent = counts[most] >= _FEWEST and counts[most] > _TIMES_AS_OFTEN * others.max()
    if not is_frequent or 2 * others[:most].sum() > others.sum():
        return nothing
    nothing[~np.isnan(y)] = places == most
    return nothing
