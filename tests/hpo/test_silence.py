"""Results that mean nothing are told in words: a warning at the first, an error when there are only such."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deephyper.errors import AllFailedError
from deephyper.evaluator import Evaluator
from deephyper.hpo import CBO, HpProblem, RandomSearch, Search


def forgets(job: Any) -> None:
    job["x"]


async def forgets_async(job: Any) -> None:
    job["x"]


def warned(action: Callable[[], Any]) -> list[warnings.WarningMessage]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        action()
    return caught


MISTAKES = [
    pytest.param(forgets, "evaluation 0 of 'forgets' returned None: is a return missing", id="none"),
    pytest.param(forgets_async, "of 'forgets_async' returned None: is a return missing", id="async"),
    pytest.param(lambda job: "done", "of 'lambda' returned the text 'done'", id="text"),
    pytest.param(lambda job: str(job["x"]), r"returned the text '0\.", id="number as text"),
    pytest.param(lambda job: {"loss": job["x"]}, "returned a dictionary without 'objective'.*-loss", id="dictionary"),
    pytest.param(lambda job: {job["x"]}, "returned a set", id="set"),
    pytest.param(lambda job: (), r"returned \(\)", id="empty tuple"),
    pytest.param(lambda job: job, "returned a dictionary without 'objective', with the keys 'x'", id="job"),
    pytest.param(lambda job: [[1.0]], r"returned \[\[1.0\]\]", id="nested"),
]


@pytest.mark.parametrize("kind", [CBO, RandomSearch])
@pytest.mark.parametrize(("run", "words"), MISTAKES)
def test_the_first_mistake_warns_once_and_ten_of_them_end_the_search(
    kind: type[Search], problem: HpProblem, tmp_path: Path, run: Any, words: str
) -> None:
    raised: list[AllFailedError] = []

    def search() -> None:
        with pytest.raises(AllFailedError, match="the first 10 evaluations all returned no objective") as error:
            kind(problem, run, random_state=1, log_dir=tmp_path).search(max_evals=50)
        raised.append(error.value)

    (warning,) = warned(search)

    assert issubclass(warning.category, UserWarning)
    with pytest.raises(ValueError, match=words):
        raise ValueError(str(warning.message))
    assert str(warning.message).split("returned ", 1)[1] in str(raised[0])
    assert len(raised[0].results) == 10


@pytest.mark.parametrize("method", ["serial", "process"])
def test_a_generator_is_told_in_words_too(problem: HpProblem, tmp_path: Path, method: str) -> None:
    with (
        Evaluator.create(lambda job: (value for value in job), method) as evaluator,
        pytest.raises(AllFailedError, match="got a generator; remove 'yield'"),
    ):
        CBO(problem, evaluator, random_state=1, log_dir=tmp_path).search(max_evals=50)


@pytest.mark.parametrize("method", ["thread", "process"])
def test_the_first_mistake_of_a_worker_warns_once_at_the_line_of_the_user(
    problem: HpProblem, tmp_path: Path, method: str
) -> None:
    def search() -> None:
        with (
            Evaluator.create(lambda job: None, method, num_workers=2) as evaluator,
            pytest.raises(AllFailedError, match="all returned no objective. The first one: it returned None"),
        ):
            CBO(problem, evaluator, random_state=1, log_dir=tmp_path).search(max_evals=50)

    (warning,) = warned(search)

    assert warning.filename == __file__


def test_an_evaluator_alone_warns_too() -> None:
    def evaluate() -> None:
        with Evaluator.create(forgets) as evaluator:
            evaluator.submit([{"x": 0.5}] * 3)
            evaluator.gather("ALL")

    assert [str(warning.message) for warning in warned(evaluate)] == [
        "SerialEvaluator: evaluation 0 of 'forgets' returned None: is a return missing?"
    ]


def test_mistakes_and_crashes_count_together(problem: HpProblem, tmp_path: Path) -> None:
    def run(job: Any) -> None:
        if job["x"] > 0.5:
            raise KeyError("data")

    with (
        pytest.warns(UserWarning, match="returned None"),
        pytest.raises(AllFailedError, match="all raised, lost their worker or returned no objective"),
    ):
        CBO(problem, run, random_state=1, log_dir=tmp_path).search(max_evals=50)


def test_a_single_success_is_enough_to_go_on(problem: HpProblem, tmp_path: Path) -> None:
    def run(job: Any) -> float | None:
        return 1.0 if job["job_id"] == 3 else None

    with pytest.warns(UserWarning, match="returned None"):
        assert len(RandomSearch(problem, run, random_state=1, log_dir=tmp_path).search(max_evals=20)) == 20


@pytest.mark.parametrize("returned", ["F_diverged", "F", math.nan, math.inf])
def test_failures_on_purpose_and_numbers_that_are_none_neither_warn_nor_end_the_search(
    problem: HpProblem, tmp_path: Path, returned: Any
) -> None:
    search = RandomSearch(problem, lambda job: returned, random_state=1, log_dir=tmp_path)

    assert warned(lambda: search.search(max_evals=15)) == []
    assert len(search.history) == 15


def test_another_number_of_objectives_warns_once(problem: HpProblem, tmp_path: Path) -> None:
    search = RandomSearch(
        problem, lambda job: 1.0 if job["job_id"] == 0 else (1.0, 2.0), random_state=1, log_dir=tmp_path
    )

    (warning,) = warned(lambda: search.search(max_evals=5))

    assert "evaluation 1 of 'lambda' returned (1.0, 2.0), another number of objectives" in str(warning.message)


def test_rows_are_kept_where_warnings_are_errors(problem: HpProblem, tmp_path: Path) -> None:
    search = RandomSearch(problem, forgets, random_state=1, log_dir=tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning, match="returned None"):
            search.search(max_evals=5)

    assert search.history.objective.tolist() == ["F_none"]


async def waits(job: Any) -> float:
    return float(job["x"])


@pytest.mark.parametrize("method", ["serial", "async", "thread", "process", "simulated"])
def test_a_healthy_search_warns_of_nothing(problem: HpProblem, tmp_path: Path, method: str) -> None:
    run = waits if method == "async" else lambda job: job["x"]
    options = {"num_workers": 1 if method == "serial" else 2}
    with (
        warnings.catch_warnings(),
        Evaluator.create(run, "serial" if method == "async" else method, options) as evaluator,
    ):
        warnings.simplefilter("error")
        search = CBO(problem, evaluator, random_state=1, log_dir=tmp_path)
        search.search(12, 60)

    assert len(search.history) == 12


# What a person tells.


@pytest.mark.parametrize("kind", [CBO, RandomSearch])
@pytest.mark.parametrize(
    ("returned", "words"),
    [
        (None, "got None"),
        ("0.5", "got the text '0.5'"),
        ("nan", "got the text 'nan'"),
        ("", "got the text ''"),
        ({}, "got a dictionary without 'objective'"),
        ({"loss": 0.5}, "'objective': -loss"),
        ({"objective": None}, "got a dictionary whose objective is None"),
        ((1.0, "2"), r"got \(1.0, '2'\)"),
        ({0.5}, "got a set"),
        (len, "can be called"),
    ],
    ids=str,
)
def test_what_a_person_has_mistyped_is_refused_and_nothing_is_stored(
    kind: type[Search], problem: HpProblem, tmp_path: Path, returned: Any, words: str
) -> None:
    search = kind(problem, random_state=1, log_dir=tmp_path)
    sentence = rf"^{kind.__name__}.tell: results\[1\]: the second of a pair must be an objective.*{words}"
    with pytest.raises(ValueError, match=sentence):
        search.tell([({"x": 0.25}, 1.0), ({"x": 0.5}, returned)])

    assert len(search.history) == 0


@pytest.mark.parametrize(
    ("returned", "stored"),
    [("F_x", "F_x"), (math.nan, "F_nan"), (True, 1.0), ({"objective": 2}, 2.0), ([3], 3.0)],
    ids=str,
)
def test_failures_and_numbers_are_told_as_a_run_function_returns_them(
    problem: HpProblem, tmp_path: Path, returned: Any, stored: Any
) -> None:
    search = RandomSearch(problem, random_state=1, log_dir=tmp_path)
    search.tell([({"x": 0.25}, returned)])

    assert search.history.objective.tolist() == [stored]
