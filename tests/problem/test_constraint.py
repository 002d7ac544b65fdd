"""A constraint function is asked about a table, and what it answers is matched with the rows, or refused."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ConfigSpace as CS
import numpy as np
import pandas as pd
import pytest

from deephyper.hpo import CBO, HpProblem, RandomSearch

Constraint = Callable[[pd.DataFrame], Any]


def problem_with(constraint: Constraint) -> HpProblem:
    problem = HpProblem(seed=1)
    problem.add_hyperparameter((0.0, 1.0), "x")
    problem.add_hyperparameter((0.0, 1.0), "y")
    problem.add_hyperparameter(["a", "b"], "kind")
    problem.set_constraint_fn(constraint)
    return problem


def is_below(df: pd.DataFrame) -> Any:
    return df.x < df.y


def sorts(df: pd.DataFrame) -> Any:
    return is_below(df.sort_values("y"))


def groups(df: pd.DataFrame) -> Any:
    return pd.concat([is_below(part) for _, part in df.groupby("kind")])


def sorts_in_place(df: pd.DataFrame) -> Any:
    df.sort_values("x", inplace=True)
    return is_below(df)


def shuffles(df: pd.DataFrame) -> Any:
    return is_below(df.sample(frac=1.0, random_state=3))


def filters(df: pd.DataFrame) -> Any:
    return pd.concat([is_below(df[df.x < 0.5]), is_below(df[df.x >= 0.5])])


def writes_into_its_table(df: pd.DataFrame) -> Any:
    df["x"] *= 2
    df["y"] *= 2
    df["sum"] = df.x + df.y
    return is_below(df)


@pytest.mark.parametrize(
    "constraint",
    [
        sorts,
        groups,
        sorts_in_place,
        shuffles,
        filters,
        writes_into_its_table,
        lambda df: is_below(df).to_numpy(),
        lambda df: is_below(df).tolist(),
        lambda df: is_below(df).astype(object),
        lambda df: is_below(df).astype("boolean"),
        lambda df: df.apply(lambda row: row.x < row.y, axis=1),
        lambda df: pd.Series([x < y for x, y in zip(df.x, df.y, strict=True)]),
    ],
)
@pytest.mark.parametrize("search", [CBO, RandomSearch])
def test_whatever_order_the_answer_has_every_suggestion_is_legal(
    constraint: Constraint, search: Any, tmp_path: Path
) -> None:
    problem = problem_with(constraint)

    asked = search(problem, random_state=1, log_dir=tmp_path).ask(8)

    assert all(c["x"] < c["y"] for c in [*asked, *problem.sample(50)])


def sorts_and_forgets(df: pd.DataFrame) -> Any:
    return is_below(df.sort_values("y")).to_numpy()


def sorts_and_counts_again(df: pd.DataFrame) -> Any:
    return is_below(df.sort_values("y").reset_index(drop=True))


def sorts_in_place_and_forgets(df: pd.DataFrame) -> Any:
    df.sort_values("y", inplace=True)
    return is_below(df).to_numpy()


def drops_in_place(df: pd.DataFrame) -> Any:
    df.drop(index=df.index[df.x > 0.9], inplace=True)
    return np.ones(len(df), bool)


@pytest.mark.parametrize(
    ("constraint", "sentence"),
    [
        (sorts_and_forgets, "answers otherwise when the same rows come in another order; judge every row by itself"),
        (sorts_and_counts_again, "answers otherwise when the same rows come in another order"),
        (lambda df: np.arange(len(df)) % 3 > 0, "answers otherwise when the same rows come in another order"),
        (sorts_in_place_and_forgets, "has changed the order or the number of the rows of its table"),
        (drops_in_place, "has changed the order or the number of the rows of its table"),
        (lambda df: is_below(df.set_index("x", drop=False)), "the index of what it returned is not that of the table"),
        (lambda df: is_below(df.set_axis([0] * len(df))), "the index of what it returned is not that of the table"),
        (lambda df: is_below(df[df.x < 0.5]), "must return one bool per row of its table, here 300, got bool of shape"),
        (lambda df: [True], "here 300, got bool of shape"),
        (lambda df: None, r"here 300, got None \(is a return missing\?\)\. Combine columns with &"),
        (lambda df: all(df.x < 2), "here 300, got a single True"),
        (lambda df: np.all(df.x < 2), "here 300, got a single True"),
        (lambda df: (flag for flag in df.x < 2), "here 300, got <generator object .*> of type generator"),
        (lambda df: df.x.sum(), "here 300, got .* of type float"),
        (lambda df: df.x - df.y, "here 300, got float64 of shape"),
        (lambda df: (df.x < df.y).astype(int), "here 300, got int64 of shape"),
        (lambda df: (df.x < df.y).astype(object).where(df.x < 0.9), "here 300, got Series with missing values"),
        (lambda df: (df.x < df.y).astype("boolean").where(df.x < 0.9), "here 300, got Series with missing values"),
        (lambda df: df[["x", "y"]] < 0.5, r"here 300, got bool of shape \(300, 2\)"),
    ],
)
def test_an_answer_that_nobody_can_match_with_the_rows_is_refused_in_one_sentence(
    constraint: Constraint, sentence: str
) -> None:
    with pytest.raises(ValueError, match=rf"^HpProblem: the constraint function .*{sentence}") as raised:
        problem_with(constraint).sample(300)

    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "constraint",
    [
        lambda df: df.x < 0.5 and df.y < 0.5,
        lambda df: df.x < 0.5 or df.y < 0.5,
        lambda df: not df.x < 0.5,
        lambda df: 0.1 < df.x < 0.5,
        lambda df: "ab" if df.x.lt(0.5) else "b",
        lambda df: min(df.x, df.y) < 0.5,
        lambda df: df.kind in ["a"],
        lambda df: df.x > 0.5 & df.y > 0.5,
        lambda df: (df.kind == "a") | df.x < 0.5 & df.y > 0.2,
        lambda df: df.kind == "a" & df.y > 0.5,
        lambda df: math.log(df.x) < -1,
        lambda df: float(df.x) < 0.5,
        lambda df: ~df.x < 0.5,
    ],
)
@pytest.mark.parametrize("size", [1, 20])
def test_a_column_used_as_one_value_gets_the_hint(constraint: Constraint, size: int) -> None:
    sentence = r"^HpProblem: the constraint function raised .*combine them with & \| ~ in place of 'and', 'or', 'not'"
    with pytest.raises(ValueError, match=sentence) as raised:
        problem_with(constraint).sample(size)

    assert raised.value.__cause__ is not None


def test_an_error_of_the_function_itself_goes_through_with_a_note_about_the_columns() -> None:
    def constraint(df: pd.DataFrame) -> Any:
        return df.z < 1

    with pytest.raises(AttributeError, match="no attribute 'z'") as raised:
        problem_with(constraint).sample(5)

    assert raised.value.__notes__ == [
        "(raised by the constraint function, on a table with the columns 'x', 'y', 'kind')"
    ]


def test_a_function_that_draws_random_numbers_is_let_through() -> None:
    rng = np.random.default_rng(0)

    found = problem_with(lambda df: rng.random(len(df)) < df.x).sample(200)

    assert len(found) == 200
    assert np.mean([c["x"] for c in found]) > 0.55


def test_a_function_is_asked_about_few_rows_more_than_there_are() -> None:
    sizes: list[int] = []

    def constraint(df: pd.DataFrame) -> Any:
        sizes.append(len(df))
        return is_below(df)

    problem = problem_with(constraint)
    space = problem.numeric_space()
    for seed in range(5):
        space.sample(100, np.random.default_rng(seed))

    assert sum(size for size in sizes if size < 50) <= 2 * 32


def test_the_table_has_whole_numbers_flags_texts_and_empty_cells() -> None:
    problem, tables = HpProblem(seed=0), []
    kind = problem.add_hyperparameter(["a", "b"], "kind")
    depth = problem.add_hyperparameter((1, 9), "depth")
    problem.add_hyperparameter((1, 9), "n")
    problem.add_hyperparameter([True, False], "flag")
    problem.add_condition(CS.EqualsCondition(depth, kind, "a"))
    problem.set_constraint_fn(lambda df: tables.append(df) or df.flag & (df.depth.isna() | (df.depth > df.n)))

    found = problem.sample(30)

    assert [str(dtype) for dtype in tables[0].dtypes] == ["object", "float64", "int64", "bool"]
    assert all(c["flag"] and c.get("depth", 10) > c["n"] for c in found)
