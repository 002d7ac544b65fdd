"""The table that a search returns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, final

import pandas as pd

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
        for prefix in _PREFIXES:
            # Straight from the object's own index: going through `self.columns` would come back here while unpickling.
            manager = object.__getattribute__(self, "__dict__").get("_mgr")
            if manager is not None and not name.startswith("_") and prefix + name in manager.axes[0]:
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
        return [name for name in self.columns if name == "objective" or name.startswith("objective_")]

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
            return found[found[PARETO]]
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
    columns = list(dict.fromkeys(first + [name for row in rows for name in row]))
    table = Results({name: _column([row.get(name, float("nan")) for row in rows]) for name in columns}, columns=columns)
    for name in objectives:
        if not any(is_failure(value) for value in table[name]):
            table[name] = table[name].astype(float)
    if len(objectives) > 1:
        table[PARETO] = _pareto_efficient(table, objectives)
    return table


def _column(values: list[Any]) -> pd.Series[Any]:
    """A column that keeps what it is given: text, None and mixed values stay the Python objects that they are."""
    is_plain = all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values)
    return pd.Series(values, dtype=None if is_plain and values else object)


def _pareto_efficient(table: Results, objectives: list[str]) -> list[bool]:
    numbers = table[objectives].apply(pd.to_numeric, errors="coerce").to_numpy(float)
    is_success = ~pd.isna(numbers).any(axis=1)
    efficient = is_success.copy()
    efficient[is_success] = pareto_mask(numbers[is_success])
    return [bool(value) for value in efficient]
