"""Every line of "What differs on purpose" in `docs/coming-from-deephyper.md` is true."""

from __future__ import annotations

import math
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from ConfigSpace import EqualsCondition, ForbiddenEqualsClause

from deephyper.errors import AllFailedError
from deephyper.evaluator import Evaluator, ThreadPoolEvaluator, queued
from deephyper.evaluator.callback import Callback, SearchEarlyStopping
from deephyper.hpo import CBO, HpProblem, RandomSearch
from deephyper.hpo.option_groups import Options

PAGE = Path(__file__).parents[1] / "docs" / "coming-from-deephyper.md"
SHOWN: list[str] = []


def shows(what: str) -> Callable[[Any], Any]:
    """Mark the test of a line of the table."""

    def marked(test: Any) -> Any:
        SHOWN.append(what)
        return test

    return marked


def two_floats() -> HpProblem:
    problem = HpProblem()
    problem.add_hyperparameter((0.0, 1.0), "x2")
    problem.add_hyperparameter((0.0, 1.0), "x10")
    return problem


def one_choice(n: int) -> HpProblem:
    problem = HpProblem()
    problem.add_hyperparameter([f"c{i}" for i in range(n)], "choice")
    return problem


def conditional() -> HpProblem:
    """A kind, and a rate that only kind "b" has."""
    problem = HpProblem()
    kind = problem.add_hyperparameter(["a", "b"], "kind")
    rate = problem.add_hyperparameter((0.5, 1.0), "rate")
    problem.add_condition(EqualsCondition(rate, kind, "b"))
    return problem


def x2(job: Any) -> float:
    return float(job["x2"])


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_line_of_the_page_has_its_test() -> None:
    table = PAGE.read_text(encoding="utf-8").split("## What differs on purpose")[1].split("\n## ")[0]
    lines = re.findall(r"^\| (.*?) \|", table, re.MULTILINE)[1:]

    assert sorted(lines) == sorted(SHOWN)


@shows("order of the `p:` columns")
def test_columns_of_hyperparameters_come_as_declared() -> None:
    results = CBO(two_floats()).search(x2, 2)

    assert [name for name in results if name.startswith("p:")] == ["p:x2", "p:x10"]


@shows("times of an evaluation")
def test_four_times_of_one_clock_follow_each_other() -> None:
    results = CBO(two_floats(), Evaluator.create(x2, "thread", num_workers=2)).search(8)

    times = results[[f"m:timestamp_{name}" for name in ("submit", "start", "end", "gather")]].to_numpy(float)
    assert (np.diff(times, axis=1) >= 0).all()
    assert 0 <= times[0, 0] < 60


@shows("an inactive hyperparameter")
def test_an_inactive_hyperparameter_is_absent_and_a_value_for_it_is_left_out() -> None:
    seen: list[dict[str, Any]] = []

    def run(job: Any) -> float:
        seen.append(dict(job))
        return 0.0

    results = CBO(conditional(), initial_points=[{"kind": "a", "rate": 0.5}]).search(run, 1)

    assert seen == [{"kind": "a"}]
    assert math.isnan(results["p:rate"][0])


@shows("a cancelled evaluation")
def test_a_cancelled_evaluation_has_a_status_and_no_objective() -> None:
    ended = threading.Event()
    search = CBO(two_floats(), Evaluator.create(lambda job: ended.wait(60), "thread", num_workers=2))
    results = search.search(timeout=0.2)
    ended.set()

    assert list(results.job_status) == ["CANCELLED"] * 2
    assert results.objective.isna().all()


@shows("objectives beside failures")
def test_objectives_beside_failures_are_numbers_whose_texts_are_kept() -> None:
    returned = iter([0.5, "F_out_of_memory", 0.25])
    results = CBO(two_floats()).search(lambda job: next(returned), 3)

    assert results.objective.max() == 0.5
    assert results.objective.isna().tolist() == [False, True, False]
    assert str(results.objective[1]) == "F_out_of_memory"


@shows("an exception, `None` or NaN in the run-function")
def test_an_exception_or_no_number_is_one_failed_row() -> None:
    returned = iter([1.0, lambda: 1 / 0, None, math.nan, 2.0])

    def run(job: Any) -> Any:
        value = next(returned)
        return value() if callable(value) else value

    with pytest.warns(UserWarning, match="returned"):
        results = CBO(two_floats()).search(run, 5)

    assert [str(each) for each in results.objective] == ["1.0", "F_ZeroDivisionError", "F_none", "F_nan", "2.0"]


@shows("every first evaluation fails")
def test_a_search_whose_first_evaluations_all_raise_ends_with_the_reason() -> None:
    with pytest.raises(AllFailedError, match="ZeroDivisionError"):
        CBO(two_floats()).search(lambda job: 1 / 0, 100)

    assert pd.read_csv("results.csv").objective.tolist() == ["F_ZeroDivisionError"] * 10


@shows("`max_evals`")
def test_max_evals_is_exact_with_many_workers() -> None:
    results = CBO(two_floats(), Evaluator.create(x2, "thread", num_workers=7)).search(max_evals=10)

    assert len(results) == 10


@shows("`timeout`")
def test_at_a_timeout_a_plain_function_in_this_thread_is_told_and_a_thread_is_given_up() -> None:
    def waits(job: Any) -> float:
        began = time.monotonic()
        while not job.stopped() and time.monotonic() < began + 60:
            time.sleep(0.01)
        return time.monotonic() - began

    results = CBO(two_floats()).search(waits, timeout=0.3)

    assert len(results) == 1 and results.objective[0] < 30


@shows("the second `search()` on one object")
def test_every_call_of_search_has_its_own_budget() -> None:
    search = CBO(two_floats())

    assert [len(search.search(x2, 4)), len(search.search(x2, 4)), len(search.search(x2, max_evals_total=9))] == [
        4,
        8,
        9,
    ]


@shows("surrogate, acquisition, design by default")
def test_the_defaults_are_those_of_the_page_and_the_old_ones_have_their_names() -> None:
    options = Options.of()

    assert options.surrogate_model == "auto" and options.initial_point_generator == "sobol"
    assert options.acq_func == "UCB" and options.kappa is None
    old = CBO(two_floats(), surrogate_model="ET", acq_func="UCBd", initial_point_generator="random")
    assert len(old.search(x2, 12)) == 12


@shows("`kappa=1.96` without a `scheduler`")
def test_a_kappa_that_is_given_stays() -> None:
    asked: list[tuple[float, float]] = []

    def scheduler(i: int, first: tuple[float, float]) -> tuple[float, float]:
        asked.append(first)
        return first

    kwargs = {"kappa": 1.96, "scheduler": scheduler}
    CBO(two_floats(), acq_func_kwargs=kwargs, random_state=1).search(x2, 14)
    told = CBO(two_floats(), acq_func_kwargs=kwargs, random_state=1, log_dir=None).search(x2, 14)
    plain = CBO(two_floats(), acq_func_kwargs={"kappa": 1.96}, random_state=1, log_dir=None).search(x2, 14)

    assert {kappa for kappa, _ in asked} == {1.96}
    assert told["p:x2"].tolist() == plain["p:x2"].tolist()


@shows("what is learned from failures by default")
def test_failures_are_modelled_unless_a_value_is_asked_for() -> None:
    assert Options.of().filter_failures == "model"
    assert Options.of(acq_optimizer_kwargs={"filter_failures": "min"}).filter_failures == "min"


@shows("the same configuration again")
def test_no_configuration_comes_twice_and_an_exhausted_space_ends_the_search() -> None:
    search = CBO(one_choice(5))
    results = search.search(lambda job: float(job["choice"][1]), 20)

    assert sorted(results["p:choice"]) == ["c0", "c1", "c2", "c3", "c4"]
    assert search.stopped and search.stop_reason


@shows("conditions, clauses and constraints")
@pytest.mark.parametrize("kind", [CBO, RandomSearch])
def test_every_search_keeps_clauses_and_constraints(kind: Any) -> None:
    problem = one_choice(3)
    problem.add_hyperparameter((0.0, 1.0), "x")
    problem.add_forbidden_clause(ForbiddenEqualsClause(problem["choice"], "c1"))
    problem.set_constraint_fn(lambda frame: frame["x"] < 0.5)
    results = kind(problem, random_state=1).search(lambda job: job["x"], 20)

    assert set(results["p:choice"]) <= {"c0", "c2"} and (results["p:x"] < 0.5).all()


@shows("`queued`")
def test_no_item_of_a_queue_has_two_holders() -> None:
    held: list[str] = []
    shared: list[str] = []

    def run(job: Any, dequed: list[str]) -> float:
        if dequed[0] in held:
            shared.append(dequed[0])
        held.append(dequed[0])
        time.sleep(0.005)
        held.remove(dequed[0])
        return 1 / (job["job_id"] % 3)

    evaluator = queued(ThreadPoolEvaluator)(run, num_workers=4, queue=["gpu0", "gpu1", "gpu2", "gpu3"])
    results = CBO(two_floats(), evaluator).search(40)

    assert shared == [] and len(results) == 40


@shows("functions for worker processes")
def test_a_closure_runs_in_a_worker_process() -> None:
    shift = 3.0
    results = CBO(two_floats(), Evaluator.create(lambda job: job["x2"] + shift, "process", num_workers=1)).search(2)

    assert (results.objective >= 3.0).all()


@shows("a callback that raises")
def test_a_callback_that_raises_is_logged_and_the_search_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Callback):
        def on_done(self, job: Any) -> None:
            raise RuntimeError("broken")

    results = CBO(two_floats(), Evaluator.create(x2, callbacks=[Broken()])).search(3)

    assert len(results) == 3
    assert caplog.text.count("callback Broken") == 1


@shows("`SearchEarlyStopping`")
def test_what_runs_when_a_search_ends_early_is_in_the_table() -> None:
    stopping = SearchEarlyStopping(patience=2, verbose=0)
    evaluator = Evaluator.create(lambda job: 0.0, "thread", num_workers=4, callbacks=[stopping])
    results = CBO(two_floats(), evaluator).search(100)

    assert stopping.search_stopped and len(results) < 100
    assert set(results.job_status) == {"DONE"}


@shows("`num_workers` of a plain function on `serial`")
def test_several_workers_of_a_plain_serial_function_are_warned_of() -> None:
    with pytest.warns(UserWarning, match="has no effect on a plain function"):
        Evaluator.create(x2, "serial", num_workers=4)


@shows("a second search in the same folder")
def test_an_older_table_is_renamed_and_a_search_beside_another_one_has_its_own(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    CBO(two_floats()).search(x2, 3)
    CBO(two_floats()).search(lambda job: len(CBO(two_floats()).search(x2, 2)), 1)

    (older,) = folder.glob("results_*.csv")
    assert [len(pd.read_csv(file)) for file in (older, "results.csv", "results-1.csv")] == [3, 1, 2]
    assert "is writing to" in caplog.text


@shows("`checkpoint_restart` after failures")
def test_a_restart_after_failures_keeps_every_row_and_repeats_none() -> None:
    def run(job: Any) -> Any:
        return "F_odd" if job["job_id"] % 2 else job["x2"]

    CBO(two_floats(), random_state=1).search(run, 6)
    results = CBO(two_floats(), random_state=1, checkpoint_restart=True).search(run, 6)

    assert results.job_id.tolist() == list(range(12))
    assert results.objective.isna().tolist() == [False, True] * 6
    assert not results[["p:x2", "p:x10"]].duplicated().any()


@shows("`max_evals` after `checkpoint_restart`")
def test_after_a_restart_max_evals_is_what_the_call_submits() -> None:
    CBO(two_floats()).search(x2, 4)

    assert len(CBO(two_floats(), checkpoint_restart=True).search(x2, 4)) == 8
    assert len(CBO(two_floats(), checkpoint_restart=True).search(x2, max_evals_total=9)) == 9


@shows("`max_total_failures`")
def test_too_many_failures_end_a_search_with_its_table() -> None:
    search = CBO(two_floats(), acq_optimizer_kwargs={"max_total_failures": 3})
    results = search.search(lambda job: "F_always", 100)

    assert len(results) == 3
    assert "fail" in str(search.stop_reason)


@shows("`fit_surrogate(table)`")
def test_the_best_of_an_earlier_task_is_tried_again_first() -> None:
    earlier = CBO(two_floats(), random_state=1, log_dir=None).search(x2, 20)
    search = CBO(two_floats(), random_state=1)
    search.fit_surrogate(earlier)
    results = search.search(x2, 2)

    assert results["p:x2"][0] == earlier["p:x2"][earlier.objective.idxmax()]
    assert results.job_id.tolist() == [0, 1]


@shows('`solution_selection="argmax_est"`')
def test_what_is_recommended_has_been_evaluated() -> None:
    results = CBO(two_floats(), random_state=1, log_dir=None, solution_selection="argmax_est").search(x2, max_evals=12)

    assert results.recommended_parameters in results.configurations
    assert "sol.p:x10" in results.columns and results["sol.objective"].iloc[-1] > 0.5


@shows("cancelled jobs and callbacks")
def test_cancelled_jobs_come_to_on_gather_and_out_of_close() -> None:
    heard: list[tuple[str, int]] = []
    ended = threading.Event()

    class Listening(Callback):
        def on_done(self, job: Any) -> None:
            heard.append(("on_done", 1))

        def on_gather(self, local_jobs: Any, other_jobs: Any) -> None:
            heard.append(("on_gather", len(local_jobs)))

    options: Any = {"num_workers": 2, "callbacks": [Listening()]}
    evaluator = Evaluator.create(lambda job: ended.wait(60), "thread", options)
    evaluator.submit([{"x": 1}, {"x": 2}])
    jobs = evaluator.close()
    ended.set()

    assert [job.objective for job in jobs] == [None, None]
    assert heard == [("on_gather", 2)]


@shows("`job.id`")
def test_the_number_of_a_job_is_that_of_the_table() -> None:
    seen: list[Any] = []
    results = CBO(two_floats()).search(lambda job: float(seen.append(job.id) or 0), 3)  # type: ignore[func-returns-value]

    assert seen == results.job_id.tolist() == [0, 1, 2]


@shows("helpers for several objectives")
def test_the_helpers_maximize_and_the_old_ones_minimize() -> None:
    from deephyper.moo import hypervolume, pareto_front
    from deephyper.skopt import moo as old

    Y, none = np.array([[1.0, 2.0], [2.0, 1.0], [0.5, 0.5]]), [0.0, 0.0]
    with pytest.warns(DeprecationWarning, match=r"deephyper\.moo\.pareto_front, where higher is better"):
        front = -old.pareto_front(-Y)
    with pytest.warns(DeprecationWarning, match=r"deephyper\.moo\.hypervolume, where higher is better"):
        volume = old.hypervolume(-Y, none)

    assert sorted(map(tuple, front)) == sorted(map(tuple, pareto_front(Y))) == [(1.0, 2.0), (2.0, 1.0)]
    assert volume == hypervolume(Y, none) == 3.0
