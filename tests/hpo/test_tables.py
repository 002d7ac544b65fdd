"""Tables of earlier searches as rows of this one."""

from __future__ import annotations

import math
import warnings
from pathlib import Path
from typing import Any

import ConfigSpace as CS
import numpy as np
import pandas as pd
import pytest

from deephyper._draws import Draws
from deephyper.hpo import CBO, HpProblem
from deephyper.hpo.tables import GenerativeModel, earlier_tasks, generative_model, partial_rows
from deephyper.job import Job, Outcome
from deephyper.results import History
from deephyper.transfer import leads_of

DRAWS = Draws(0)


def problem() -> HpProblem:
    made = HpProblem(seed=0)
    made.add_hyperparameter((0.0, 1.0), "x")
    made.add_hyperparameter((1, 9), "n")
    made.add_hyperparameter(["1", "2", "True", "None", "nan"], "kind")
    made.add_hyperparameter([True, False], "flag")
    made.add_hyperparameter([None, (1, 2), "a"], "shape")
    return made


def search(path: Path | None, n: int = 30, failures: int = 0) -> pd.DataFrame:
    history = History(problem().hyperparameter_names, path)
    for i, configuration in enumerate(problem().sample(n)):
        job = Job(i, configuration)
        job.finish(Outcome("F_x" if i < failures else -abs(configuration["x"] - 0.3)), 0.0, 1.0, 2.0)
        history.add([job])
    return history.table()


def model_of(df: Any, q: float = 0.5) -> GenerativeModel:
    space = problem().numeric_space()
    return generative_model(earlier_tasks("CBO.fit_generative_model", df, space), q, space, DRAWS)


@pytest.mark.parametrize("failures", [0, 5])
def test_a_file_means_the_same_as_its_table(tmp_path: Path, failures: int) -> None:
    table = search(tmp_path / "results.csv", failures=failures)

    from_table, from_file = model_of(table), model_of(tmp_path / "results.csv")

    assert not np.isnan(from_table.good).any()
    np.testing.assert_array_equal(from_table.good, from_file.good)
    np.testing.assert_array_equal(model_of(str(tmp_path / "results.csv")).good, from_file.good)


def test_the_good_rows_are_the_best_ones_best_first() -> None:
    table = search(None, failures=4)

    good = model_of(table, q=0.5).good

    assert len(good) == 13
    distance = np.abs(good[:, 0] - 0.3)
    assert (np.diff(distance) >= 0).all()
    assert distance[-1] <= -table.successes.objective.median()


def test_tables_with_equal_labels_may_be_put_together() -> None:
    table = search(None)

    good = model_of(pd.concat([table, table]), q=0.5).good

    assert len(good) == 30


def test_q_is_lowered_with_a_warning_so_that_ten_rows_are_left() -> None:
    with pytest.warns(
        UserWarning, match=r"The value of q=0\.9 is replaced by q_max=0\.666667: at least 10 rows are needed"
    ):
        model = model_of(search(None), q=0.9)

    assert len(model.good) == 10


def test_a_small_table_is_good_as_a_whole() -> None:
    with pytest.warns(UserWarning, match="replaced by q_max=0:"):
        assert len(model_of(search(None, n=4), q=0.9).good) == 4
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(model_of(search(None, n=4), q=0.0).good) == 4


@pytest.mark.parametrize("q", [1.0, 1, -0.1, "0.9", None, True, float("nan")], ids=repr)
def test_what_is_no_quantile_is_refused(q: Any) -> None:
    with pytest.raises(ValueError, match=r"^CBO\.fit_generative_model: q must be a number in \[0, 1\), got"):
        model_of(search(None, n=3), q)


@pytest.mark.parametrize("method", ["fit_surrogate", "fit_generative_model", "fit_search_space"])
@pytest.mark.parametrize(
    "objectives",
    [{"objective": ["F_x", "F"]}, {"objective_0": ["F_x", "F"], "objective_1": ["F_x", "F"]}],
    ids=["one", "several"],
)
def test_from_failures_alone_nothing_is_learned_with_a_warning(
    method: str, objectives: dict[str, list[str]], tmp_path: Path
) -> None:
    line = HpProblem()
    line.add_hyperparameter((0.0, 1.0), "x")
    learner, other = (CBO(line, random_state=1, log_dir=tmp_path / name) for name in ("learner", "other"))

    with pytest.warns(UserWarning, match=rf"^CBO\.{method}: all 2 evaluations of the table have failed"):
        model = getattr(learner, method)(pd.DataFrame({"p:x": [0.1, 0.2], **objectives}))

    assert learner.ask(3) == other.ask(3)
    assert model is None or (len(model.sample(4)) == 4 and model.good.shape == (0, 1))


def test_a_table_of_failures_is_left_out_beside_one_that_teaches(tmp_path: Path) -> None:
    line = HpProblem()
    line.add_hyperparameter((0.0, 1.0), "x")
    search = CBO(line, random_state=1, log_dir=tmp_path)
    failed = pd.DataFrame({"p:x": [0.1], "objective": ["F_x"]})

    with pytest.warns(UserWarning, match="all 1 evaluations of the table have failed"):
        search.fit_surrogate([failed, pd.DataFrame({"p:x": [0.25], "objective": [3.0]})])

    assert search.ask(1) == [{"x": 0.25}]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            pd.DataFrame({"p:x": [1.0]}),
            "the table needs a column 'objective', or 'objective_0', 'objective_1' and so on",
        ),
        (pd.DataFrame({"p:x": [1.0], "objective_0": [1.0]}), "the table needs a column 'objective', or 'objective_0'"),
        (
            pd.DataFrame({"p:x": [1.0], "objective": [math.nan]}),
            "the table has no evaluation with a numeric objective to learn from",
        ),
        (pd.DataFrame({"p:x": [], "objective": []}), "the table has no evaluation with a numeric objective"),
    ],
)
def test_a_table_without_objectives_is_refused(table: pd.DataFrame, message: str) -> None:
    with pytest.raises(ValueError, match=rf"^CBO\.fit_generative_model: {message}"):
        model_of(table)


def test_rows_may_miss_hyperparameters_or_hold_what_this_space_does_not_have() -> None:
    frame = pd.DataFrame(
        {
            "p:n": [3, 12, None, "text"],
            "p:kind": ["1", "7", None, 2],
            "p:flag": [True, "True", "true", 1],
            "p:shape": [(1, 2), "[1, 2]", None, float("nan")],
            "p:unknown": 1,
        }
    )

    X = partial_rows(frame, problem().numeric_space())

    space = problem().numeric_space()
    assert np.isnan(X[:, 0]).all()
    assert np.isnan(X[:, 1]).tolist() == [False, True, True, True]
    assert np.isnan(X[:, 2]).tolist() == [False, True, True, True]
    assert X[:3, 3].tolist() == [0.0, 0.0, 0.0] and np.isnan(X[3, 3])
    assert X[:3, 4].tolist() == [1.0, 1.0, 0.0]
    assert X.shape == (4, space.n_columns)


def test_a_model_draws_legal_configurations_and_the_same_ones_at_every_call() -> None:
    model = model_of(search(None))

    drawn = model.sample(20)

    assert list(drawn.columns) == problem().hyperparameter_names
    assert len(drawn) == 20
    assert all(problem().check_configuration(row) for row in drawn.to_dict("records"))
    pd.testing.assert_frame_equal(model.sample(20), drawn)


def test_the_first_rows_are_the_best_distinct_ones_made_legal() -> None:
    table = search(None)
    table["p:n"] = 3
    with_twins = pd.concat([table.best, table], ignore_index=True).drop(columns="p:flag")
    constrained = problem()
    constrained.set_constraint_fn(lambda df: df.x < 0.3)
    space = constrained.numeric_space()
    good = model_of(with_twins).good

    rows = leads_of([good], space, DRAWS, 6)

    assert 0 < len(rows) <= 6
    assert len(np.unique(rows, axis=0)) == len(rows)
    assert not np.isnan(rows).any()
    assert space.legal(rows).all()
    np.testing.assert_array_equal(space.canonical(rows), rows)
    np.testing.assert_array_equal(leads_of([good], space, DRAWS, 6), rows)
    assert len(leads_of([good], space, DRAWS, 0)) == 0


def square() -> HpProblem:
    made = HpProblem(seed=0)
    made.add_hyperparameter((0.0, 1.0), "x")
    made.add_hyperparameter((0.0, 1.0), "y")
    return made


def test_a_column_that_is_inactive_in_all_good_rows_is_not_unknown() -> None:
    made = square()
    kind = made.add_hyperparameter(["a", "b"], "kind")
    child = made.add_hyperparameter((0.0, 1.0), "child")
    made.add_condition(CS.EqualsCondition(child, kind, "b"))
    space = made.numeric_space()
    good = partial_rows(pd.DataFrame({"p:x": [0.5, 0.51, 0.8], "p:y": 0.5, "p:kind": "a", "p:child": np.nan}), space)

    rows = leads_of([good], space, DRAWS, 2)

    assert rows[:, 0].tolist() == pytest.approx([0.5, 0.8])


# Objectives.


def good_x(frame: pd.DataFrame, q: float = 0.5) -> list[float]:
    space = square().numeric_space()
    good = generative_model(earlier_tasks("here", frame, space), q, space, DRAWS).good
    return [float(x) for x in good[:, 0]]


def test_of_several_objectives_the_pareto_front_comes_first() -> None:
    x = np.linspace(0.0, 1.0, 21)
    # Both fall off to the left of 0.5; to the right one rises while the other one falls: the front.
    table = pd.DataFrame({"p:x": x, "objective_0": np.minimum(x, 0.5), "objective_1": x - 2 * np.maximum(x - 0.5, 0.0)})
    frame = pd.concat([table, pd.DataFrame({"p:x": [0.9], "objective_0": "F_oom", "objective_1": "F_oom"})])

    good = good_x(frame, q=0.5)

    assert good[0] == pytest.approx(0.5)
    assert min(good) >= 0.2


@pytest.mark.filterwarnings("ignore:The value of q")
def test_equal_values_are_all_good() -> None:
    frame = pd.DataFrame({"p:x": np.linspace(0.0, 1.0, 40), "objective": 1.0})

    assert len(good_x(frame, q=0.9)) == 40


def test_of_very_many_good_rows_some_are_learned_from_evenly() -> None:
    x = np.linspace(0.0, 1.0, 5_000)

    good = good_x(pd.DataFrame({"p:x": x, "objective": x}), q=0.5)

    assert len(good) == 100
    assert (good[0], good[-1]) == (pytest.approx(1.0), pytest.approx(0.5, abs=1e-3))


@pytest.mark.filterwarnings("ignore:The value of q")
def test_a_cancelled_or_failed_or_infinite_row_says_nothing() -> None:
    frame = pd.DataFrame({"p:x": np.arange(14) / 20, "objective": [*range(10), "F_x", None, np.nan, np.inf]})

    assert max(good_x(frame)) == pytest.approx(0.45)


def test_a_number_that_stands_for_a_failure_says_nothing() -> None:
    x = np.linspace(0.0, 1.0, 40)
    values = np.where(x > 0.6, -1e6, -np.square(x - 0.3))

    (task,) = earlier_tasks("here", pd.DataFrame({"p:x": x, "objective": values}), square().numeric_space())

    assert len(task.values) == (x <= 0.6).sum() and task.values.min() > -1.0


def test_a_file_tells_the_string_one_from_the_number_one(tmp_path: Path) -> None:
    made = HpProblem()
    made.add_hyperparameter(["1", 1, "a"], "kind")
    history = History(["kind"], tmp_path / "results.csv")
    for i, kind in enumerate(["1", 1]):
        job = Job(i, {"kind": kind})
        job.finish(Outcome(float(-i)), 0.0, 1.0, 2.0)
        history.add([job])

    for table in (history.table(), tmp_path / "results.csv"):
        (task,) = earlier_tasks("here", table, made.numeric_space())

        assert partial_rows(task.frame, made.numeric_space())[:, 0].tolist() == [0.0, 1.0]
