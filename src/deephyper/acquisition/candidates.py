"""Rows worth a first look: drawn anywhere, around good rows, or one change away."""

from __future__ import annotations

import numpy as np

from .._arrays import Array, Mask
from ..space import Dimension, Space, each_row_key, reflected, row_keys

_SCALES = np.array([0.003, 0.02, 0.08, 0.25])
_REDRAW = 0.4
_FEW_DRAWS, _MANY_DRAWS = 64, 5_000
# So many changes of one hyperparameter are looked at, and about so many of a row; but this many of each in any case.
_MOST_CHANGES, _MOST_OF_ALL, _FEWEST_CHANGES = 100, 2_000, 10


def around(space: Space, parents: Array, n: int, rng: np.random.Generator) -> Array:
    """Draw legal rows around good ones.

    Args:
        space: what may be tried.
        parents: good rows, the best first, (m, d); the better ones have more children.
        n: how many to draw.
        rng: draws them.

    Returns:
        Canonical rows, (k, d); k <= n, as illegal ones are dropped.
    """
    favour = np.floor(len(parents) * rng.random(n) ** 1.5).astype(np.intp)
    start = parents[favour]
    # A cell that is inactive in the parent but becomes active in the child is drawn from its prior.
    start = np.where(space.active(start), start, prior_cells(space, n, rng))
    is_moved = _moved(n, space.n_columns, rng)
    step = rng.standard_normal(start.shape) * rng.choice(_SCALES, n)[:, None]
    smallest = np.array([column.smallest_step for column in space.columns])
    step = np.copysign(np.maximum(np.abs(step), smallest), step)
    is_redrawn = is_moved & space.is_categorical & (rng.random(start.shape) < _REDRAW)
    rows = np.where(is_moved & ~space.is_categorical, reflected(start + step), start)
    rows = np.where(is_redrawn, _any_choice(space, n, rng), rows)
    return legal_rows(space, space.canonical(rows))


def _moved(n: int, n_columns: int, rng: np.random.Generator) -> Mask:
    """Which cells a step may change: for half of the rows all, for the others about two, at least one, (n, d)."""
    is_moved = rng.random((n, n_columns)) < min(1.0, 2.0 / n_columns)
    is_moved[np.arange(n), rng.integers(n_columns, size=n)] |= ~is_moved.any(axis=1)
    is_moved[rng.random(n) < 0.5] = True
    return is_moved


def prior_cells(space: Space, n: int, rng: np.random.Generator) -> Array:
    """Draw every cell from its prior, whether active or not, (n, d)."""
    cells = rng.random((n, space.n_columns))
    for j, column in enumerate(space.columns):
        cells[:, j] = column.from_share(cells[:, j])
    return cells


def _any_choice(space: Space, n: int, rng: np.random.Generator) -> Array:
    """Draw every categorical cell uniformly, (n, d); numeric cells are 0."""
    choices: Array = np.floor(rng.random((n, space.n_columns)) * np.maximum(space.n_choices, 1))
    return choices


def neighbours(space: Space, row: Array, good: Array, rng: np.random.Generator) -> Array:
    """Legal rows that differ from `row`, (d,), in one active hyperparameter that is no continuum, (k, d).

    These are all of them, except where a hyperparameter has very many choices. There, they are the choices of good
    rows, and some draws: of choices that no row has had, one is as good as any other.

    Args:
        space: what may be tried.
        row: canonical.
        good: rows with good values, the best first, (m, d).
        rng: draws.
    """
    is_active = space.active(row[None])[0]
    places = [j for j, column in enumerate(space.columns) if is_active[j] and not column.is_continuous]
    n_most = min(_MOST_CHANGES, max(_FEWEST_CHANGES, _MOST_OF_ALL // max(len(places), 1)))
    cells = [_other_cells(space.columns[j], row[j], good[:n_most, j], n_most, rng) for j in places]
    n = sum(len(c) for c in cells)
    if n == 0:
        return np.empty((0, len(row)))
    rows = np.where(is_active, row, prior_cells(space, n, rng))
    rows[np.arange(n), np.repeat(places, [len(c) for c in cells])] = np.concatenate(cells)
    return legal_rows(space, space.canonical(rows))


def _other_cells(column: Dimension, cell: float, good: Array, n_most: int, rng: np.random.Generator) -> Array:
    """Cells of a column that are one change away, (k,): all, or those of good rows, (m,), and some others."""
    cells = column.neighbours(cell)
    if len(cells) <= n_most:
        return cells
    drawn = cells[rng.choice(len(cells), n_most // 2, replace=False)]
    chosen = np.unique(np.concatenate((drawn, good)))
    others: Array = chosen[chosen != cell]
    return others


def legal_rows(space: Space, rows: Array) -> Array:
    """Those of the canonical rows that are legal."""
    legal: Array = rows[space.legal(rows)]
    return legal


def first_new(rows: Array, known: set[bytes], n: int) -> Array:
    """The first n rows, in order, that are neither known nor repeats, (k, d)."""
    places: dict[bytes, int] = {}
    for place, key in enumerate(each_row_key(rows)):
        if key not in known and key not in places:
            places[key] = place
            if len(places) == n:
                break
    return rows[list(places.values())]


def remaining(space: Space, known: set[bytes]) -> Array | None:
    """Every legal row of a small finite space that is not known, (k, d); None when the space is too large to tell."""
    # A space of constants has a single row, without cells.
    grid = space.grid if space.n_columns else np.empty((1, 0))
    if grid is None:
        return None
    is_new = np.array([key not in known for key in row_keys(grid)], bool)
    rest: Array = grid[is_new]
    return rest


def any_new(space: Space, known: set[bytes], rng: np.random.Generator) -> Array:
    """Draw one legal row that is not known, (1, d); (0, d) when there is none, or none that many draws can find."""
    for n_draws in (_FEW_DRAWS, _MANY_DRAWS):
        row = first_new(space.sample(n_draws, rng), known, 1)
        if len(row):
            return row
    rest = remaining(space, known)
    if rest is None:
        # Walks may have come to know all rows of one region; draws may still find another.
        by_force = space.sample_by_force(_MANY_DRAWS, rng) if space.walks else np.empty((0, space.n_columns))
        return first_new(by_force, known, 1)
    return rest[rng.permutation(len(rest))[:1]]
