"""What a surrogate learns from: rows, their targets, and what is stated about both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from .._arrays import Array, Indices


@final
@dataclass(frozen=True, eq=False)
class Data:
    """Rows and their targets.

    Args:
        X: rows, (n, d); cells of categorical columns hold the index of a choice.
        y: targets, (n,).
        variance: variance of the noise in each target that is known beforehand, (n,); 0 where nothing is. What else the
            noise may be is learned.
        kinds: number of choices of every column, 0 for a numeric one, (d,).
    """

    X: Array
    y: Array
    variance: Array
    kinds: Indices

    @classmethod
    def of(cls, X: Array, y: Array, kinds: Indices) -> Data:
        """Data of whose noise nothing is known."""
        return cls(X, y, np.zeros(len(y)), kinds)
