"""The first points of a search, before a model can say anything.

Shares of the priors are spread over [0, 1)^d. A sequence has no end; a design of n points does, and goes on with random
points.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from .._arrays import Array


class Design(Protocol):
    """A way to spread points."""

    def __call__(self, index: int, n: int, n_points: int, n_columns: int, rng: np.random.Generator) -> Array:
        """Points `index` to `index + n - 1`.

        Args:
            index: number of the first point, from 0 on.
            n: how many points.
            n_points: how many there are meant to be in all; a finite design has this many, and goes on with random
                points.
            n_columns: dimension of the points.
            rng: fixes the whole design; the same state gives the same one.

        Returns:
            Shares in [0, 1), (n, n_columns).
        """


def sobol(index: int, n: int, n_columns: int, rng: np.random.Generator) -> Array:
    """Points `index` to `index + n - 1` of a scrambled Sobol sequence, (n, n_columns); see `Design`.

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
    """Points `index` to `index + n - 1` of a scrambled Halton sequence, (n, n_columns); see `Design`.

    Source: Halton (1960); scrambling by Owen (2017), as in `scipy.stats.qmc.Halton`.
    """
    from scipy.stats import qmc

    if n_columns == 0:
        return np.empty((n, 0))
    return np.asarray(qmc.Halton(n_columns, scramble=True, rng=rng).random(index + n)[index:], float)


def random(index: int, n: int, n_columns: int, rng: np.random.Generator) -> Array:
    """Independent points, (n, n_columns); see `Design`."""
    return rng.random((index + n, n_columns))[index:]


def hammersly(n_points: int, n_columns: int, rng: np.random.Generator) -> Array:
    """A Halton sequence whose first column is an even grid, in random order, (n_points, n_columns).

    Source: Hammersley (1960).
    """
    if n_columns == 0:
        return np.empty((n_points, 0))
    first = (rng.permutation(n_points)[:, None] + 0.5) / n_points
    return np.concatenate((first, halton(0, n_points, n_columns - 1, rng)), axis=1)


def latin_hypercube(n_points: int, n_columns: int, rng: np.random.Generator) -> Array:
    """Every column has one point in each of n_points strips, (n_points, n_columns).

    Source: McKay, Beckman & Conover (1979), as in `scipy.stats.qmc.LatinHypercube`.
    """
    from scipy.stats import qmc

    if n_columns == 0:
        return np.empty((n_points, 0))
    return np.asarray(qmc.LatinHypercube(n_columns, rng=rng).random(n_points), float)


def grid(n_points: int, n_columns: int, rng: np.random.Generator) -> Array:
    """The middles of equal boxes, in random order, (at most n_points, n_columns); all columns are cut alike."""
    n_levels = int(n_points ** (1.0 / max(n_columns, 1)) + 1e-9)
    if n_levels < 2 or n_columns == 0:
        return np.full((1, n_columns), 0.5)
    places = np.array(np.unravel_index(rng.permutation(n_levels**n_columns), (n_levels,) * n_columns), float)
    return (places.T + 0.5) / n_levels


def _sequence(points: Callable[[int, int, int, np.random.Generator], Array]) -> Design:
    """A design that never ends."""
    return lambda index, n, n_points, n_columns, rng: points(index, n, n_columns, rng)


def _finite(points: Callable[[int, int, np.random.Generator], Array]) -> Design:
    """A design of n_points, followed by random ones."""

    def design(index: int, n: int, n_points: int, n_columns: int, rng: np.random.Generator) -> Array:
        own = points(n_points, n_columns, rng)
        n_beyond = max(0, index + n - len(own))
        return np.concatenate((own, random(0, n_beyond, n_columns, rng)))[index : index + n]

    return design


DESIGNS: dict[str, Design] = {
    "random": _sequence(random),
    "sobol": _sequence(sobol),
    "halton": _sequence(halton),
    "hammersly": _finite(hammersly),
    "lhs": _finite(latin_hypercube),
    "grid": _finite(grid),
}
