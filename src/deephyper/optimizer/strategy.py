"""Several workers at once: what a suggestion knows of those that are still open, and of those made with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from .._arrays import Array

# From the targets so far, (n, m), to those that open rows are assumed to have, (m,).
Lie = Callable[[Array], Array]


@dataclass(frozen=True)
class Strategy:
    """How suggestions that are made together differ.

    Args:
        companions: how those of one call are found: "one by one", each with those before it open; "shared", the same among
            common candidates where that pays; "best" of one and the same score; "drawn" by it; or "own kappa", each the best
            under a kappa of its own, whatever the others are.
        lie: what open rows are told with; None counts them as pending, which shrinks doubt and leaves the mean.
        acquisition: the only one that it works with, by name; None for any.
    """

    companions: Literal["one by one", "shared", "best", "drawn", "own kappa"] = "one by one"
    lie: Lie | None = None
    acquisition: str | None = None


def _lowest(targets: Array) -> Array:
    return np.array([column.min() for column in targets.T])


def _mean(targets: Array) -> Array:
    return np.array([column.mean() for column in targets.T])


def _highest(targets: Array) -> Array:
    return np.array([column.max() for column in targets.T])


# cl: the constant liar of Ginsbourger, Le Riche & Carraro (2010). qUCB: Égelé et al. (2023).
STRATEGIES = {
    "auto": Strategy("shared"),
    "cl_min": Strategy(lie=_lowest),
    "cl_mean": Strategy(lie=_mean),
    "cl_max": Strategy(lie=_highest),
    "topk": Strategy("best"),
    "boltzmann": Strategy("drawn"),
    "qUCB": Strategy("own kappa", acquisition="UCB"),
    "qUCBd": Strategy("own kappa", acquisition="UCBd"),
}
