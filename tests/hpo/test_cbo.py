"""CBO: what it learns from, what it refuses, and what it never proposes."""

from __future__ import annotations

import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from deephyper.evaluator import Evaluator, SimulatedEvaluator
from deephyper.hpo import CBO, HpProblem
from deephyper.storage import MemoryStorage


@pytest.fixture
def problem() -> HpProblem:
    problem = HpProblem()
    problem.add_hyperparameter((-10.0, 10.0), "x")
    problem.add_hyperparameter((0, 20), "n")
    return problem


def bowl(configuration: Any) -> float:
    return -((configuration["x"] - 1.7) ** 2) - (configuration["n"] - 3) ** 2


def driven(search: CBO, n: int) -> list[dict[str, Any]]:
    """Ask and tell n times; the configurations."""
    asked = []
    for _ in range(n):
        configuration = search.ask(1)[0]
        search.tell([(configuration, bowl(configuration))])
        asked.append(configuration)
    return asked


def test_it_finds_the_best_of_a_bowl_in_forty_evaluations(problem: HpProblem, tmp_path: Path) -> None:
    best = CBO(problem, bowl, random_state=1, log_dir=tmp_path).search(40).best

    assert best["p:n"].item() == 3
    assert best["p:x"].item() == pytest.approx(1.7, abs=0.01)


def test_search_and_ask_and_tell_propose_the_same(problem: HpProblem, tmp_path: Path) -> None:
    table = CBO(problem, bowl, random_state=2, log_dir=tmp_path).search(20)
    asked = driven(CBO(problem, random_state=2, log_dir=tmp_path), 20)

    assert table[["p:x", "p:n"]].to_numpy().tolist() == [[c["x"], c["n"]] for c in asked]


def test_open_suggestions_are_known_to_the_next_ones(problem: HpProblem, tmp_path: Path) -> None:
    search = CBO(problem, random_state=3, log_dir=tmp_path)
    driven(search, 15)
    together = search.ask(8)

    assert len({(c["x"], c["n"]) for c in together}) == 8


def test_a_configuration_that_lost_its_last_digits_is_still_the_one_that_was_asked(
    problem: HpProblem, tmp_path: Path
) -> None:
    search = CBO(problem, random_state=4, log_dir=tmp_path)
    driven(search, 10)
    for _ in range(3):
        configuration = search.ask(1)[0]
        rounded = {"x": float(np.float32(configuration["x"])), "n": np.int64(configuration["n"])}
        search.tell([(rounded, bowl(rounded))])

    assert search._proposer.optimizer.n_pending == 0
    assert search.history["p:n"].dtype == int


def test_failures_are_learned_from_as_bad_and_lost_workers_not_at_all(problem: HpProblem, tmp_path: Path) -> None:
    search = CBO(problem, random_state=5, log_dir=tmp_path)
    a, b, c = search.ask(3)
    search.tell([(a, "F_diverged"), (b, math.nan), (c, "F_worker_died")])

    assert search._proposer.optimizer.n_told == 2
    assert search._proposer.optimizer.n_pending == 0


@pytest.mark.slow
def test_many_failures_leave_the_search_able_to_find_the_best(problem: HpProblem, tmp_path: Path) -> None:
    def run(job: Any) -> Any:
        return "F_diverged" if job["x"] > 4 else bowl(job)

    table = CBO(problem, run, random_state=6, log_dir=tmp_path).search(40)

    assert table.best.objective.item() > -0.01


def test_several_objectives_are_refused_in_one_sentence_and_the_row_is_kept(problem: HpProblem, tmp_path: Path) -> None:
    search = CBO(problem, lambda job: (1.0, 2.0), log_dir=tmp_path)

    with pytest.raises(
        ValueError, match="it maximizes one objective, and an evaluation returned 2; return a single number"
    ):
        search.search(5)
    assert search.history[["objective_0", "objective_1"]].to_numpy().tolist() == [[1.0, 2.0]]
    assert "objective_1" in (tmp_path / "results.csv").read_text()


def test_initial_points_come_first_and_count_as_initial(problem: HpProblem, tmp_path: Path) -> None:
    points = [{"x": 1.5, "n": 4}, {"x": -2.0, "n": 0}]
    table = CBO(problem, bowl, random_state=7, log_dir=tmp_path, initial_points=points, n_initial_points=4).search(6)

    assert table[["p:x", "p:n"]].head(2).to_numpy().tolist() == pytest.approx(np.array([[1.5, 4.0], [-2.0, 0.0]]))


def test_a_constant_kappa_is_obeyed(problem: HpProblem, tmp_path: Path) -> None:
    def spread(kappa: float) -> float:
        search = CBO(problem, random_state=8, log_dir=tmp_path, acq_func_kwargs={"kappa": kappa})
        driven(search, 20)
        return float(np.std([c["x"] for c in search.ask(10)]))

    assert spread(0.01) < spread(50.0)


def test_each_row_knows_hidden_how_many_results_its_suggestion_had_seen(problem: HpProblem, tmp_path: Path) -> None:
    storage = MemoryStorage()
    evaluator = Evaluator.create(bowl, method_kwargs={"storage": storage, "search_id": "mine"})
    table = CBO(problem, evaluator, random_state=9, log_dir=tmp_path).search(12)
    records = storage.records("mine")

    assert [record["metadata"]["_n_told"] for record in records] == list(range(12))
    assert not any("n_told" in column for column in table.columns)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_initial_points": 0}, "n_initial_points must be a whole number of at least 1, got 0"),
        ({"initial_points": [{"x": 99.0, "n": 1}]}, "'x' must be between -10.0 and 10.0, got 99.0"),
        ({"initial_points": [3]}, r"initial_points\[0\]: a configuration must be a dictionary of parameters, got 3"),
        ({"acq_func_kwargs": {"kapa": 1}}, "unknown key of acq_func_kwargs 'kapa'.*Did you mean 'kappa'"),
        ({"acq_func_kwargs": {"kappa": -1}}, "kappa must be a number of at least 0.*got -1"),
        ({"n_initial_point": 3}, "unknown option 'n_initial_point'.*Did you mean 'n_initial_points'"),
    ],
)
def test_bad_options_are_refused_at_construction(
    problem: HpProblem, tmp_path: Path, options: dict[str, Any], message: str
) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        CBO(problem, log_dir=tmp_path, **options)


def test_initial_points_are_evaluated_as_they_were_written(tmp_path: Path) -> None:
    problem = HpProblem()
    problem.add_hyperparameter((1e-5, 1.0, "log-uniform"), "lr")
    problem.add_hyperparameter((0.1, 0.7), "x")
    seen: list[dict[str, Any]] = []
    point = {"lr": 0.01, "x": 0.3}
    CBO(problem, lambda job: seen.append(dict(job)) or 1.0, log_dir=tmp_path, initial_points=[point]).search(1)

    assert seen == [point]


def test_an_initial_point_may_leave_out_constants(tmp_path: Path) -> None:
    problem = HpProblem()
    problem.add_hyperparameter((0.0, 1.0), "x")
    problem.add_hyperparameter("fixed", "mode")
    search = CBO(problem, log_dir=tmp_path, initial_points=[{"x": 0.3}])

    assert search.ask(1) == [{"x": 0.3, "mode": "fixed"}]


def test_initial_points_that_were_cancelled_come_again(problem: HpProblem, tmp_path: Path) -> None:
    points = [{"x": 1.5, "n": 4}, {"x": -2.0, "n": 0}]
    search = CBO(problem, random_state=1, log_dir=tmp_path, initial_points=points)
    hours = SimulatedEvaluator(bowl, 2, duration=3600.0, charge_manager=False)

    assert list(search.search(hours, timeout=10).job_status) == ["CANCELLED", "CANCELLED"]
    assert search.ask(2) == points


def test_whole_numbers_that_lie_close_are_not_mistaken_for_each_other(tmp_path: Path) -> None:
    problem = HpProblem()
    problem.add_hyperparameter((0, 10_000_000), "n")
    search = CBO(problem, random_state=1, log_dir=tmp_path)
    asked = search.ask(1)[0]["n"]
    search.tell([({"n": asked - 3}, 1.0)])

    assert search._proposer.optimizer.n_pending == 1
    search.tell([({"n": asked}, 1.0)])
    assert search._proposer.optimizer.n_pending == 0


def test_several_told_objectives_are_refused_and_nothing_is_remembered(problem: HpProblem, tmp_path: Path) -> None:
    search = CBO(problem, random_state=1, log_dir=tmp_path)

    with pytest.raises(ValueError, match="it maximizes one objective"):
        search.tell([(search.ask(1)[0], (1.0, 2.0))])
    assert len(search.history) == 0


# Earlier tables.


def source_table(folder: Path) -> pd.DataFrame:
    small = HpProblem()
    small.add_hyperparameter((-10.0, 10.0), "x")
    return CBO(small, lambda job: -((job["x"] - 1.7) ** 2), random_state=1, log_dir=folder).search(20)


def test_a_small_source_warns_with_the_quantile_that_is_used_instead(problem: HpProblem, tmp_path: Path) -> None:
    source = source_table(tmp_path / "source")
    search = CBO(problem, random_state=1, log_dir=tmp_path)

    with pytest.warns(UserWarning, match=r"The value of q=0.9 is replaced by q_max=0.5"):
        search.fit_generative_model(source)


@pytest.mark.parametrize("as_file", [False, True])
def test_the_best_of_the_source_is_tried_first_and_new_hyperparameters_are_drawn(
    problem: HpProblem, tmp_path: Path, as_file: bool
) -> None:
    source = source_table(tmp_path / "source")
    search = CBO(problem, random_state=1, log_dir=tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = search.fit_generative_model(tmp_path / "source" / "results.csv" if as_file else source)
    first = search.ask(4)

    assert first[0]["x"] == pytest.approx(source.best["p:x"].item())
    # The third one is a control.
    assert all(abs(c["x"] - 1.7) < 0.5 for c in (first[0], first[1], first[3]))
    assert len({c["n"] for c in first}) > 1
    assert len(model.sample(5)) == 5
    assert list(model.sample(5).columns) == ["x", "n"]


def test_a_source_serves_a_search_with_a_single_initial_point(problem: HpProblem, tmp_path: Path) -> None:
    search = CBO(problem, random_state=1, log_dir=tmp_path, n_initial_points=1)
    with pytest.warns(UserWarning, match="q_max"):
        search.fit_generative_model(source_table(tmp_path / "source"))

    assert len(driven(search, 6)) == 6


@pytest.mark.slow
def test_a_source_speeds_the_search_up(problem: HpProblem, tmp_path: Path) -> None:
    source = source_table(tmp_path / "source")

    def best_of_ten(seed: int, is_taught: bool) -> float:
        search = CBO(problem, bowl, random_state=seed, log_dir=tmp_path)
        if is_taught:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                search.fit_generative_model(source)
        return float(search.search(10).objective.max())

    gains = [best_of_ten(seed, True) - best_of_ten(seed, False) for seed in range(5)]
    assert np.median(gains) > 0


@pytest.mark.parametrize(
    ("frame", "q", "message"),
    [
        (pd.DataFrame({"p:x": [1.0]}), 0.9, "the table needs a column 'objective'"),
        (pd.DataFrame({"p:x": [1.0], "objective": [math.nan]}), 0.9, "no evaluation with a numeric objective"),
        (
            pd.DataFrame({"p:z": [1.0], "objective": [1.0]}),
            0.9,
            "no column of this problem's hyperparameters, such as 'p:x'",
        ),
        (pd.DataFrame({"p:x": [1.0], "objective": [1.0]}), 1.5, r"q must be a number in \[0, 1\), got 1.5"),
    ],
)
def test_a_table_that_teaches_nothing_is_refused(
    problem: HpProblem, tmp_path: Path, frame: pd.DataFrame, q: float, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        CBO(problem, log_dir=tmp_path).fit_generative_model(frame, q)
