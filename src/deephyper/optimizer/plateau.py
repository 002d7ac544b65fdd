"""A plateau: while several rows share the best value, some suggestions are made as if these had not come back yet.

A model is sure of a plateau: it has many rows there, and all of them say the same. So it goes on asking there, where
its mean is highest, however often that has brought nothing. But these rows cannot tell where something better is; the
others can, since their values rise towards it. So now and then a suggestion comes from what the others say, while the
rows of the plateau only take away doubt where they are. Measured in docs/decisions/plateaus.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from .._arrays import Mask
from .._draws import Draws, Purpose
from ..space import row_keys
from .told import Told

# So many different rows with the best value are a plateau; then this share of the suggestions leaves it.
_FEWEST, _SHARE = 3, 0.5


@final
@dataclass(frozen=True, eq=False)
class Plateau:
    """Rows that share the best value, and which suggestions leave them; make one with `Plateau.of`.

    Args:
        rows: which of the evaluated rows these are, (N,); none if they are no plateau.
        draws: of the search.
    """

    rows: Mask
    draws: Draws

    @classmethod
    def of(cls, told: Told, draws: Draws) -> Plateau:
        """Look for a plateau among evaluated rows."""
        rows = told.is_best
        is_plateau = told.has_enough_values and not told.is_flat and len(set(row_keys(told.X[rows]))) >= _FEWEST
        return cls(rows & is_plateau, draws)

    def is_left(self, number: int) -> bool:
        """Whether the suggestion with this number leaves the plateau."""
        return bool(self.rows.any()) and self.draws.at(Purpose.PLATEAU, number).random() < _SHARE

    def n_before_leaving(self, number: int, n: int) -> int:
        """How many of n suggestions, the first of which has this number, come before one that leaves the plateau."""
        if not self.rows.any():
            return n
        return next((k for k in range(1, n) if self.is_left(number + k)), n)
