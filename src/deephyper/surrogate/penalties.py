"""Which values stand for failures: people return -1 or -1e6 where nothing could be measured.

Such values are not a surface that can be modelled. The border of the region where they come is a step, which a smooth
model takes for noise, and beside a million the differences among good values are lost. One number comes again and
again, or a few of them do below all others, or they vary far below all others. Measured in docs/decisions/failures.md.
"""

from __future__ import annotations

import numpy as np

from .._arrays import Array, Mask

# So many times it must come, and more than so many times as often as any other value.
_FEWEST, _TIMES_AS_OFTEN = 3, 2
# Whole numbers, steps, and successes counted as 1 repeat as well: with so few other values nothing is a penalty.
_FEWEST_OTHERS = 4
# Penalties that vary: so many values lie below at least so many different others, and these others span less than this
# share of the gap between. Heavy tails of ordinary values have no such gap, or spread more below it: the gap must be so
# many standard deviations of what is below. What a search has left behind for good has a gap, once it refines: so some
# of the others must have come before the newest one below.
_FEWEST_BELOW, _FEWEST_ABOVE, _SPAN_ABOVE, _DEVIATIONS, _FEWEST_BEFORE = 3, 6, 0.2, 2.5, 4


def has_penalty(Y: Array) -> Mask:
    """Which rows of objectives, (n, m), higher is better, have a penalty in place of a value, (n,)."""
    return np.asarray(
        np.array([_repeated(y) | _repeated_below(y) | _far_below(y) for y in Y.T], bool).any(axis=0), bool
    )


def _repeated(y: Array) -> Mask:
    """Which values of one objective, (n,), come again and again, to the last digit, (n,).

    Such a value comes far more often than any other, and is no better than most of them. NaN is a failure already.
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


def _repeated_below(y: Array) -> Mask:
    """Which values of one objective, (n,), are some of a few numbers that come again and again below all others, (n,).

    So it is where every kind of failure has its own penalty; one of them may have come once so far. One number alone,
    which may lie amid the values, is not meant here. The best value may repeat as well, as it does once a search is
    done.
    """
    values, counts = np.unique(y[~np.isnan(y)], return_counts=True)
    counts[-1:] = 1
    n_levels = int(np.flatnonzero(counts > 1).max(initial=-1)) + 1
    n_repeat = int((counts > 1).sum())
    is_penalty = n_repeat > 1 and n_levels <= n_repeat + 1 and counts.max() >= _FEWEST
    is_penalty = is_penalty and len(values) - n_levels >= _FEWEST_OTHERS
    return np.asarray(y <= values[n_levels - 1], bool) if is_penalty else np.zeros(len(y), bool)


def _far_below(y: Array) -> Mask:
    """Which values of one objective, (n,), lie so far below all others that beside the gap these look like one, (n,).

    They may vary, as -1e6 plus noise or -100 minus a violation does, but less than the gap is wide. The values stand in
    the order in which they came.
    """
    unit = max(float(np.nanmax(np.abs(y), initial=0.0)), float(np.finfo(float).tiny))
    values = np.sort(y[~np.isnan(y)] / unit)
    lower, upper = values[:-1], values[1:]
    gaps = upper - lower
    n_below = np.arange(1, len(values))
    n_above = np.cumsum((gaps > 0.0)[::-1])[::-1]
    is_gap = (n_below >= _FEWEST_BELOW) & (n_above >= _FEWEST_ABOVE)
    mean = np.cumsum(lower) / n_below
    variance = np.maximum(np.cumsum(np.square(lower)) / n_below - np.square(mean), 0.0)
    is_gap &= (values[-1:] - upper < _SPAN_ABOVE * gaps) & (_DEVIATIONS * np.sqrt(variance) <= gaps)
    is_below = np.asarray(y / unit <= np.max(lower[is_gap], initial=-np.inf), bool)
    newest = int(np.flatnonzero(is_below).max(initial=0))
    before = y[:newest][~is_below[:newest]]
    return is_below if len(np.unique(before[~np.isnan(before)])) >= _FEWEST_BEFORE else np.zeros(len(y), bool)
