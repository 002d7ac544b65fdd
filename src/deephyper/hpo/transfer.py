"""Earlier tables -> rows that `deephyper.transfer` can learn from."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from .._arrays import Array
from .._checks import is_number
from .._draws import Draws, Purpose
from ..job import PARAMETER
from ..results import as_frame
from ..space import Dimension, Space, row_keys, sobol
from ..transfer import Density, density_of
from .restart import parser_of

FEWEST_GOOD_ROWS = 10


@dataclass(frozen=True)
class GenerativeModel:
    """Where good configurations lie, according to an earlier search.

    Args:
        density: over rows of the search's space.
        good: the good rows, the best first, (m, d); NaN where the earlier search had no such hyperparameter.
        space: of the search.
        draws: of the search.
    """

    density: Density
    good: Array
    space: Space
    draws: Draws

    def sample(self, n: int) -> pd.DataFrame:
        """Draw `n` legal configurations, a column per hyperparameter; the same ones at every call."""
        rows = self.density.sample(n, self.draws.at(Purpose.SOURCE))
        return pd.DataFrame(self.space.decode(rows), columns=self.space.names)


def generative_model(df: pd.DataFrame | str | os.PathLike[str], q: float, space: Space, draws: Draws) -> GenerativeModel:
    """Learn the density of an earlier search's good configurations."""
    if not is_number(q) or not 0 <= q < 1:
        raise ValueError(f"CBO.fit_generative_model: q must be a number in [0, 1), got {q!r}.")
    frame = as_frame(df).reset_index(drop=True)
    if "objective" not in frame.columns:
        raise ValueError(
            "CBO.fit_generative_model: the table needs a column 'objective'; tables of several objectives are not supported."
        )
    objective = pd.to_numeric(frame["objective"], errors="coerce").dropna()
    ranked = frame.loc[objective.sort_values(ascending=False, kind="stable").index]
    if ranked.empty:
        raise ValueError("CBO.fit_generative_model: the table has no evaluation with a numeric objective to learn from.")
    if not any(PARAMETER + name in frame.columns for name in space.names):
        raise ValueError(
            "CBO.fit_generative_model: the table has no column of this problem's hyperparameters, such as "
            f"{PARAMETER + space.names[0]!r}."
        )
    good = partial_rows(ranked.head(_n_good(len(ranked), q)), space)
    return GenerativeModel(density_of(space, good), good, space, draws)


def _n_good(n_rows: int, q: float) -> int:
    """How many rows count as good."""
    n_good = int(np.ceil(round((1 - q) * n_rows, 9)))
    n_needed = min(FEWEST_GOOD_ROWS, n_rows)
    if n_good >= n_needed:
        return n_good
    warnings.warn(
        f"The value of q={q} is replaced by q_max={1 - n_needed / n_rows:g}: at least {FEWEST_GOOD_ROWS} rows are needed "
        "to learn where good configurations lie.",
        UserWarning,
        stacklevel=4,
    )
    return n_needed


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


def best_source_rows(model: GenerativeModel, space: Space, draws: Draws, n: int) -> Array:
    """The best distinct configurations of the earlier search as legal rows, at most n; what it did not have is spread evenly."""
    fill = space.from_shares(sobol(0, max(n, 1), space.n_columns, draws.at(Purpose.SOURCE, 1)))
    distinct = model.good[_first_of_each(np.nan_to_num(model.good, nan=-1.0))][:n]
    rows = space.canonical(np.where(np.isnan(distinct), fill[: len(distinct)], distinct))
    rows = rows[_first_of_each(rows)]
    return rows[space.legal(rows)]


def _first_of_each(rows: Array) -> list[int]:
    """Places of the rows that equal no earlier one, in order."""
    places: dict[bytes, int] = {}
    for place, key in enumerate(row_keys(rows)):
        places.setdefault(key, place)
    return list(places.values())
