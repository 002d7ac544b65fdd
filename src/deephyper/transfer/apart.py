"""How far rows lie apart: closer ones are of the same neighbourhood, and tell the same."""

from __future__ import annotations

import numpy as np

from .._arrays import Array
from ..space import Space

# Rows lie apart if they differ by more than this in some column, or in a choice.
APART = 0.1


def steps_between(space: Space, rows: Array, row: Array) -> Array:
    """The largest difference of some rows (n, d) to a row (d,) over all columns, (n,); 1 where a choice differs."""
    difference = rows - row
    steps: Array = np.where(space.is_categorical, difference != 0.0, np.abs(difference)).max(axis=1, initial=0.0)
    return steps
