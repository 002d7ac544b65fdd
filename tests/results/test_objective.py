"""An objective beside failures: numbers to whoever computes, reasons to whoever looks."""

from __future__ import annotations

import io
import json
import math
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
import pytest

from deephyper.job import Objectives
from deephyper.results import Results, table_of

matplotlib.use("Agg")

NAN = math.nan
CELLS = [1.0, "F_timeout", NAN, 3.5, "F_x", 2]
NUMBERS = [1.0, NAN, NAN, 3.5, NAN, 2.0]


def table(*objectives: Any) -> Results:
    rows = [
        {
            "p:x": float(i),
            "objective": objective,
            "job_id": i,
            "job_status": "DONE" if objective == objective else "CANCELLED",
            "m:kind": "even" if i % 2 == 0 else "odd",
        }
        for i, objective in enumerate(objectives or CELLS)
    ]
    return table_of(rows, ["x"], Objectives(1))


def same(found: Any, expected: list[Any]) -> bool:
    return all(a == b or (a != a and b != b) for a, b in zip(list(found), expected, strict=True))


@pytest.mark.parametrize(
    ("compute", "expected"),
    [
        (lambda s: s.max(), 3.5),
        (lambda s: s.min(), 1.0),
        (lambda s: s.sum(), 6.5),
        (lambda s: s.mean(), 6.5 / 3),
        (lambda s: s.median(), 2.0),
        (lambda s: s.quantile(0.5), 2.0),
        (lambda s: s.count(), 3),
        (lambda s: s.idxmax(), 3),
        (lambda s: s.idxmin(), 0),
        (lambda s: s.argmax(), 3),
        (lambda s: s.describe()["max"], 3.5),
        (lambda s: s.corr(pd.Series(range(6))), 0.5),
        (np.nanmax, 3.5),
        (np.max, 3.5),
    ],
)
def test_one_number_is_computed_of_the_successes(compute: Callable[..., Any], expected: float) -> None:
    assert compute(table().objective) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("compute", "expected"),
    [
        (lambda s: s.cummax(), [1.0, NAN, NAN, 3.5, NAN, 3.5]),
        (lambda s: s.expanding().max(), [1.0, 1.0, 1.0, 3.5, 3.5, 3.5]),
        (lambda s: -s, [-1.0, NAN, NAN, -3.5, NAN, -2.0]),
        (lambda s: 1 - s, [0.0, NAN, NAN, -2.5, NAN, -1.0]),
        (lambda s: s - s.max(), [-2.5, NAN, NAN, 0.0, NAN, -1.5]),
        (lambda s: s * s, [1.0, NAN, NAN, 12.25, NAN, 4.0]),
        (abs, NUMBERS),
        (np.log2, [0.0, NAN, NAN, math.log2(3.5), NAN, 1.0]),
        (lambda s: s.rank(), [1.0, NAN, NAN, 3.0, NAN, 2.0]),
        (lambda s: s.fillna(-1), [1.0, -1.0, -1.0, 3.5, -1.0, 2.0]),
        (lambda s: s.ffill(), [1.0, 1.0, 1.0, 3.5, 3.5, 2.0]),
        (lambda s: s.dropna(), [1.0, 3.5, 2.0]),
        (lambda s: s.nlargest(2), [3.5, 2.0]),
        (lambda s: s.where(s.map(lambda v: not isinstance(v, str)), NAN), NUMBERS),
        (lambda s: s > 1, [False, False, False, True, False, True]),
        (lambda s: s.between(0, 2), [True, False, False, False, False, True]),
        (lambda s: s.isna(), [False, True, True, False, True, False]),
        (lambda s: s.astype(float), NUMBERS),
        (lambda s: s.astype("Float64").to_numpy(float, na_value=NAN), NUMBERS),
        (np.asarray, NUMBERS),
        (lambda s: np.asarray(s, float), NUMBERS),
        (lambda s: s.to_numpy(), NUMBERS),
    ],
)
def test_computing_sees_missing_numbers(compute: Callable[..., Any], expected: list[Any]) -> None:
    assert same(compute(table().objective), expected)


def test_sorting_puts_failures_last_in_both_directions() -> None:
    found = table()

    assert found.sort_values("objective").job_id.tolist() == [0, 5, 3, 1, 2, 4]
    assert found.sort_values("objective", ascending=False).job_id.tolist() == [3, 5, 0, 1, 2, 4]
    assert found.sort_values(["m:kind", "objective"]).job_id.tolist() == [0, 2, 4, 5, 3, 1]


@pytest.mark.parametrize(
    ("look", "expected"),
    [
        (lambda s: s.tolist(), CELLS),
        (list, CELLS),
        (lambda s: s.astype(object), CELLS),
        (lambda s: s.astype(str).str.startswith("F"), [False, True, False, False, True, False]),
        (lambda s: s.str.startswith("F"), [False, True, False, False, True, False]),
        (lambda s: s.str.contains("time"), [False, True, False, False, False, False]),
        (lambda s: s.apply(lambda v: isinstance(v, str)), [False, True, False, False, True, False]),
        (lambda s: s == "F_timeout", [False, True, False, False, False, False]),
        (lambda s: s != "F_timeout", [True, False, True, True, True, True]),
        (lambda s: s.isin(["F_x", 1.0]), [True, False, False, False, True, False]),
        (lambda s: s.map(lambda v: v if isinstance(v, str) else ""), ["", "F_timeout", "", "", "F_x", ""]),
        (lambda s: [s[1], s.iloc[4], s.at[0]], ["F_timeout", "F_x", 1.0]),
        (lambda s: s.shift(), [NAN, *CELLS[:-1]]),
        (lambda s: s.reindex([1, 99]), ["F_timeout", NAN]),
        (lambda s: s.unique(), CELLS),
    ],
)
def test_looking_sees_the_reasons(look: Callable[..., Any], expected: list[Any]) -> None:
    assert same(look(table().objective), expected)


@pytest.mark.parametrize(
    "without_failures",
    [
        lambda df: df[~df["objective"].astype(str).str.startswith("F")].objective.astype(float),
        lambda df: df[~df.objective.str.startswith("F")].astype({"objective": float}).objective,
        lambda df: df[df.objective.apply(lambda v: not isinstance(v, str))].objective.astype("float64"),
        lambda df: pd.to_numeric(df.objective, errors="coerce"),
        lambda df: df[df.objective.notna()].objective,
        lambda df: df.objective.where(df.objective.map(lambda v: not isinstance(v, str)), NAN),
    ],
)
def test_what_scripts_write_to_leave_failures_out_works(without_failures: Callable[..., Any]) -> None:
    assert without_failures(table()).dropna().to_numpy(float).tolist() == [1.0, 3.5, 2.0]


def test_scripts_that_ask_the_type_find_failures() -> None:
    assert table().objective.dtype == object
    assert table().objective.dtype != np.float64
    assert table(1.0, NAN).objective.dtype == np.float64
    assert pd.api.types.is_numeric_dtype(table().objective)


def test_rows_are_chosen_by_the_objective() -> None:
    found = table()

    assert found[found.objective > 1.5].job_id.tolist() == [3, 5]
    assert found.query("objective > 1.5").job_id.tolist() == [3, 5]
    assert found.nlargest(2, "objective").job_id.tolist() == [3, 5]
    assert found.loc[found.objective.idxmax()].job_id == 3
    assert found.dropna(subset=["objective"]).job_id.tolist() == [0, 3, 5]
    assert found[found.objective == "F_x"].job_id.tolist() == [4]


def test_expressions_compute_with_numbers_and_compare_with_texts() -> None:
    found, limit = table(), 3.0

    assert found.query("objective * 2 > @limit").job_id.tolist() == [3, 5]
    assert found.query("objective > @limit and job_id < 9").job_id.tolist() == [3]
    assert found.query("objective == 'F_x'").job_id.tolist() == [4]
    assert same(found.eval("objective * 2"), [2.0, NAN, NAN, 7.0, NAN, 4.0])
    assert found.eval("loss = -objective").loss.min() == -limit - 0.5


def test_arrays_of_numbers_are_made_of_whole_tables() -> None:
    found = table()[["p:x", "objective"]]

    for array in (np.array(found, dtype=float), found.to_numpy(float), found.astype(float).to_numpy()):
        assert same(array[:, 1], NUMBERS)
    assert same(np.asarray(found)[:, 1], CELLS)


def test_groups_and_whole_tables_are_computed_of_the_successes() -> None:
    found = table()

    assert found.groupby("m:kind").objective.max().to_dict() == {"even": 1.0, "odd": 3.5}
    assert found.groupby("m:kind").objective.idxmax().to_dict() == {"even": 0, "odd": 3}
    assert found.groupby("m:kind").objective.agg(["mean", "count"]).loc["odd"].tolist() == [2.75, 2]
    assert same(found.groupby("m:kind").objective.cummax(), [1.0, NAN, NAN, 3.5, NAN, 3.5])
    assert found.describe().loc["max", "objective"] == 3.5
    assert found.corr(numeric_only=True).loc["objective", "p:x"] == pytest.approx(0.5)
    assert found.max(numeric_only=True)["objective"] == 3.5
    assert found[["p:x", "objective"]].idxmax().tolist() == [5, 3]
    assert "objective" in found.select_dtypes("number")
    assert found.pivot_table(index="m:kind", values="objective").objective.tolist() == [1.0, 2.75]


@pytest.mark.parametrize(
    ("value", "expected"), [(7, 7.0), ("F_other", "F_other"), (NAN, NAN), (None, NAN), (np.float32(0.5), 0.5)]
)
def test_a_cell_can_be_set(value: Any, expected: Any) -> None:
    found = table()

    found.loc[[0, 1], "objective"] = value

    assert same(found.objective, [expected, expected, *CELLS[2:]])
    assert same(table().objective, CELLS)


@pytest.mark.parametrize("value", ["abc", True, 1j])
def test_what_is_no_objective_cannot_be_set(value: Any) -> None:
    found = table()

    with pytest.raises((ValueError, TypeError)):
        found.at[0, "objective"] = value


def test_copies_share_nothing_and_pickles_are_the_same() -> None:
    found, copied = table(), table().copy()

    copied.loc[1, "objective"] = 0.0

    assert found.objective[1] == "F_timeout"
    pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(found)), found)


def test_tables_with_and_without_failures_are_put_together() -> None:
    both = pd.concat([table(1.0, 2.0), table("F_x", 3.0), table(NAN, 0.5)], ignore_index=True)

    assert same(both.objective, [1.0, 2.0, "F_x", 3.0, NAN, 0.5])
    assert (both.objective.max(), both.objective.idxmax()) == (3.0, 3)
    assert both.merge(both, on="job_id").objective_x.max() == 3.0


def test_files_hold_the_reasons(tmp_path: Path) -> None:
    found = table()
    found.to_csv(tmp_path / "table.csv", index=False)
    text = (tmp_path / "table.csv").read_text()

    assert same([cells.split(",")[1] for cells in text.splitlines()[1:]], ["1.0", "F_timeout", "", "3.5", "F_x", "2.0"])
    assert same(pd.read_csv(io.StringIO(text), dtype={"objective": "objective"}).objective, CELLS)
    assert [row["objective"] for row in json.loads(found.to_json(orient="records"))][:2] == [1.0, "F_timeout"]
    assert [row["objective"] for row in found.to_dict("records")][:2] == [1.0, "F_timeout"]
    assert found.to_dict("list")["objective"][:2] == [1.0, "F_timeout"]
    assert found.objective.dtype == "objective"


def test_plots_have_gaps_where_evaluations_failed() -> None:
    import matplotlib.pyplot as plt

    found, (_, axes) = table(), plt.subplots()

    (line,) = axes.plot(found.objective)
    scatter = found.plot.scatter(x="p:x", y="objective").collections[0]
    (own,) = found.objective.plot(ax=plt.subplots()[1]).lines
    colours = found.plot.scatter(x="p:x", y="job_id", c="objective").collections[0].get_array()

    assert same(line.get_ydata(), NUMBERS)
    assert same(np.ma.filled(scatter.get_offsets()[:, 1], NAN), NUMBERS)
    assert same(np.ma.filled(np.ma.asarray(own.get_ydata()), NAN), NUMBERS)
    assert same(np.ma.filled(colours, NAN), NUMBERS)
    plt.close("all")


def test_several_objectives_compute_likewise() -> None:
    rows = [{"p:x": 0, "objective_0": a, "objective_1": b, "job_id": 0} for a, b in [(1.0, 2.0), ("F_x", "F_x")]]
    found = table_of(rows, ["x"], Objectives(2))

    assert (found.objective_0.max(), found.objective_1.max()) == (1.0, 2.0)
    assert found[["objective_0", "objective_1"]].astype(float).max().tolist() == [1.0, 2.0]
    assert found.objective_1.tolist() == [2.0, "F_x"]
