"""The table that a search returns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, final

import numpy as np
import pandas as pd

from .._arrays import Mask
from ..job import METADATA, PARAMETER, Row, is_failure, objective_columns
from ..moo import pareto_mask

_PREFIXES = (PARAMETER, METADATA)
PARETO = "pareto_efficient"


@final
class Results(pd.DataFrame):
    """One row per evaluation, in the order of gathering.

    Columns: `p:<name>` for each hyperparameter, `objective` (or `objective_0`, `objective_1`, …), `job_id`, `job_status`,
    `m:<key>` for times (seconds since the search began) and other metadata, `pareto_efficient` with several objectives.
    `df.x0` and `df.timestamp_end` find `p:x0` and `m:timestamp_end`.
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
        if manager is not None and not name.startswith("_") and not hasattr(type(self), name) and name not in self.columns:
            prefixed = next((prefix + name for prefix in _PREFIXES if prefix + name in self.columns), name)
            raise AttributeError(
                f"Results: {name!r} is no column that can be set as an attribute; write df[{prefixed!r}] = … instead."
            )
        super().__setattr__(name, value)

    @property
    def objective_names(self) -> list[str]:
        """Names of the objective's columns."""
        several = [name for name in objective_columns(len(self.columns) + 2) if name in self.columns]
        return several or [name for name in objective_columns(1) if name in self.columns]

    @property
    def successes(self) -> Results:
        """The rows with an objective to learn from: neither failed nor cancelled; their objectives are float64."""
        names = self.objective_names
        numbers = pd.DataFrame({name: pd.to_numeric(self[name], errors="coerce") for name in names}, index=self.index)
        is_success = numbers.notna().all(axis=1)
        found = self.loc[is_success].copy()
        for name in names:
            found[name] = numbers.loc[is_success, name].astype(float)
        return found

    @property
    def best(self) -> Results:
        """The row with the highest objective; the Pareto set with several objectives."""
        found = self.successes
        if len(self.objective_names) > 1:
            return found[pareto_mask(found[self.objective_names])]
        return found.sort_values("objective", ascending=False, kind="stable").head(1)


def table_of(rows: Sequence[Row], names: Sequence[str], n_objectives: int | None) -> Results:
    """Gather flat rows in a table.

    Args:
        rows: evaluations, in the order of gathering.
        names: all hyperparameters, in order of definition.
        n_objectives: number of objectives, None while unknown.
    """
    objectives = objective_columns(n_objectives)
    first = [PARAMETER + name for name in names] + objectives + ["job_id", "job_status"]
    columns = list(dict.fromkeys(first + [name for row in rows for name in row if name != PARETO]))
    table = Results({name: column([row.get(name, float("nan")) for row in rows]) for name in columns}, columns=columns)
    for name in objectives:
        if not any(is_failure(value) for value in table[name]):
            table[name] = table[name].astype(float)
    if len(objectives) > 1:
        table[PARETO] = _pareto_efficient(table, objectives)
    return table


def column(values: Sequence[Any]) -> pd.Series[Any]:
    """A column that keeps what it is given: all numbers or all bools as such, other values as the objects that they are."""
    plain = [value.item() if isinstance(value, np.generic) else value for value in values]
    is_numeric = all(type(value) in (int, float) for value in plain)
    is_flag = all(type(value) is bool for value in plain)
    return pd.Series(plain, dtype=None if plain and (is_numeric or is_flag) else object)


def _pareto_efficient(table: Results, objectives: list[str]) -> Mask:
    numbers = table[objectives].apply(pd.to_numeric, errors="coerce").to_numpy(float)
    is_success = ~pd.isna(numbers).any(axis=1)
    efficient: Mask = is_success.copy()
    efficient[is_success] = pareto_mask(numbers[is_success])
    return efficient
