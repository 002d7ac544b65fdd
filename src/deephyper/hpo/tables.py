"""Turns tables of earlier searches into rows and values, from which `deephyper.transfer` learns."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from .._arrays import Array, Mask
from .._checks import got, is_number, shown, warn
from .._draws import Draws, Purpose
from ..job import PARAMETER, Objectives
from ..moo import merit
from ..results import as_frame
from ..space import Dimension, Integer, Real, Space
from ..surrogate import best_and_random, has_penalty
from ..transfer import Density, EarlierRows, Source, density_of
from ..transfer import source_of as rows_source_of

Table = pd.DataFrame | str | os.PathLike[str]

FEWEST_GOOD_ROWS = 10
# More rows would add little information, and would slow down every suggestion.
MOST_ROWS = 100
# Addresses of draws under Purpose.SOURCE; numbers 1 and 2 are drawn in `transfer/leads.py`.
_SAMPLE, _SUBSET = 0, 3


@dataclass(frozen=True)
class EarlierTask:
    """The table of one earlier search, without failed and cancelled evaluations.

    Args:
        frame: the rows, the best first. Values of hyperparameters are the user's own objects if these are known.
        values: the values that rank the rows, (n,), descending: the objective, or with several objectives mainly the
            number of the Pareto front.
    """

    frame: pd.DataFrame
    values: Array


@dataclass(frozen=True)
class GenerativeModel:
    """The density of good configurations according to earlier searches.

    Args:
        densities: one for each earlier search, over rows of the space; without any, all of the space is as good.
        space: the space of the search that learns.
        draws: the random draws of that search.
    """

    densities: tuple[Density, ...]
    space: Space
    draws: Draws

    @property
    def good(self) -> Array:
        """The good rows of each earlier search, best first, (m, d); NaN for hyperparameters that it did not have."""
        nothing = np.empty((0, self.space.n_columns))
        return np.concatenate([nothing, *(density.good for density in self.densities)])

    def sample(self, n: int) -> pd.DataFrame:
        """Draw `n` legal configurations, with a column per hyperparameter; every call gives the same ones."""
        rng = self.draws.at(Purpose.SOURCE, _SAMPLE)
        if not self.densities:
            return pd.DataFrame(self.space.decode(self.space.sample(n, rng)), columns=self.space.names)
        shares = np.bincount(np.arange(n) % len(self.densities), minlength=len(self.densities))
        rows = [density.sample(int(share), rng) for density, share in zip(self.densities, shares, strict=True)]
        return pd.DataFrame(self.space.decode(np.concatenate(rows)), columns=self.space.names)


# Tables.


def earlier_tasks(where: str, df: Table | Sequence[Table], space: Space) -> list[EarlierTask]:
    """Read the table, or the tables, of earlier searches that a user passes; those of failures only are left out.

    Raises:
        ValueError: a table has nothing to learn from.
        TypeError: this is no table.
    """
    tables: list[Any] = list(df) if isinstance(df, (list, tuple)) else [df]
    if not tables:
        raise ValueError(f"{where}: the list of tables is empty; pass at least one.")
    for table in tables:
        if not isinstance(table, (pd.DataFrame, str, os.PathLike)):
            raise TypeError(
                f"{where}: an earlier search must be a DataFrame, the path of a CSV file, or a list of these, "
                f"{got(table)}."
            )
    tasks = [_earlier_task(where, _frame_of(where, table, space), space) for table in tables]
    return [task for task in tasks if len(task.values)]


def _frame_of(where: str, table: Table, space: Space) -> pd.DataFrame:
    """Return the table; choices from a file become the user's own objects. Texts of numbers are read later."""
    parsers = {
        dimension.name: _text_of_number if isinstance(dimension, (Real, Integer)) else partial(_choice, dimension)
        for dimension in space.columns
    }
    return as_frame(table, parsers, where).reset_index(drop=True)


def _text_of_number(text: str) -> str:
    try:
        is_number = not math.isinf(float(text))  # "nan" is how some programs leave a cell empty
    except ValueError:
        is_number = False
    if not is_number:
        raise ValueError("it must be a finite number, as this problem has a range there")
    return text


def _choice(dimension: Dimension, text: str) -> Any:
    """The choice that a cell holds; NaN for what is none here."""
    try:
        return dimension.read_cell(text)
    except ValueError:
        return np.nan


def _earlier_task(where: str, frame: pd.DataFrame, space: Space) -> EarlierTask:
    declared = Objectives.of_columns(frame.columns)
    if not declared.are_in(frame.columns):
        raise ValueError(f"{where}: the table needs a column 'objective', or 'objective_0', 'objective_1' and so on.")
    if not any(PARAMETER + name in frame.columns for name in space.names):
        raise ValueError(
            f"{where}: the table has no column of this problem's hyperparameters, such as "
            f"{PARAMETER + space.names[0]!r}."
        )
    objectives = np.array(declared.numbers(frame), np.float64).T
    is_value: Mask = np.asarray(np.isfinite(objectives).all(axis=1), bool)
    if not is_value.any():
        if not any(str(cell).startswith("F") for name in declared.columns for cell in frame[name]):
            raise ValueError(f"{where}: the table has no evaluation with a numeric objective to learn from.")
        warn(f"{where}: all {len(frame)} evaluations of the table have failed, so nothing is learned from it.")
        return EarlierTask(frame.iloc[:0], np.empty(0))
    is_value &= ~has_penalty(np.where(is_value[:, None], objectives, np.nan))
    values = merit(objectives[is_value])
    order = np.argsort(-values, kind="stable")
    return EarlierTask(frame.loc[np.flatnonzero(is_value)[order]], values[order])


# Rows.


def partial_rows(frame: pd.DataFrame, space: Space) -> Array:
    """Encode a table's configurations, (n, d); NaN for what is missing, inactive, or no value of this space."""
    X = np.full((len(frame), space.n_columns), np.nan)
    for j, dimension in enumerate(space.columns):
        if PARAMETER + dimension.name in frame.columns:
            X[:, j] = [_cell(value, dimension) for value in frame[PARAMETER + dimension.name]]
    # Some programs fill in inactive ones. Where a cell is missing, nobody knows which these are.
    is_whole = ~np.isnan(X).any(axis=1)
    X[is_whole] = np.where(space.active(X[is_whole]), X[is_whole], np.nan)
    return X


def _cell(value: Any, dimension: Dimension) -> float:
    try:
        return float(dimension.encode([dimension.read(value)])[0])
    except ValueError:
        return float("nan")


def good_rows(task: EarlierTask, n_good: int, space: Space) -> Array:
    """Return the `n_good` best rows and those as good as the last of them, best first, (m, d).

    If there are more than `MOST_ROWS`, they are thinned out evenly.
    """
    n_good = int((task.values >= task.values[n_good - 1]).sum())
    places = np.round(np.linspace(0, n_good - 1, min(n_good, MOST_ROWS))).astype(np.intp)
    return partial_rows(task.frame.iloc[places], space)


def n_good_of(n_rows: int, q: float) -> int:
    """How many rows count as good: those above the quantile q, but at least ten if there are that many."""
    above = int(np.ceil(round((1 - q) * n_rows, 9)))
    return max(above, min(FEWEST_GOOD_ROWS, n_rows))


def _warn_of_few(n_rows: int, q: float) -> None:
    """Warn if fewer than ten rows are above the quantile q."""
    q_max = 1 - n_good_of(n_rows, 1.0) / n_rows
    if round(q, 9) > round(q_max, 9):
        warnings.warn(
            f"The value of q={q} is replaced by q_max={q_max:g}: at least {FEWEST_GOOD_ROWS} rows are needed to learn "
            "where good configurations lie.",
            UserWarning,
            stacklevel=4,
        )


# Models.


def generative_model(tasks: Sequence[EarlierTask], q: float, space: Space, draws: Draws) -> GenerativeModel:
    """Learn the density of good configurations from earlier searches.

    Args:
        tasks: the earlier searches.
        q: the quantile of the objective above which rows count as good.
        space: the space of the search that learns.
        draws: the random draws of that search.

    Raises:
        ValueError: q is no quantile.
    """
    where = "CBO.fit_generative_model"
    if not is_number(q) or not 0 <= q < 1:
        raise ValueError(f"{where}: q must be a number in [0, 1), got {shown(q)}.")
    for task in tasks:
        _warn_of_few(len(task.values), q)
    goods = [good_rows(task, n_good_of(len(task.values), q), space) for task in tasks]
    return GenerativeModel(tuple(density_of(space, good) for good in goods), space, draws)


def source_of(tasks: Sequence[EarlierTask], goods: Sequence[Array], n_leads: int, space: Space, draws: Draws) -> Source:
    """Make what a search uses of earlier ones: models that guide it, and the rows to try first.

    Args:
        tasks: the earlier searches.
        goods: the good rows of each, best first, (m, d).
        n_leads: how many rows to try first, at most.
        space: the space of the search that learns.
        draws: the random draws of that search.
    """
    rows = []
    for task, good in zip(tasks, goods, strict=True):
        seen = best_and_random(task.values, MOST_ROWS, draws.at(Purpose.SOURCE, _SUBSET))
        rows.append(EarlierRows(good, partial_rows(task.frame.iloc[seen], space), task.values[seen]))
    return rows_source_of(rows, n_leads, space, draws)
