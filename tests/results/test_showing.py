"""A printed table shows the objective and the hyperparameters first."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from deephyper.job import Objectives
from deephyper.results import Results, table_of


def table(n_parameters: int = 3, n_rows: int = 4, **cells: Any) -> Results:
    parameters = {f"p:parameter_{k}": k + 0.123456789 for k in range(n_parameters)}
    others = {"job_status": "DONE", "m:timestamp_submit": 0.25, "m:timestamp_start": 0.5, "m:a_long_note": "é" * 30}
    rows = [
        parameters | {"objective": "F_timeout" if i == 1 else i / 7, "job_id": i} | others | cells
        for i in range(n_rows)
    ]
    return table_of(rows, [f"parameter_{k}" for k in range(n_parameters)], Objectives(1))


@pytest.mark.parametrize("n_parameters", [1, 3, 5, 8, 15])
@pytest.mark.parametrize("n_rows", [1, 4, 200])
def test_objective_and_parameters_come_first_within_80_columns(n_parameters: int, n_rows: int) -> None:
    found = table(n_parameters, n_rows)

    for shown in (repr(found), str(found), repr(found.best)):
        positions = [shown.index(name) for name in ["objective", *(f"p:parameter_{k}" for k in range(n_parameters))]]
        assert positions == sorted(positions)
        assert max(len(line) for line in shown.splitlines()) <= 80


def test_what_is_left_out_is_named() -> None:
    shown = repr(table())

    note = shown[shown.index("[4 rows x 9 columns; not shown:") :]
    hidden = [name for name in table().columns if name not in shown[: shown.index("[4 rows")]]
    assert hidden and all(name in note for name in hidden)
    assert "F_timeout" in shown


def test_a_table_that_fits_is_shown_whole() -> None:
    found = table(1)[["p:parameter_0", "objective", "job_id"]]

    assert "not shown" not in repr(found) and "job_id" in repr(found)


def test_the_columns_themselves_keep_their_order() -> None:
    assert list(table(2).columns)[:4] == ["p:parameter_0", "p:parameter_1", "objective", "job_id"]
    assert all(name in table(9).to_string() for name in table(9).columns)


def test_the_settings_of_pandas_are_obeyed() -> None:
    with pd.option_context("display.max_columns", None, "display.width", 200):
        shown = repr(table(6))

    assert all(name in shown for name in table(6).columns)
    with pd.option_context("display.max_rows", 10, "display.min_rows", 4):
        assert len(repr(table(3, 100)).splitlines()) < 15


def test_a_notebook_shows_the_objective_first() -> None:
    shown = table(2)._repr_html_()

    assert shown is not None
    assert (
        shown.index("objective") < shown.index("p:parameter_0") < shown.index("job_id") < shown.index("m:a_long_note")
    )


@pytest.mark.parametrize(
    "derive",
    [
        lambda df: df[:0],
        lambda df: df[["p:parameter_0"]],
        lambda df: df.T,
        lambda df: df.groupby("job_id").agg({"objective": ["max", "min"]}),
        lambda df: pd.concat([df, df], axis=1),
        lambda df: df.set_index(["job_id", "job_status"]),
        lambda df: df.rename(columns={"job_id": 5}),
        lambda df: df.describe(),
        lambda df: Results(),
    ],
)
def test_whatever_is_made_of_a_table_can_be_shown(derive: Any) -> None:
    made = derive(table())

    assert repr(made) and (made._repr_html_() is None or "table" in made._repr_html_())


def test_several_objectives_come_first() -> None:
    rows = [{"p:x": 1.0, "objective_0": 1.0, "objective_1": 2.0, "job_id": 0}]

    assert repr(table_of(rows, ["x"], Objectives(2))).split()[:3] == ["objective_0", "objective_1", "p:x"]
