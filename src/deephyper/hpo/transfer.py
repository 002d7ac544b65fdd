"""Tables of earlier searches -> rows and values that `deephyper.transfer` can learn from."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from .._arrays import Array
from .._checks import is_number
from .._draws import Draws, Purpose
from ..job import PARAMETER, objective_columns
from ..moo import merit
from ..results import as_frame
from ..space import Dimension, Space, row_keys
from ..surrogate import best_and_random
from ..transfer import N_LEADS, Density, Guide, Source, density_of, source_model, standardized
from .restart import parser_of

Table = pd.DataFrame | str | os.PathLike[str]

FEWEST_GOOD_ROWS = 10
# More rows than these tell little more, and every suggestion would pay for them.
MOST_ROWS = 100
# Leads should lie so far apart, at first, in the largest difference of a column.
_APART = 0.1
# What is drawn under Purpose.SOURCE.
_SAMPLE, _FILL, _SCALE, _SUBSET = range(4)
# Around the good rows of few columns lies a smooth hill. In many columns the best rows of a search lie close together, and a
# density around them is a trap; a model also tells what else was good. Its ripples must be gone before the search converges.
_FEW_COLUMNS = 3
_DENSITY_FADES_OVER, _MODEL_FADES_OVER = 24, 12


@dataclass(frozen=True)
class EarlierTask:
    """One table, its failed and cancelled evaluations left out.

    Args:
        frame: the rows, the best first.
        values: what they are ranked by, (n,), descending: the objective, or with several of them the number of the Pareto front.
    """

    frame: pd.DataFrame
    values: Array


@dataclass(frozen=True)
class GenerativeModel:
    """Where good configurations lie, according to earlier searches.

    Args:
        densities: over rows of the search's space, one for each earlier search.
        space: of the search.
        draws: of the search.
    """

    densities: tuple[Density, ...]
    space: Space
    draws: Draws

    @property
    def good(self) -> Array:
        """The good rows, the best of each earlier search first, (m, d); NaN where it had no such hyperparameter."""
        return np.concatenate([density.good for density in self.densities])

    def sample(self, n: int) -> pd.DataFrame:
        """Draw `n` legal configurations, a column per hyperparameter; the same ones at every call."""
        rng = self.draws.at(Purpose.SOURCE, _SAMPLE)
        shares = np.bincount(np.arange(n) % len(self.densities), minlength=len(self.densities))
        rows = [density.sample(int(share), rng) for density, share in zip(self.densities, shares, strict=True)]
        return pd.DataFrame(self.space.decode(np.concatenate(rows)), columns=self.space.names)


# Tables.


def earlier_tasks(where: str, df: Table | Sequence[Table], space: Space) -> list[EarlierTask]:
    """Read what a user passes as the table, or tables, of earlier searches.

    Raises:
        ValueError: a table has nothing to learn from.
        TypeError: it is no table.
    """
    tables: list[Any] = list(df) if isinstance(df, (list, tuple)) else [df]
    if not tables:
        raise ValueError(f"{where}: the list of tables is empty; pass at least one.")
    for table in tables:
        if not isinstance(table, (pd.DataFrame, str, os.PathLike)):
            raise TypeError(
                f"{where}: an earlier search must be a DataFrame, the path of a CSV file, or a list of these, "
                f"got {table!r} of type {type(table).__name__}."
            )
    return [_earlier_task(where, as_frame(table).reset_index(drop=True), space) for table in tables]


def _earlier_task(where: str, frame: pd.DataFrame, space: Space) -> EarlierTask:
    names = ["objective"] if "objective" in frame.columns else _several_objectives(frame)
    if not names:
        raise ValueError(f"{where}: the table needs a column 'objective', or 'objective_0', 'objective_1' and so on.")
    if not any(PARAMETER + name in frame.columns for name in space.names):
        raise ValueError(
            f"{where}: the table has no column of this problem's hyperparameters, such as {PARAMETER + space.names[0]!r}."
        )
    objectives = np.column_stack([pd.to_numeric(frame[name], errors="coerce").to_numpy(float) for name in names])
    is_value = np.isfinite(objectives).all(axis=1)
    if not is_value.any():
        raise ValueError(f"{where}: the table has no evaluation with a numeric objective to learn from.")
    values = merit(objectives[is_value])
    order = np.argsort(-values, kind="stable")
    return EarlierTask(frame.loc[np.flatnonzero(is_value)[order]], values[order])


def _several_objectives(frame: pd.DataFrame) -> list[str]:
    n = sum(name in frame.columns for name in objective_columns(len(frame.columns) + 1))
    return objective_columns(n) if n > 1 else []


# Rows.


def partial_rows(frame: pd.DataFrame, space: Space) -> Array:
    """Cells of a table's configurations, (n, d); NaN where it has no value, or one that this space does not have."""
    X = np.full((len(frame), space.n_columns), np.nan)
    for j, dimension in enumerate(space.columns):
        if PARAMETER + dimension.name in frame.columns:
            X[:, j] = [_cell(value, dimension) for value in frame[PARAMETER + dimension.name]]
    return X


def _cell(value: Any, dimension: Dimension) -> float:
    try:
        # A file holds text where a table holds the objects themselves.
        parsed = parser_of(dimension)(value) if isinstance(value, str) else value
        return float(dimension.encode([parsed])[0])
    except ValueError:
        return float("nan")


def good_rows(task: EarlierTask, n_good: int, space: Space) -> Array:
    """The best rows, and all that are as good as the last of them, the best first, (m, d); of very many some, evenly."""
    n_good = int((task.values >= task.values[n_good - 1]).sum())
    places = np.round(np.linspace(0, n_good - 1, min(n_good, MOST_ROWS))).astype(np.intp)
    return partial_rows(task.frame.iloc[places], space)


def n_good_of(n_rows: int, q: float) -> int:
    """How many rows count as good: those above the quantile q, but at least ten, if there are as many."""
    above = int(np.ceil(round((1 - q) * n_rows, 9)))
    return max(above, min(FEWEST_GOOD_ROWS, n_rows))


def _warn_of_few(n_rows: int, q: float) -> None:
    """Say so when there are not ten rows above the quantile q."""
    q_max = 1 - n_good_of(n_rows, 1.0) / n_rows
    if round(q, 9) > round(q_max, 9):
        warnings.warn(
            f"The value of q={q} is replaced by q_max={q_max:g}: at least {FEWEST_GOOD_ROWS} rows are needed to learn where good "
            "configurations lie.",
            UserWarning,
            stacklevel=4,
        )


def leads_of(goods: Sequence[Array], space: Space, draws: Draws, n: int) -> Array:
    """The rows to try first, canonical and legal, at most n, (k, d).

    Args:
        goods: good rows of every earlier search, the best first, (m, d) each; NaN where it says nothing, which is spread evenly.
        space: of the search.
        draws: of the search.
        n: how many.
    """
    fill = space.from_shares(_strata(2, n, space.n_columns, draws.at(Purpose.SOURCE, _FILL)))
    lines = [good[_spread_order(good, space, 2 * n)] for good in goods]
    # The best of every search first, then the second ones.
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
    """Rounds of n shares, (n_rounds n, n_columns): in each one a column takes the middle of every nth part once, in any order."""
    middles = np.tile((np.arange(n) + 0.5)[:, None] / n, (1, n_columns))
    return np.concatenate([rng.permuted(middles, axis=0) for _ in range(n_rounds)])


def _spread_order(good: Array, space: Space, n: int) -> list[int]:
    """Places of at most n different rows: the best one, then always the best that lies apart from those before it.

    Where none does, less apart will do; and where a column is unknown, what is drawn for it sets rows apart already.
    """
    known = np.nan_to_num(good, nan=-1.0)
    nearest = np.full(len(good), np.inf)
    order: list[int] = []
    is_unknown = np.isnan(good) & space.active(np.nan_to_num(good))
    apart = 0.0 if is_unknown.all(axis=0).any() else _APART
    while len(order) < min(n, len(good)):
        is_apart = nearest > apart
        if is_apart.any():
            order.append(int(np.argmax(is_apart)))
            difference = known - known[order[-1]]
            steps = np.where(space.is_categorical, difference != 0.0, np.abs(difference))
            nearest = np.minimum(nearest, steps.max(axis=1, initial=0.0))
        elif nearest.max() > 0.0:
            apart = min(apart, float(nearest.max())) / 2.0
        else:
            break
    return order


# Models.


def generative_model(tasks: Sequence[EarlierTask], q: float, space: Space, draws: Draws) -> GenerativeModel:
    """Learn the density of earlier searches' good configurations."""
    where = "CBO.fit_generative_model"
    if not is_number(q) or not 0 <= q < 1:
        raise ValueError(f"{where}: q must be a number in [0, 1), got {q!r}.")
    for task in tasks:
        _warn_of_few(len(task.values), q)
    goods = [good_rows(task, n_good_of(len(task.values), q), space) for task in tasks]
    return GenerativeModel(tuple(density_of(space, good) for good in goods), space, draws)


def source_of(tasks: Sequence[EarlierTask], goods: Sequence[Array], n_leads: int, space: Space, draws: Draws) -> Source:
    """What a search is given of earlier ones: their models, and the rows to try first.

    Args:
        tasks: the earlier searches.
        goods: good rows of each, the best first, (m, d).
        n_leads: how many rows to try first, at most.
        space: of the search.
        draws: of the search.
    """
    guides = [g for task, good in zip(tasks, goods, strict=True) if (g := _guide(task, good, space, draws)) is not None]
    return Source(tuple(guides), leads_of(goods, space, draws, n_leads))


def _guide(task: EarlierTask, good: Array, space: Space, draws: Draws) -> Guide | None:
    """What an earlier search says of rows: how dense its good ones are where it had few columns, else its objective."""
    rng = draws.at(Purpose.SOURCE, _SCALE)
    if (~np.isnan(good)).any(axis=0).sum() <= _FEW_COLUMNS:
        density = density_of(space, good)
        best = leads_of([good], space, draws, N_LEADS)
        return standardized(density.log_density, density.gradient, space, best, _DENSITY_FADES_OVER, rng)
    seen = best_and_random(task.values, MOST_ROWS, draws.at(Purpose.SOURCE, _SUBSET))
    rows = partial_rows(task.frame.iloc[seen], space)
    model = source_model(space, rows, task.values[seen])
    best = leads_of([rows], space, draws, N_LEADS)
    return standardized(model.mean, model.with_slopes, space, best, _MODEL_FADES_OVER, rng)
