"""In which categorical columns two rows agree, where the choices are so many that a coordinate for each would be slow.

    symbol   meaning
    v_j      weight of the categorical column j
    E        sum over j of v_j where x and x' hold the same choice, between rows x and fixed rows x'

Each choice that a fixed row holds has a line in a table: what it adds to E for every fixed row. A row then adds up the
lines of its choices; rows that are one change away from each other add up one line each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self, final

import numpy as np
from scipy.sparse import csr_array

from .._arrays import Array, Indices

# With more choices in all, the sums are looked up; with fewer, choices are coordinates.
MANY_CHOICES = 100


def are_many(kinds: Indices) -> bool:
    """Whether columns have very many choices in all.

    Args:
        kinds: number of choices of every column, 0 for a numeric one, (d,).
    """
    return int(kinds.sum()) > MANY_CHOICES


@final
@dataclass(frozen=True, eq=False)
class Agreement:
    """E of the table of the module, towards fixed rows.

    Args:
        columns: the categorical ones, (c,).
        first: the number of the first choice of each, when the choices of all columns are numbered one after the other,
            (c,).
        lines: where in the table every choice stands, (K,); the last line is for those that no fixed row holds.
        table: what every line adds, (lines, N).
    """

    columns: Indices
    first: Indices
    lines: Indices
    table: Array

    @classmethod
    def of(cls, rows: Array, kinds: Indices, weights: Array) -> Self:
        """Make the table.

        Args:
            rows: the fixed rows, (N, d).
            kinds: number of choices of every column, 0 for a numeric one, (d,).
            weights: v of every column, (d,); those of numeric ones count for nothing.
        """
        columns = np.flatnonzero(kinds)
        ends = np.cumsum(kinds[columns])
        first = ends - kinds[columns]
        held = rows[:, columns].astype(np.intp) + first
        is_held = np.zeros(int(ends[-1]), bool)
        is_held[held] = True
        n_held = int(is_held.sum())
        lines = np.where(is_held, np.cumsum(is_held) - 1, n_held)
        table = np.zeros((n_held + 1, len(rows)))
        table[lines[held], np.arange(len(rows))[:, None]] = weights[columns]
        return cls(columns, first, lines, table)

    def __call__(self, X: Array) -> Array:
        """E of rows (n, d), (n, N)."""
        lines = self.lines[X[:, self.columns].astype(np.intp) + self.first]
        if len(self.columns) == 1:
            alone: Array = self.table[lines[:, 0]]
            return alone
        differs = lines != lines[:1]
        n_different = int(differs.sum())
        if 4 * n_different > differs.size:
            return self._sums(np.ones(lines.size), lines.ravel(), np.full(len(lines), lines.shape[1]))
        # Most cells are those of the first row: so only the others are looked up, and what they replace.
        usual = np.broadcast_to(lines[0], lines.shape)
        changes = np.stack((lines[differs], usual[differs]), axis=1)
        signs = np.tile([1.0, -1.0], n_different)
        total = self._sums(signs, changes.ravel(), 2 * differs.sum(axis=1))
        total += self.table[lines[0]].sum(axis=0)
        return total

    def _sums(self, factors: Array, lines: Indices, sizes: Indices) -> Array:
        """For every row the sum of `size` lines times their factors, (n, N)."""
        ends = np.append(0, np.cumsum(sizes))
        return np.asarray(csr_array((factors, lines, ends), shape=(len(sizes), len(self.table))) @ self.table)
