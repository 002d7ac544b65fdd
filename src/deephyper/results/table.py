"""The table that a search returns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, final

import numpy as np
import pandas as pd

from .._arrays import Array, Mask
from .._cells import scalar
from ..job import METADATA, PARAMETER, Objectives, Row, is_failure
from ..moo import pareto_mask

_PREFIXES = (PARAMETER, METADATA)
PARETO = "pareto_efficient"


@final
class Results(pd.DataFrame):
    """One row per evaluation, in the order of gathering.

    Columns: `p:<name>` for each hyperparameter, `objective` (or `objective_0`, `objective_1`, …), `job_id`,
    `job_status`, `m:<key>` for times (seconds since the search began) and other metadata, and `pareto_efficient` with
    several objectives. `df.x0` and `df.timestamp_end` find `p:x0` and `m:timestamp_end`.

    Example:
        >>> from deephyper.results import Results
        >>> df = Results({"p:x": [0.5, 2.0, 3.0], "objective": [0.25, 4.0, "F_timeout"], "job_id": [0, 1, 2]})
        >>> df.x.tolist()
        [0.5, 2.0, 3.0]
        >>> len(df.successes), df.best.objective.item()
        (2, 4.0)
    """

    @property
    def _constructor(self) -> Callable[..., Results]:
        return Results

    def __getattr__(self, name: str) -> Any:  # type: ignore[misc]  # the stubs call it final
        # Straight from the object's own index: going through `self.columns` would come back here while unpickling.
        manager = object.__getattribute__(self, "__dict__").get("_mgr")
        if manager is not None and not name.startswith("_") and name not in manager.axes[0]:
            for prefix in _PREFIXES:
                if prefix + name in manager.axes[0]:
                    return self[prefix + name]
        return super().__getattr__(name)

    def __setattr__(self, name: str, value: Any) -> None:
        manager = object.__getattribute__(self, "__dict__").get("_mgr")
        if (
            manager is not None
            and not name.startswith("_")
            and not hasattr(type(self), name)
            and name not in self.columns
        ):
            prefixed = next((prefix + name for prefix in _PREFIXES if prefix + name in self.columns), name)
            raise AttributeError(
                f"Results: {name!r} is no column that can be set as an attribute; write df[{prefixed!r}] = … instead."
            )
        super().__setattr__(name, value)

    @property
    def objective_names(self) -> list[str]:
        """Names of the objective's columns."""
        objectives = Objectives.of_columns(self.columns)
        return objectives.columns if objectives.are_in(self.columns) else []

    @property
    def successes(self) -> Results:
        """The rows with an objective to learn from: neither failed nor cancelled; their objectives are float64."""
        numbers = _numbers(self)
        is_success = _are_known(numbers)
        found = self.loc[is_success].copy()
        for name, column in zip(self.objective_names, numbers[is_success].T, strict=True):
            found[name] = column
        return found

    @property
    def best(self) -> Results:
        """The row with the highest objective; the Pareto set with several objectives."""
        found = self.successes
        if len(self.objective_names) > 1:
            return found[pareto_mask(found[self.objective_names])]
        return found.sort_values("objective", ascending=False, kind="stable").head(1)


def table_of(rows: Sequence[Row], names: Sequence[str], objectives: Objectives) -> Results:
    """Gather flat rows in a table.

    Args:
        rows: evaluations, in the order of gathering.
        names: all hyperparameters, in order of definition.
        objectives: those of the search.
    """
    first = [PARAMETER + name for name in names] + objectives.columns + ["job_id", "job_status"]
    columns = list(dict.fromkeys(first + [name for row in rows for name in row if name != PARETO]))
    table = Results({name: column([row.get(name, float("nan")) for row in rows]) for name in columns}, columns=columns)
    for name in objectives.columns:
        if not any(is_failure(value) for value in table[name]):
            table[name] = table[name].astype(float)
    if len(objectives.columns) > 1:
        table[PARETO] = _pareto_efficient(table)
    return table


def column(values: Sequence[Any]) -> pd.Series[Any]:
    """Make a column that keeps its values: only numbers, or only bools, as such; all others as the objects they are."""
    kept = [scalar(value) for value in values]
    is_numeric = all(type(value) in (int, float) for value in kept)
    is_flag = all(type(value) is bool for value in kept)
    return pd.Series(kept, dtype=None if kept and (is_numeric or is_flag) else object)


def _numbers(table: Results) -> Array:
    """The objectives of a table, (n, m); NaN for failures and cancelled evaluations."""
    objectives = Objectives.of_columns(table.columns)
    columns = objectives.numbers(table) if table.objective_names else []
    return np.array(columns, np.float64).reshape(len(columns), len(table)).T


def _are_known(numbers: Array) -> Mask:
    return np.asarray(~np.isnan(numbers).any(axis=1), bool)


def _pareto_efficient(table: Results) -> Mask:
    numbers = _numbers(table)
    is_success = _are_known(numbers)
    efficient = is_success.copy()
    efficient[is_success] = pareto_mask(numbers[is_success])
    return efficient
