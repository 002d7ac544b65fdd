"""The table that a search returns."""

from __future__ import annotations

import copy
import math
import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest

from deephyper.job import Objectives, Row
from deephyper.results import Results, column, table_of

NAN = math.nan


def row(job_id: int, objective: Any, **cells: Any) -> Row:
    objectives = (
        {"objective": objective}
        if not isinstance(objective, list)
        else dict(zip(["objective_0", "objective_1"], objective, strict=True))
    )
    status = "CANCELLED" if objective != objective else "DONE"
    times = {"m:timestamp_end": float(job_id)}
    return {"p:x0": job_id / 2, "p:act": "relu", **objectives, "job_id": job_id, "job_status": status, **times, **cells}


def table(*objectives: Any, n: int = 1) -> Results:
    return table_of([row(i, objective) for i, objective in enumerate(objectives)], ["x0", "act"], Objectives(n))


def test_columns_are_parameters_objective_job_and_then_metadata() -> None:
    rows = [row(0, 1.0, **{"m:b": 1}), row(1, 2.0, **{"m:a": 1})]

    found = table_of(rows, ["act", "x0"], Objectives())

    assert list(found.columns) == [
        "p:act",
        "p:x0",
        "objective",
        "job_id",
        "job_status",
        "m:timestamp_end",
        "m:b",
        "m:a",
    ]
    assert found["m:a"].isna().tolist() == [True, False]


def test_an_attribute_finds_the_prefixed_column() -> None:
    found = table(1.0, 2.0)

    assert found.x0.tolist() == [0.0, 0.5]
    assert found.timestamp_end.tolist() == [0.0, 1.0]
    assert found.objective.tolist() == [1.0, 2.0]


def test_a_column_of_that_very_name_comes_before_the_prefixed_one() -> None:
    rows = [row(0, 1.0, **{"p:objective": 9.0, "m:job_status": "x", "m:x0": 7.0})]

    found = table_of(rows, ["objective"], Objectives(1))

    assert found.objective.tolist() == [1.0]
    assert found.job_status.tolist() == ["DONE"]
    assert found.x0.tolist() == [0.0]


def test_an_unknown_attribute_is_an_attribute_error() -> None:
    found = table(1.0)

    assert not hasattr(found, "momentum")
    with pytest.raises(AttributeError, match="momentum"):
        _ = found.momentum


@pytest.mark.parametrize(
    ("name", "advice"), [("x0", "p:x0"), ("timestamp_end", "m:timestamp_end"), ("nothing", "nothing")]
)
def test_setting_a_name_that_is_no_column_raises_instead_of_getting_lost(name: str, advice: str) -> None:
    found = table(1.0)

    with pytest.raises(AttributeError, match=rf"Results: '{name}' is no column .* write df\['{advice}'\] = … instead"):
        setattr(found, name, [3.0])


def test_columns_index_and_attrs_can_be_set() -> None:
    found = table(1.0, 2.0)

    found.objective = [5.0, 6.0]
    found.index = ["a", "b"]  # type: ignore[assignment]
    found.attrs = {"origin": "here"}
    found["new"] = 1
    found.columns = [name.upper() for name in found.columns]

    assert found["OBJECTIVE"].tolist() == [5.0, 6.0]
    assert found.attrs == {"origin": "here"}


@pytest.mark.parametrize(
    "derive",
    [
        lambda df: df[:1],
        lambda df: df.iloc[[1]],
        lambda df: df[df.objective > 1],
        lambda df: df[["p:x0", "objective"]],
        lambda df: df.query("objective > 0"),
        lambda df: df.sort_values("objective"),
        lambda df: df.assign(z=1),
        lambda df: df.drop(columns="p:x0"),
        lambda df: df.reset_index(),
        lambda df: df.rename(columns={"p:x0": "x"}),
        lambda df: df.copy(),
        copy.copy,
        copy.deepcopy,
        lambda df: pickle.loads(pickle.dumps(df)),
        lambda df: pd.concat([df, df]),
        lambda df: pd.concat([df, df], ignore_index=True),
        lambda df: df.merge(df, on="job_id"),
        lambda df: df.successes,
        lambda df: df.best,
    ],
)
def test_what_is_made_of_a_table_stays_of_the_class(derive: Any) -> None:
    assert type(derive(table(1.0, 2.0))) is Results


def test_a_pickled_table_is_the_same_table() -> None:
    found = table(1.0, "F_x", NAN)

    pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(found)), found)
    assert pickle.loads(pickle.dumps(found)).x0.tolist() == found.x0.tolist()


def test_without_failures_the_objective_is_float64_also_with_cancelled_rows() -> None:
    found = table(1, NAN, 3, 2)

    assert found.objective.dtype == np.float64
    np.testing.assert_array_equal(found.objective.cummax(), [1.0, NAN, 3.0, 3.0])
    assert table(NAN).objective.dtype == table().objective.dtype == np.float64


def test_with_failures_the_objective_computes_and_shows_reasons_and_the_successes_are_float64() -> None:
    found = table(1.0, "F_x", NAN, 0.0)

    assert found.objective.max() == 1.0
    assert found.objective.tolist()[:2] == [1.0, "F_x"]
    assert found.successes.objective.dtype == np.float64
    assert found.successes.objective.tolist() == [1.0, 0.0]
    assert found.successes.job_id.tolist() == [0, 3]


def test_failures_are_the_rows_that_have_a_reason() -> None:
    found = table(1.0, "F_x", NAN, "F_y", "F_x").failures

    assert found.job_id.tolist() == [1, 3, 4]
    assert found.objective.value_counts().to_dict() == {"F_x": 2, "F_y": 1}
    assert len(table(1.0, NAN).failures) == len(table().failures) == 0


def test_changing_the_successes_leaves_the_table_alone() -> None:
    found = table(1.0, 2.0)

    successes = found.successes
    successes["objective"] = 0.0

    assert found.objective.tolist() == [1.0, 2.0]


def test_best_is_the_first_of_the_highest() -> None:
    assert table(1.0, 3.0, "F_x", 3.0, NAN).best.job_id.tolist() == [1]
    assert len(table("F_x", NAN).best) == len(table().best) == 0


def test_the_pareto_set_is_marked_and_is_the_best() -> None:
    found = table([1.0, 2.0], ["F_x", "F_x"], [2.0, 1.0], [1.0, 1.0], [NAN, NAN], n=2)

    assert found.pareto_efficient.dtype == bool
    assert found.pareto_efficient.tolist() == [True, False, True, False, False]
    assert found.best.job_id.tolist() == [0, 2]
    assert found.objective_0.tolist()[1] == "F_x"
    assert found.successes.objective_0.dtype == np.float64


def test_the_best_of_concatenated_tables_is_their_common_pareto_set() -> None:
    one, other = table([1.0, 1.0], [0.0, 2.0], n=2), table([2.0, 1.0], n=2)

    best = pd.concat([one, other]).best

    assert best[["objective_0", "objective_1"]].to_numpy().tolist() == [[0.0, 2.0], [2.0, 1.0]]


def test_a_table_of_several_objectives_may_be_empty() -> None:
    found = table(n=2)

    assert found.pareto_efficient.dtype == bool
    assert len(found.best) == len(found.successes) == 0


def test_only_numbered_columns_are_objectives() -> None:
    found = table(1.0, 2.0).assign(objective_gap=3.0)

    assert found.objective_names == ["objective"]
    assert table([1.0, 2.0], n=2).assign(objective_sum=0).objective_names == ["objective_0", "objective_1"]


def test_duplicate_index_labels_do_no_harm() -> None:
    twice = pd.concat([table(1.0, "F_x"), table(2.0, 0.0)])

    assert twice.successes.objective.tolist() == [1.0, 2.0, 0.0]
    assert twice.best.objective.tolist() == [2.0]


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([1, 2], "int64"),
        ([1, 2.5], "float64"),
        ([1, NAN], "float64"),
        ([np.int64(1), 2], "int64"),
        ([np.float32(1), np.float64(2)], "float64"),
        ([True, np.False_], "bool"),
        ([True, 1], "object"),
        ([True, NAN], "object"),
        (["a", "b"], "object"),
        (["a", None], "object"),
        ([None, None], "object"),
        ([2**70, 1], "object"),
        ([(1, 2), (3, 4)], "object"),
        ([np.arange(2), np.arange(2)], "object"),
        ([], "object"),
    ],
    ids=repr,
)
def test_a_column_keeps_what_it_is_given(values: list[Any], dtype: str) -> None:
    found = column(values)

    assert str(found.dtype) == dtype
    assert len(found) == len(values)
    if dtype == "object":
        assert all(type(ours) is type(theirs) for ours, theirs in zip(found, values, strict=True))


def test_only_public_names_and_columns_are_completed() -> None:
    table = Results({"p:x": [1.0], "p:two words": [1], "objective": [1.0], "m:timestamp_end": [1.0]})
    names = dir(table)

    assert {"x", "timestamp_end", "objective", "best", "successes"} <= set(names)
    assert [name for name in names if name.startswith("_") or not name.isidentifier()] == []
