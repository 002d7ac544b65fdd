"""How suggestions become cheaper, step by step, where workers would have to wait for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from ..acquisition import USUAL_BLOCK, Effort

_FEWEST_POINTS = 100


@final
@dataclass(frozen=True)
class Thrift:
    """What is saved.

    Args:
        fewest_shared: from so many suggestions on it pays to share candidates.
        block: so many share them, where not many more are open.
        growth: hyperparameters are learned again when the evaluated rows have grown by this share, if they have to be.
        effort: share of the usual candidates.
        climb: share of the usual steps uphill.
    """

    fewest_shared: int = 4
    block: int = USUAL_BLOCK
    growth: float = 0.0
    effort: float = 1.0
    climb: float = 1.0

    def of(self, effort: Effort) -> Effort:
        """The effort that is left of the usual one."""
        if self.effort == self.climb == 1.0:
            return effort
        n_points = max(min(effort.n_points, _FEWEST_POINTS), round(self.effort * effort.n_points))
        return Effort(n_points, effort.n_starts, round(self.climb * effort.n_steps))


# From what is usual to what hardly costs anything; each step takes about two thirds of the time of the one before:
# docs/decisions/slow-machines.md.
THRIFTS = (
    Thrift(),
    Thrift(fewest_shared=2, growth=1 / 16),
    Thrift(fewest_shared=2, growth=1 / 8, effort=1 / 2, climb=1 / 2),
    Thrift(fewest_shared=2, block=16, growth=1 / 4, effort=1 / 3, climb=1 / 3),
    Thrift(fewest_shared=2, block=16, growth=1 / 2, effort=1 / 3, climb=1 / 3),
    Thrift(fewest_shared=2, block=32, growth=1 / 2, effort=1 / 3, climb=2 / 15),
    Thrift(fewest_shared=2, block=32, growth=1 / 2, effort=1 / 3, climb=0.0),
)
LARGEST_THRIFT = len(THRIFTS) - 1
