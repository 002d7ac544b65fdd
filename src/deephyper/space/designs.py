"""The first points of a search, before any model can speak.

Shares of the priors are spread over [0, 1)^d. A sequence has no end; a design of n points does, and goes on with random points.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from .._arrays import Array


class Design(Protocol):
    """A way to spread points."""

    def __call__(self, index: int, n_points: int, n_columns: int, rng: np.random.Generator) -> Array:
        """One point.

        Args:
            index: its number, from 0 on.
            n_points: how many there are meant to be.
            n_columns: dimension of the points.
            rng: fixes the whole design; the same state gives the same one.

        Returns:
            Shares in [0, 1), (1, n_columns).
        """


def sobol(index: int, n: int, n_columns: int, rng: np.random.Generator) -> Array:
    """Points `index` to `index + n - 1` of a scrambled Sobol sequence.

    Args:
        index: number of the first point, from 0 on.
        n: how many points.
        n_columns: dimension of the points.
        rng: fixes the scrambling; the same state gives the same sequence.

    Returns:
        Shares in [0, 1), (n, n_columns).

    Source: Sobol' (1967); scrambling by Owen (1998), as in `scipy.stats.qmc.Sobol`.
    """
    from scipy.stats import qmc

    if n_columns == 0:
        return np.empty((n, 0))
    sequence = qmc.Sobol(n_columns, scramble=True, rng=rng)
    # Whole powers of two from the start: a part of such a block is as balanced as the sequence can be.
    exponent = int(np.ceil(np.log2(index + n))) if index + n > 1 else 0
    return np.asarray(sequence.random_base2(exponent)[index : index + n], float)


def halton(index: int, n: int, n_columns: int, rng: np.random.Generator) -> Array:
    """Points `index` to `index + n - 1` of a scrambled Halton sequence, (n, n_columns); see `sobol`.

    Source: Halton (1960); scrambling by Owen (2017), as in `scipy.stats.qmc.Halton`.
    """
    from scipy.stats import qmc

    if n_columns == 0:
        return np.empty((n, 0))
    return np.asarray(qmc.Halton(n_columns, scramble=True, rng=rng).random(index + n)[index:], float)


def _sobol_point(index: int, n_points: int, n_columns: int, rng: np.random.Generator) -> Array:
    return sobol(index, 1, n_columns, rng)


def _halton_point(index: int, n_points: int, n_columns: int, rng: np.random.Generator) -> Array:
    return halton(index, 1, n_columns, rng)


def _random_point(index: int, n_points: int, n_columns: int, rng: np.random.Generator) -> Array:
    return rng.random((index + 1, n_columns))[index:]


def _hammersly_point(index: int, n_points: int, n_columns: int, rng: np.random.Generator) -> Array:
    """A Halton sequence whose first column is an even grid, in random order.

    Source: Hammersley (1960).
    """
    if index >= n_points or n_columns == 0:
        return _random_point(index, n_points, n_columns, rng)
    first = (rng.permutation(n_points)[index] + 0.5) / n_points
    return np.concatenate(([[first]], halton(index, 1, n_columns - 1, rng)), axis=1)


def _latin_point(index: int, n_points: int, n_columns: int, rng: np.random.Generator) -> Array:
    """A Latin hypercube: every column has one point in each of n_points strips.

    Source: McKay, Beckman & Conover (1979), as in `scipy.stats.qmc.LatinHypercube`.
    """
    from scipy.stats import qmc

    if index >= n_points or n_columns == 0:
        return _random_point(index, n_points, n_columns, rng)
    return np.asarray(qmc.LatinHypercube(n_columns, rng=rng).random(n_points)[index : index + 1], float)


def _grid_point(index: int, n_points: int, n_columns: int, rng: np.random.Generator) -> Array:
    """The middles of equal boxes, as many a column as n_points allow, in random order."""
    n_levels = int(n_points ** (1.0 / max(n_columns, 1)) + 1e-9)
    n_boxes = n_levels**n_columns if n_columns * np.log(n_levels) < np.log(1e6) else n_points + 1
    if index >= min(n_points, n_boxes):
        return _random_point(index, n_points, n_columns, rng)
    box = int(rng.permutation(n_boxes)[index])
    return (np.array([np.unravel_index(box, (n_levels,) * n_columns)], float) + 0.5) / n_levels


DESIGNS: dict[str, Design] = {
    "random": _random_point,
    "sobol": _sobol_point,
    "halton": _halton_point,
    "hammersly": _hammersly_point,
    "lhs": _latin_point,
    "grid": _grid_point,
}
