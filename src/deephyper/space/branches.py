"""How many numbers there are to tune with each choice of a categorical: that decides how often it has to be tried."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import numpy as np

from .._arrays import Array, Indices, Mask

# How many draws `branches_of` should get, and how many of them it looks at, in all and with a choice.
DRAWS, _N_ROWS, _FEWEST_ROWS = 4_096, 256, 16
# A choice wakes a column more than another one does if the shares of its rows differ by this.
_TELLING = 0.05


@final
@dataclass(frozen=True, eq=False)
class Branches:
    """All choices of all categorical columns, one after the other; they are K.

    Args:
        columns: whose choice each is, (K,).
        cells: which one, (K,).
        n_numbers: how many numeric columns are active with it, in the mean, (K,).
        n_own: how many of them are not active with every other choice of the column, (K,).
        awake: in which share of the draws the column of each is active, (K,).
    """

    columns: Indices
    cells: Indices
    n_numbers: Array
    n_own: Array
    awake: Array


def branches_of(rows: Array, n_choices: Indices, active: Callable[[Array], Mask]) -> Branches:
    """Find them.

    Args:
        rows: draws in which every cell has a value, active or not, (n, d).
        n_choices: of every column, 0 for a numeric one, (d,).
        active: from rows to the mask of active cells, (n, d).
    """
    is_active, is_numeric = active(rows), n_choices == 0
    parts = []
    for j in np.flatnonzero(n_choices):
        k = int(n_choices[j])
        awake = rows[is_active[:, j]][: max(_FEWEST_ROWS, min(_N_ROWS, DRAWS // k))]
        there = _shares(awake, int(j), k, active)[:, is_numeric]
        is_own = there > there.min(axis=0) + _TELLING
        share = np.full(k, is_active[:, j].mean())
        parts.append((np.full(k, j), np.arange(k), there.sum(axis=1), is_own.sum(axis=1).astype(float), share))
    if not parts:
        nothing, none = np.empty(0), np.empty(0, np.intp)
        return Branches(none, none, nothing, nothing, nothing)
    return Branches(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


def unconditional_branches(n_choices: Indices) -> Branches:
    """The same where everything is always active.

    Args:
        n_choices: of every column, 0 for a numeric one, (d,).
    """
    columns = np.repeat(np.arange(len(n_choices)), n_choices)
    cells = np.arange(len(columns)) - np.repeat(np.cumsum(n_choices) - n_choices, n_choices)
    like = np.ones(len(columns))
    return Branches(columns, cells, float((n_choices == 0).sum()) * like, 0.0 * like, like)


def _shares(rows: Array, j: int, k: int, active: Callable[[Array], Mask]) -> Array:
    """In which share of the rows every column is active if column j has its choice 0, 1, ..., k - 1, (k, d)."""
    if not len(rows):
        return np.zeros((k, rows.shape[1]))
    chosen = np.tile(rows, (k, 1))
    chosen[:, j] = np.repeat(np.arange(k), len(rows))
    shares: Array = active(chosen).reshape(k, len(rows), -1).mean(axis=1)
    return shares
