"""From rows of earlier tasks to what a search is given of them: rows to try first, and guides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .._arrays import Array
from .._draws import Draws, Purpose
from ..space import Space, row_keys
from .apart import APART, steps_between
from .density import density_of
from .guide import Guide, standardized
from .source import N_LEADS, Source
from .source_model import SourceModel, source_model

# Addresses of draws under Purpose.SOURCE; numbers 0 and 3 are drawn where tables are read.
_FILL, _SCALE = 1, 2
# In few columns, the density of the good rows is a smooth hill. In many columns the best rows of a search lie close
# together, so their density would be a trap, while a model also tells what else was good. The influence of either must
# have faded before the search converges.
_FEW_COLUMNS = 3
_DENSITY_FADES_OVER, _MODEL_FADES_OVER = 24, 12


@dataclass(frozen=True)
class EarlierRows:
    """An earlier task as rows of this one's space; NaN in a column that it does not know.

    Args:
        good: its good rows, the best first, (m, d).
        rows: those that a model of it is made of, (k, d).
        values: what these are worth, (k,).
    """

    good: Array
    rows: Array
    values: Array


def source_of(tasks: Sequence[EarlierRows], n_leads: int, space: Space, draws: Draws) -> Source:
    """Make what a search is given of earlier tasks: guides, and the rows to try first.

    Args:
        tasks: the earlier tasks.
        n_leads: how many rows to try first, at most.
        space: of the search.
        draws: of the search.
    """
    told = [_told_by(task, space, draws) for task in tasks]
    guides = [guide for guide, _ in told if guide is not None]
    return Source(tuple(guides), leads_of([rows for _, rows in told], space, draws, n_leads))


def _told_by(task: EarlierRows, space: Space, draws: Draws) -> tuple[Guide | None, Array]:
    """What a task says of rows, and its own rows, the most promising ones first, (m, d).

    It says so by the density of its good rows where it had few columns, else by a model of its objective.
    """
    rng = draws.at(Purpose.SOURCE, _SCALE)
    if (~np.isnan(task.good)).any(axis=0).sum() <= _FEW_COLUMNS:
        density = density_of(space, task.good)
        best = leads_of([task.good], space, draws, N_LEADS)
        guide = standardized(
            density.log_density, density.gradient, space, best, _DENSITY_FADES_OVER, rng, has_to_help=False
        )
        return guide, task.good
    model = source_model(space, task.rows, task.values)
    rows = _promising(task, model)
    best = leads_of([rows], space, draws, N_LEADS)
    return standardized(model.mean, model.with_slopes, space, best, _MODEL_FADES_OVER, rng), rows


def _promising(task: EarlierRows, model: SourceModel) -> Array:
    """The best row, which may be as good here, and then all rows by their smoothed values.

    The other best rows of a search are much like the first one, and good by luck of their own task as it was.
    """
    return np.concatenate((task.good[:1], task.rows[np.argsort(-model.smoothed, kind="stable")]))


def leads_of(goods: Sequence[Array], space: Space, draws: Draws, n: int) -> Array:
    """Choose the rows to try first, canonical and legal, at most n, (k, d).

    Args:
        goods: good rows of every earlier task, the best first, (m, d) each; what is NaN there is spread evenly.
        space: of the search.
        draws: of the search.
        n: how many.
    """
    fill = space.from_shares(_strata(2, n, space.n_columns, draws.at(Purpose.SOURCE, _FILL)))
    lines = [good[_spread_order(good, space, 2 * n)] for good in goods]
    # The best of every task first, then the second ones.
    candidates = [line[k] for k in range(2 * n) for line in lines if k < len(line)][: 2 * n]
    cells = np.array(candidates).reshape(-1, space.n_columns)
    rows = space.canonical(np.where(np.isnan(cells), fill[: len(cells)], cells))
    rows = rows[space.legal(rows)]
    first: dict[bytes, int] = {}
    for place, key in enumerate(row_keys(rows)):
        first.setdefault(key, place)
    leads: Array = rows[list(first.values())[:n]]
    return leads


def _strata(n_rounds: int, n: int, n_columns: int, rng: np.random.Generator) -> Array:
    """Draw rounds of n shares, (n_rounds n, n_columns).

    In each round, every column takes the middle of every nth part of [0, 1] once, in random order.
    """
    middles = np.tile((np.arange(n) + 0.5)[:, None] / n, (1, n_columns))
    return np.concatenate([rng.permuted(middles, axis=0) for _ in range(n_rounds)])


def _spread_order(good: Array, space: Space, n: int) -> list[int]:
    """Places of at most n different rows: the best one, then always the best that lies apart from those before it.

    Where none lies far enough apart, half that distance is enough. Where a column is unknown, the values drawn for it
    already keep rows apart.
    """
    known = np.nan_to_num(good, nan=-1.0)
    nearest = np.full(len(good), np.inf)
    order: list[int] = []
    is_unknown = np.isnan(good) & space.active(np.nan_to_num(good))
    apart = 0.0 if is_unknown.all(axis=0).any() else APART
    while len(order) < min(n, len(good)):
        is_apart = nearest > apart
        if is_apart.any():
            order.append(int(np.argmax(is_apart)))
            nearest = np.minimum(nearest, steps_between(space, known, known[order[-1]]))
        elif nearest.max() > 0.0:
            apart = min(apart, float(nearest.max())) / 2.0
        else:
            break
    return order
