"""The first points of a search, before any model can speak."""

from __future__ import annotations

import numpy as np

from .._arrays import Array


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
