"""Which rows a model learns from when there are too many for all of them."""

from __future__ import annotations

import numpy as np

from .._arrays import Array, Indices


def best_and_random(y: Array, n: int, rng: np.random.Generator) -> Indices:
    """Pick the better half of n rows by value, and the other half at random among the rest.

    Args:
        y: targets, (N,), higher is better.
        n: how many rows; all of them when there are no more.
        rng: draws the random half.

    Returns:
        Indices in ascending order, (min(n, N),).
    """
    if len(y) <= n:
        return np.arange(len(y))
    order = np.argsort(-y, kind="stable")
    best, rest = order[: n // 2], order[n // 2 :]
    return np.sort(np.concatenate((best, rng.choice(rest, n - n // 2, replace=False))))
