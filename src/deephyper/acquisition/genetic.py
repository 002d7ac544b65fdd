"""A genetic search over rows of any kind: tournaments, uniform crossover, and small moves as around good rows."""

from __future__ import annotations

import numpy as np

from .._arrays import Array, Indices
from ..space import Space
from .candidates import around, legal_rows
from .landscape import Landscape

_POPULATION = 100
_GENERATIONS = 20
_MUTANTS = 0.5


def evolved(landscape: Landscape, space: Space, first: Array, rng: np.random.Generator) -> Array:
    """Let rows breed and keep the fittest.

    Args:
        landscape: how fit a row is.
        space: what may be tried.
        first: canonical, legal rows to begin with, (n, d).
        rng: draws parents, crossings and moves.

    Returns:
        Canonical, legal, different rows, the best first, (m, d).
    """
    if not len(first):
        return first
    rows, values = _fittest(first, landscape.value(first))
    for _ in range(_GENERATIONS):
        children = _children(space, rows, values, rng)
        if len(children):
            rows, values = _fittest(
                np.concatenate((rows, children)), np.concatenate((values, landscape.value(children)))
            )
    return rows


def _fittest(rows: Array, values: Array) -> tuple[Array, Array]:
    """The best different rows, best first, and their values."""
    order = np.argsort(-values, kind="stable")
    _, places = np.unique(rows[order], axis=0, return_index=True)
    kept = order[np.sort(places)[:_POPULATION]]
    return rows[kept], values[kept]


def _children(space: Space, rows: Array, values: Array, rng: np.random.Generator) -> Array:
    """Legal offspring of one generation, (k, d): crossed pairs, and mutants of the best rows."""
    n_crossed = int(_POPULATION * (1.0 - _MUTANTS))
    mothers, fathers = (_winners(values, n_crossed, rng) for _ in range(2))
    is_mothers = rng.random((n_crossed, space.n_columns)) < 0.5
    crossed = space.canonical(np.where(is_mothers, rows[mothers], rows[fathers]))
    mutants = around(space, rows[: max(1, len(rows) // 4)], _POPULATION - n_crossed, rng)
    return np.concatenate((legal_rows(space, crossed), mutants))


def _winners(values: Array, n: int, rng: np.random.Generator) -> Indices:
    """Winners of n tournaments of two, (n,)."""
    pairs = rng.integers(len(values), size=(n, 2))
    return np.where(values[pairs[:, 0]] >= values[pairs[:, 1]], pairs[:, 0], pairs[:, 1])
