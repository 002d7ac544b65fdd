"""What a search recommends stands beside every evaluation, in the columns `sol.`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from deephyper.evaluator import Evaluator
from deephyper.hpo import CBO, HpProblem, RandomSearch, Search
from deephyper.results import read_csv

COLUMNS = ["sol.p:x", "sol.p:n", "sol.p:kind", "sol.objective"]


@pytest.fixture
def problem() -> HpProblem:
    problem = HpProblem()
    problem.add_hyperparameter((0.0, 1.0), "x")
    problem.add_hyperparameter((1, 50), "n")
    problem.add_hyperparameter([None, (1, 2), "c"], "kind")
    return problem


def run(job: Any) -> float | str:
    """A bowl with noise that depends on the configuration alone; some evaluations fail."""
    noise = np.random.default_rng(int(job["x"] * 1e6)).standard_normal()
    return "F_low" if job["x"] < 0.1 else -((job["x"] - 0.3) ** 2) - (job["n"] - 20) ** 2 / 400 + 0.1 * noise


@pytest.mark.parametrize("kind", [CBO, RandomSearch])
def test_the_best_observed_is_recommended(kind: type[Search], problem: HpProblem) -> None:
    results = kind(problem, random_state=1, log_dir=None, solution_selection="argmax_obs").search(run, max_evals=12)

    numbers = pd.to_numeric(results.objective, errors="coerce")
    assert list(results.columns[-4:]) == COLUMNS
    np.testing.assert_array_equal(results["sol.objective"], numbers.cummax().ffill())
    assert results.recommended_parameters == results.best_parameters
    assert type(results.recommended_parameters["n"]) is int


def test_what_the_model_believes_most_of_is_recommended(problem: HpProblem) -> None:
    search = CBO(problem, random_state=1, log_dir=None, solution_selection="argmax_est")
    results = search.search(run, max_evals=30)

    believed = search.believed(results.successes)["mean"]
    recommended = search.believed([results.recommended_parameters])["mean"].item()
    assert recommended == pytest.approx(believed.max(), abs=0.05)
    assert results["sol.objective"].iloc[-1] == pytest.approx(recommended, abs=0.05)
    assert results.recommended_parameters in results.successes.configurations
    assert results.best.objective.item() == results.objective.max()


def test_the_search_finds_the_same_with_and_without(problem: HpProblem) -> None:
    plain = CBO(problem, random_state=1, log_dir=None).search(run, max_evals=15)
    results = CBO(problem, random_state=1, log_dir=None, solution_selection="argmax_est").search(run, max_evals=15)

    assert not any(name.startswith("sol.") for name in plain.columns)
    assert plain.configurations == results.configurations


def test_a_search_that_recommends_is_followed_by_one_that_does_not(problem: HpProblem, tmp_path: Path) -> None:
    CBO(problem, random_state=1, log_dir=tmp_path, solution_selection="argmax_est").search(run, max_evals=11)

    replayed = CBO(problem, random_state=1, log_dir=None).replay(tmp_path / "results.csv")
    assert str(replayed) == "all 11 suggestions are the same"


def test_the_file_holds_the_same(problem: HpProblem, tmp_path: Path) -> None:
    search = CBO(problem, random_state=1, log_dir=tmp_path, solution_selection="argmax_est")
    results = search.search(run, max_evals=15)

    for read in (read_csv(tmp_path / "results.csv"), read_csv(tmp_path / "results.csv", problem)):
        pd.testing.assert_frame_equal(pd.DataFrame(read), pd.DataFrame(results))
        assert read.recommended_parameters == results.recommended_parameters


@pytest.mark.parametrize("selection", ["argmax_obs", "argmax_est"])
def test_a_restart_goes_on_recommending(problem: HpProblem, tmp_path: Path, selection: str) -> None:
    options: dict[str, Any] = {"random_state": 1, "solution_selection": selection}
    whole = CBO(problem, log_dir=None, **options).search(run, max_evals=16)
    CBO(problem, log_dir=tmp_path, **options).search(run, max_evals=11)

    search = CBO(problem, log_dir=tmp_path, checkpoint_restart=True, **options)
    results = search.search(run, max_evals=5)

    pd.testing.assert_frame_equal(pd.DataFrame(results)[COLUMNS], pd.DataFrame(whole)[COLUMNS], rtol=1e-6)


def test_a_table_without_the_columns_gets_them_when_it_goes_on(problem: HpProblem, tmp_path: Path) -> None:
    CBO(problem, random_state=1, log_dir=tmp_path).search(run, max_evals=4)
    search = CBO(problem, random_state=1, log_dir=tmp_path, checkpoint_restart=True, solution_selection="argmax_obs")
    results = search.search(run, max_evals=2)

    assert results["sol.objective"].isna().tolist() == [True] * 4 + [False] * 2
    assert results.recommended_parameters == results.best_parameters
    assert read_csv(tmp_path / "results.csv", problem).recommended_parameters == results.best_parameters


def test_told_evaluations_count(problem: HpProblem) -> None:
    search = CBO(problem, random_state=1, log_dir=None, solution_selection="argmax_est")
    search.tell([({"x": 0.5, "n": 20, "kind": "c"}, -1.0), ({"x": 0.3, "n": 20, "kind": None}, 0.0)])

    assert search.history.recommended_parameters == {"x": 0.3, "n": 20, "kind": None}


def test_it_works_with_several_workers_and_what_was_cancelled(problem: HpProblem) -> None:
    with Evaluator.create(run, "simulated", num_workers=4, duration=1.0) as evaluator:
        search = CBO(problem, evaluator, random_state=1, log_dir=None, solution_selection="argmax_est")
        results = search.search(timeout=4.5)

    assert "CANCELLED" in set(results.job_status)
    assert results["sol.objective"].notna().iloc[-1]


@pytest.mark.parametrize("model", ["ET", "GBRT", "DUMMY"])
def test_it_works_with_every_surrogate(problem: HpProblem, model: str) -> None:
    search = CBO(problem, random_state=1, log_dir=None, surrogate_model=model, solution_selection="argmax_est")
    results = search.search(run, max_evals=12)

    assert results.recommended_parameters in results.successes.configurations


def test_several_objectives_have_no_columns_and_a_warning(problem: HpProblem) -> None:
    search = RandomSearch(problem, random_state=1, log_dir=None, solution_selection="argmax_obs")

    with pytest.warns(UserWarning, match="RandomSearch: solution_selection chooses by a single objective"):
        results = search.search(lambda job: (job["x"], job["n"]), max_evals=3)
    assert not any(name.startswith("sol.") for name in results.columns)


def test_nothing_is_recommended_before_a_success(problem: HpProblem) -> None:
    search = CBO(problem, random_state=1, log_dir=None, solution_selection="argmax_est")
    results = search.search(lambda job: "F_always", max_evals=2)

    assert results[COLUMNS].isna().all().all()
    with pytest.raises(ValueError, match=r"^Results.recommended_parameters: it needs an evaluation that has succeeded"):
        _ = results.recommended_parameters


def test_the_description_says_it(problem: HpProblem) -> None:
    for search in (CBO(problem, log_dir=None, solution_selection="argmax_est"), RandomSearch(problem, log_dir=None)):
        described = search.get_params()["search"]
        assert described["solution_selection"] == ("argmax_est" if isinstance(search, CBO) else None)


def test_other_names_are_refused(problem: HpProblem) -> None:
    with pytest.raises(ValueError, match=r"^CBO: solution_selection must be one of 'argmax_obs', 'argmax_est', got"):
        CBO(problem, solution_selection="argmax")
    with pytest.raises(ValueError, match=r"^RandomSearch: .* got 'argmax_est'; only CBO has a model that estimates"):
        RandomSearch(problem, solution_selection="argmax_est")
