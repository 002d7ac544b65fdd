"""What holds for every search: budgets, call styles, failures, files, endings."""

from __future__ import annotations

import asyncio
import json
import math
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from deephyper.errors import AllFailedError, SearchSpaceExhausted
from deephyper.evaluator import Evaluator, SimulatedEvaluator
from deephyper.hpo import CBO, HpProblem, RandomSearch, Search
from deephyper.storage import MemoryStorage
from processes import PATIENCE_S, Before, comes_true

SEARCHES = [CBO, RandomSearch]
TIMES = ["m:timestamp_submit", "m:timestamp_start", "m:timestamp_end", "m:timestamp_gather"]


@pytest.fixture(params=SEARCHES, ids=lambda kind: kind.__name__)
def kind(request: pytest.FixtureRequest) -> type[Search]:
    return request.param


@pytest.fixture
def problem() -> HpProblem:
    problem = HpProblem()
    problem.add_hyperparameter((-5.0, 5.0), "x")
    problem.add_hyperparameter((1, 100, "log-uniform"), "n")
    problem.add_hyperparameter(["a", "b", None], "c")
    return problem


def objective() -> Any:
    def run(job: Any) -> float:
        return -(job["x"] ** 2) - abs(job["n"] - 7) + (job["c"] == "b")

    return run


def virtual(seconds: float, n_workers: int = 1) -> SimulatedEvaluator:
    """Evaluations of so many seconds, of which none pass in reality."""
    return SimulatedEvaluator(run, n_workers, duration=seconds, charge_manager=False)


# A function from inside another one travels by value: workers need not import this module with all its libraries.
run = objective()


def without_times(table: Any) -> Any:
    return table.drop(columns=TIMES)


# Budgets.


@pytest.mark.parametrize(
    ("method", "n_workers"),
    [
        (method, n)
        if method in ("serial", "thread") or (n == 3 and method == "process")
        else pytest.param(method, n, marks=pytest.mark.slow)
        for method in ("serial", "thread", "process", "loky")
        for n in (1, 3, 8)
        # Another name of the same class.
        if method != "loky" or n == 3
    ],
)
def test_max_evals_is_exact(
    kind: type[Search], problem: HpProblem, tmp_path: Path, method: str, n_workers: int
) -> None:
    with Evaluator.create(run, method, {"num_workers": n_workers}) as evaluator:
        search = kind(problem, evaluator, random_state=1, log_dir=tmp_path)
        first = search.search(13)
        second = search.search(max_evals=4)

        assert sorted(first.job_id) == list(range(13))
        assert sorted(second.job_id) == list(range(17))
        assert evaluator.line.n_unfinished == 0
        assert evaluator.num_jobs_submitted == 17


def test_two_calls_equal_one_with_one_worker(kind: type[Search], problem: HpProblem, tmp_path: Path) -> None:
    parts = kind(problem, run, random_state=3, log_dir=tmp_path / "a")
    parts.search(10)
    whole = kind(problem, run, random_state=3, log_dir=tmp_path / "b").search(18)

    # The design has nine rows, so the model speaks in both parts.
    assert without_times(parts.search(8)).equals(without_times(whole))


@pytest.mark.slow
def test_a_seed_fixes_the_whole_table_and_no_seed_does_not(
    kind: type[Search], problem: HpProblem, tmp_path: Path
) -> None:
    def table(seed: int | None) -> Any:
        return without_times(kind(problem, run, random_state=seed, log_dir=tmp_path).search(15))

    assert table(7).equals(table(7))
    assert not table(7).equals(table(8))
    assert not table(None).equals(table(None))


@pytest.mark.parametrize("method", ["thread", pytest.param("process", marks=pytest.mark.slow)])
def test_a_timeout_is_hard(kind: type[Search], problem: HpProblem, tmp_path: Path, method: str) -> None:
    before = Before()
    evaluator = Evaluator.create(
        lambda job: time.sleep(0 if job["job_id"] < 2 else 3600) or 1.0, method, {"num_workers": 3}
    )
    search = kind(problem, evaluator, log_dir=tmp_path)
    search.search(2)
    begin = time.monotonic()
    table = search.search(timeout=1.0)

    # An hour is what the evaluations take; `benchmarks/endings.py` measures how soon after its deadline a search
    # returns.
    assert 1.0 <= time.monotonic() - begin < PATIENCE_S
    assert list(table.job_status) == ["DONE"] * 2 + ["CANCELLED"] * 3
    assert table.objective.tolist() == pytest.approx([1.0, 1.0, math.nan, math.nan, math.nan], nan_ok=True)
    assert table.objective.dtype == float
    evaluator.close()
    assert before.new_processes() == []


def test_a_timeout_is_kept_to_the_second(kind: type[Search], problem: HpProblem, tmp_path: Path) -> None:
    table = kind(problem, virtual(60.0, n_workers=3), log_dir=tmp_path).search(timeout=100)

    assert table.timestamp_end.tolist() == [60.0] * 3 + [100.0] * 3
    assert list(table.job_status) == ["DONE"] * 3 + ["CANCELLED"] * 3


@pytest.mark.slow
def test_a_search_whose_workers_all_sleep_for_an_hour_returns_and_leaves_no_process(tmp_path: Path) -> None:
    problem = HpProblem()
    problem.add_hyperparameter((0.0, 1.0), "x")
    before = Before()
    evaluator = Evaluator.create(lambda job: time.sleep(3600), "process", {"num_workers": 5})
    begin = time.monotonic()
    table = CBO(problem, evaluator, log_dir=tmp_path).search(timeout=5)

    assert time.monotonic() - begin < PATIENCE_S
    assert list(table.job_status) == ["CANCELLED"] * 5
    assert comes_true(lambda: not before.new_processes())


def test_budgets_do_not_leak_into_the_next_call(kind: type[Search], problem: HpProblem, tmp_path: Path) -> None:
    search = kind(problem, virtual(10.0), log_dir=tmp_path)
    search.search(timeout=15)
    search.search(3)
    table = search.search(timeout=45)

    # One and a half evaluations, then three that take longer than the first timeout, then more than the three of that
    # call.
    expected = [*["DONE", "CANCELLED"], *["DONE"] * 3, *["DONE"] * 4, "CANCELLED"]
    assert list(table.job_status) == expected


# Call styles.


def test_three_generations_of_scripts_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    import deephyper.problem
    from deephyper.search import hps

    problem = deephyper.problem.HpProblem()
    problem.add_hyperparameter((0.0, 1.0), "x")
    evaluator = Evaluator.create(lambda job: job["x"], method="serial", method_kwargs={"num_workers": 1})

    timed = Evaluator.create(
        lambda job: job["x"], method="simulated", method_kwargs={"num_workers": 1, "charge_manager": False}
    )
    assert len(hps.CBO(problem, timed, random_state=42).search(timeout=2.5)) == 3
    assert len(CBO(problem, evaluator, random_state=42).search(4)) == 4
    assert len(CBO(problem, evaluator, random_state=42).search(max_evals=4)) == 4
    assert len(CBO(problem, evaluator).search(4, 60)) == 4
    assert len(CBO(problem, random_state=42).search(evaluator, max_evals=5, timeout=60)) == 5
    assert len(CBO(problem, random_state=42).search(lambda job: job["x"], 5)) == 5
    assert len(RandomSearch(problem).search(evaluator, 5)) == 5


def test_an_async_function_may_be_handed_over(kind: type[Search], problem: HpProblem, tmp_path: Path) -> None:
    async def waits(job: Any) -> float:
        await asyncio.sleep(0.001)
        return run(job)

    assert len(kind(problem, log_dir=tmp_path).search(waits, 5)) == 5


def test_it_runs_inside_a_running_event_loop(kind: type[Search], problem: HpProblem, tmp_path: Path) -> None:
    async def main() -> int:
        evaluator = Evaluator.create(run, "thread", {"num_workers": 2})
        return len(kind(problem, evaluator, log_dir=tmp_path).search(5)) + len(
            kind(problem, log_dir=tmp_path).search(run, 5)
        )

    assert asyncio.run(main()) == 10


def test_ask_and_tell_work_without_an_evaluator_and_fill_the_history(
    kind: type[Search], problem: HpProblem, tmp_path: Path
) -> None:
    search = kind(problem, random_state=1, log_dir=tmp_path)
    configurations = search.ask(3)
    search.tell([(configuration, run(configuration)) for configuration in configurations[:2]])
    search.tell([(configurations[2], "F_broken"), ({"x": 0.0, "n": 7, "c": "b"}, 1)])

    assert search.history.objective.tolist()[2:] == ["F_broken", 1.0]
    assert search.history["p:x"].tolist()[:3] == [configuration["x"] for configuration in configurations]
    assert search.history.job_id.tolist() == [0, 1, 2, 3]
    assert (tmp_path / "results.csv").read_text().count("\n") == 5


def test_the_evaluator_can_change_between_calls(kind: type[Search], problem: HpProblem, tmp_path: Path) -> None:
    search = kind(problem, log_dir=tmp_path)
    search.search(run, 3)
    table = search.search(Evaluator.create(run, "thread", {"num_workers": 2}), 3)

    assert sorted(table.job_id) == list(range(6))
    ends = table.timestamp_end.tolist()
    assert max(ends[:3]) <= min(table.timestamp_submit.tolist()[3:])


def test_one_evaluator_serves_two_searches(kind: type[Search], problem: HpProblem, tmp_path: Path) -> None:
    evaluator = Evaluator.create(run)
    first = kind(problem, evaluator, random_state=1, log_dir=tmp_path).search(4)
    second = kind(problem, evaluator, random_state=1, log_dir=tmp_path).search(4)

    assert without_times(first).equals(without_times(second))


def test_searches_that_share_a_storage_and_a_name_share_their_results(problem: HpProblem, tmp_path: Path) -> None:
    from deephyper.storage import MemoryStorage

    options = {"storage": MemoryStorage(), "search_id": "shared"}
    first = RandomSearch(problem, Evaluator.create(run, method_kwargs=options), log_dir=tmp_path / "a")
    second = CBO(problem, Evaluator.create(run, method_kwargs=options), log_dir=tmp_path / "b")
    first.search(3)
    table = second.search(2)

    assert len(table) == 5
    assert sorted(table.job_id) == [0, 1, 2, 3, 4]


# Failures.


def test_a_search_of_which_all_fails_ends_with_one_clear_error(
    kind: type[Search], problem: HpProblem, tmp_path: Path
) -> None:
    def broken(job: Any) -> float:
        raise KeyError("learning_rate")

    with pytest.raises(
        AllFailedError, match="(?s)first 10 evaluations all raised.*KeyError: 'learning_rate'"
    ) as caught:
        kind(problem, log_dir=tmp_path).search(broken, 50)
    assert len(caught.value.results) == 10
    assert set(caught.value.results.objective) == {"F_KeyError"}
    assert (tmp_path / "results.csv").exists()


def test_failures_that_the_function_returns_do_not_end_a_search(
    kind: type[Search], problem: HpProblem, tmp_path: Path
) -> None:
    assert len(kind(problem, log_dir=tmp_path).search(lambda job: "F_on_purpose", 30)) == 30


def test_one_success_keeps_a_search_alive(kind: type[Search], problem: HpProblem, tmp_path: Path) -> None:
    def rarely(job: Any) -> float:
        if job["job_id"] != 4:
            raise ValueError
        return 1.0

    assert len(kind(problem, log_dir=tmp_path).search(rarely, 30)) == 30


@pytest.mark.slow
def test_dying_workers_cost_a_row_each_and_the_search_goes_on(
    kind: type[Search], problem: HpProblem, tmp_path: Path
) -> None:
    def die_sometimes(job: Any) -> float:
        if job["job_id"] % 5 == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return 1.0

    with Evaluator.create(die_sometimes, "process", {"num_workers": 2}) as evaluator:
        table = kind(problem, evaluator, random_state=1, log_dir=tmp_path).search(15)

    died = table[table.objective == "F_worker_died"]
    assert sorted(died.job_id) == [3, 8, 13]
    assert len(table.successes) == 12


# Endings.


@pytest.mark.parametrize("method", ["serial", "thread"])
def test_an_exhausted_space_ends_the_search_with_a_reason(kind: type[Search], tmp_path: Path, method: str) -> None:
    problem = HpProblem()
    problem.add_hyperparameter([1, 2, 3], "a")
    problem.add_hyperparameter(["u", "v"], "b")
    search = kind(problem, Evaluator.create(lambda job: job["a"], method, {"num_workers": 4}), log_dir=tmp_path)
    table = search.search(50)

    assert len(table) == len(table[["p:a", "p:b"]].drop_duplicates()) == 6
    assert "every legal configuration" in str(search.stop_reason)
    with pytest.raises(SearchSpaceExhausted):
        search.ask(1)


# The table and its file.


def test_the_table_has_the_columns_of_the_contract(kind: type[Search], problem: HpProblem, tmp_path: Path) -> None:
    begin = time.monotonic()
    table = kind(problem, log_dir=tmp_path).search(
        lambda job: {"objective": run(job), "metadata": {"loss": 2.5, "_own": 1}}, 4
    )
    lasted = time.monotonic() - begin

    assert list(table.columns) == [
        *("p:x", "p:n", "p:c", "objective", "job_id", "job_status", "m:replay"),
        *(*TIMES, "m:loss"),
    ]
    assert table.objective.dtype == float
    assert (table.timestamp_start <= table.timestamp_end).all()
    assert 0.0 <= table.timestamp_submit.iloc[0] <= table.timestamp_end.max() <= lasted


def test_rows_are_in_the_file_while_the_search_runs(kind: type[Search], problem: HpProblem, tmp_path: Path) -> None:
    seen = []

    def look(job: Any) -> float:
        path = tmp_path / "results.csv"
        seen.append(path.read_text().count("DONE") if path.exists() else 0)
        return 1.0

    kind(problem, log_dir=tmp_path).search(look, 4)

    assert seen == [0, 1, 2, 3]


def test_an_older_file_is_renamed_and_none_is_written_unless_wanted(
    kind: type[Search], problem: HpProblem, tmp_path: Path
) -> None:
    kind(problem, log_dir=tmp_path).search(run, 2)
    kind(problem, log_dir=tmp_path).search(run, 3)
    kind(problem, log_dir=tmp_path, checkpoint_history_to_csv=False).search(run, 4)

    older = list(tmp_path.glob("results_*.csv"))
    assert (tmp_path / "results.csv").read_text().count("DONE") == 3
    assert [path.read_text().count("DONE") for path in older] == [2]


def test_a_restart_goes_on_where_the_file_ends(kind: type[Search], problem: HpProblem, tmp_path: Path) -> None:
    whole = kind(problem, run, random_state=5, log_dir=tmp_path / "whole").search(24)
    kind(problem, run, random_state=5, log_dir=tmp_path / "parts").search(12)
    again = kind(problem, run, random_state=5, log_dir=tmp_path / "parts", checkpoint_restart=True)
    table = again.search(12)

    assert len(table) == 24
    assert table["p:c"].map(repr).tolist() == whole["p:c"].map(repr).tolist()
    assert table["p:n"].tolist() == whole["p:n"].tolist()
    # What is read back and encoded again may differ in the last digits.
    assert table["p:x"].to_numpy() == pytest.approx(whole["p:x"].to_numpy(), abs=1e-3)
    assert table.timestamp_submit.is_monotonic_increasing
    assert (tmp_path / "parts" / "results.csv").read_text().count("DONE") == 24
    assert len(again.search(2)) == 26


def test_a_restart_survives_a_line_that_was_cut_off_and_failures(
    kind: type[Search], problem: HpProblem, tmp_path: Path
) -> None:
    kind(problem, random_state=5, log_dir=tmp_path).search(lambda job: "F_x" if job["job_id"] == 1 else run(job), 6)
    path = tmp_path / "results.csv"
    path.write_text(path.read_text()[:-30])
    table = kind(problem, run, random_state=5, log_dir=tmp_path, checkpoint_restart=True).search(5)

    assert len(table) == 10
    assert table.objective.iloc[1] == "F_x"
    assert len(set(table.job_id)) == 10


def test_a_restart_with_another_problem_is_refused(kind: type[Search], problem: HpProblem, tmp_path: Path) -> None:
    kind(problem, run, log_dir=tmp_path).search(2)
    other = HpProblem()
    other.add_hyperparameter((0.0, 1.0), "z")

    with pytest.raises(ValueError, match="no column for 'z', so it belongs to another problem"):
        kind(other, log_dir=tmp_path, checkpoint_restart=True)


def test_inactive_hyperparameters_are_absent_from_jobs_and_empty_in_the_table(
    kind: type[Search], tmp_path: Path
) -> None:
    import ConfigSpace as CS

    problem = HpProblem()
    problem.add_hyperparameter(["sgd", "adam"], "optimizer")
    problem.add_hyperparameter((0.0, 1.0), "momentum")
    problem.add_condition(CS.EqualsCondition(problem["momentum"], problem["optimizer"], "sgd"))
    table = kind(problem, random_state=1, log_dir=tmp_path).search(lambda job: float("momentum" in job), 12)

    assert set(table["p:optimizer"]) == {"sgd", "adam"}
    assert (table["p:momentum"].notna() == (table["p:optimizer"] == "sgd")).all()
    assert (table.objective == (table["p:optimizer"] == "sgd")).all()


def test_parameters_are_written_as_json(kind: type[Search], problem: HpProblem, tmp_path: Path) -> None:
    kind(problem, random_state=4, log_dir=tmp_path).save_params("params.json")

    params = json.loads((tmp_path / "params.json").read_text())
    assert params["search"]["type"] == kind.__name__
    assert params["search"]["random_state"] == 4


# Bad input.


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda kind, problem: kind({"x": (0, 1)}), "problem must be a deephyper.hpo.HpProblem, got"),
        (lambda kind, problem: kind(HpProblem()), "the problem has no hyperparameters; add one with"),
        (
            lambda kind, problem: kind(problem, random_stat=1),
            "unknown option 'random_stat'.*Did you mean 'random_state'",
        ),
        (lambda kind, problem: kind(problem, random_state="a"), "random_state must be None, an int"),
        (lambda kind, problem: kind(problem, [3]), r"run_function must be callable.*got \[3\]"),
        (lambda kind, problem: kind(problem, verbose=-1), "verbose must be a whole number of at least 0, got -1"),
        (lambda kind, problem: kind(problem).search(5), "no evaluator; pass a function"),
        (lambda kind, problem: kind(problem).search(run, 0), "max_evals must be a whole number of at least 1, got 0"),
        (
            lambda kind, problem: kind(problem).search(run, 2.5),
            "max_evals must be a whole number of at least 1, got 2.5",
        ),
        (
            lambda kind, problem: kind(problem).search(run, timeout=-1),
            "timeout must be a positive number of seconds.*got -1",
        ),
        (
            lambda kind, problem: kind(problem).search(run, timeout="1h"),
            "timeout must be a positive number of seconds.*got '1h'",
        ),
        (
            lambda kind, problem: kind(problem).search(run, timeout=float("nan")),
            "timeout must be a positive number of seconds",
        ),
        (lambda kind, problem: kind(problem).ask(0), "n must be a whole number of at least 1, got 0"),
        (lambda kind, problem: kind(problem).tell([({"x": 1.0, "n": 3, "d": 1}, 1.0)]), "unknown hyperparameter 'd'"),
        (
            lambda kind, problem: kind(problem).tell([({"x": 9.0, "n": 3, "c": "a"}, 1.0)]),
            "'x' must be between -5.0 and 5.0",
        ),
        (
            lambda kind, problem: kind(problem).tell([({"x": 1.0, "n": 3}, 1.0), ({"x": 1.0}, 1.0)]),
            "'n' is active and has no value",
        ),
    ],
)
def test_bad_input_is_refused_in_one_sentence(
    kind: type[Search], problem: HpProblem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Any, message: str
) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises((TypeError, ValueError), match=message):
        make(kind, problem)


def test_a_log_directory_that_cannot_be_written_is_refused(
    kind: type[Search], problem: HpProblem, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(
        ValueError, match="log_dir must be a folder that can be written, got .*file/below.*choose another one"
    ):
        kind(problem, log_dir=tmp_path / "file" / "below")


def test_no_thread_of_a_search_is_left(problem: HpProblem, tmp_path: Path) -> None:
    before = Before()
    seen: list[str] = []
    with Evaluator.create(
        lambda job: seen.extend(before.new_threads()) or run(job), "thread", {"num_workers": 3}
    ) as evaluator:
        search = CBO(problem, evaluator, random_state=1, log_dir=tmp_path)
        search.search(40)

    # Threads evaluated, and another one prepared suggestions meanwhile.
    assert len(set(seen)) >= 2
    assert search.statistics is not None and search.statistics.n_prepared > 0
    assert comes_true(lambda: not before.new_threads())


def test_told_results_must_agree_on_the_number_of_objectives(problem: HpProblem, tmp_path: Path) -> None:
    search = RandomSearch(problem, random_state=1, log_dir=tmp_path)
    a, b, c = search.ask(3)
    search.tell([(a, "F_x")])
    search.tell([(b, (1.0, 2.0))])
    search.tell([(c, 3.0)])
    table = search.search(lambda job: 1.0, 1)

    assert table["objective_0"].tolist() == ["F_x", 1.0, "F_number_of_objectives", "F_number_of_objectives"]
    assert table.pareto_efficient.tolist() == [False, True, False, False]


# Found by reading the code against its promises.


def test_two_searches_in_one_folder_each_keep_a_file_of_their_own(
    kind: type[Search], problem: HpProblem, tmp_path: Path
) -> None:
    first, second = (kind(problem, run, random_state=seed, log_dir=tmp_path) for seed in (1, 2))
    first.search(2)
    second.search(2)
    first.search(2)
    second.search(1)

    files = sorted(tmp_path.glob("results*.csv"))
    assert {path.read_text().count("DONE") for path in files} >= {3, 4}
    assert (tmp_path / "results.csv").read_text().count("DONE") == 3
    assert all(path.read_text().startswith("p:x,") for path in files)


def test_a_file_that_was_deleted_is_written_again(kind: type[Search], problem: HpProblem, tmp_path: Path) -> None:
    search = kind(problem, run, log_dir=tmp_path)
    search.search(2)
    (tmp_path / "results.csv").unlink()
    search.search(2)

    assert (tmp_path / "results.csv").read_text().count("DONE") == 4


def test_a_given_storage_and_name_are_used_whatever_is_asked_first(
    kind: type[Search], problem: HpProblem, tmp_path: Path
) -> None:
    from deephyper.storage import MemoryStorage

    def evaluator() -> tuple[MemoryStorage, Evaluator]:
        storage = MemoryStorage()
        return storage, Evaluator.create(run, method_kwargs={"storage": storage, "search_id": "shared"})

    storage, given = evaluator()
    search = kind(problem, given, log_dir=tmp_path)
    assert search.search_id == "shared"
    search.search(3)
    assert (storage.search_ids(), len(storage.records("shared"))) == (["shared"], 3)

    storage, given = evaluator()
    search = kind(problem, log_dir=tmp_path)
    search.save_params()
    search.search(given, 3)
    assert (storage.search_ids(), len(storage.records("shared"))) == (["shared"], 3)


def test_configurations_that_killed_their_worker_do_not_come_again_not_even_after_a_restart(
    kind: type[Search], tmp_path: Path
) -> None:
    problem = HpProblem()
    problem.add_hyperparameter(["a", "b", "c", "d"], "x")
    search = kind(problem, random_state=1, log_dir=tmp_path)
    search.tell([({"x": "a"}, 1.0), ({"x": "b"}, "F_worker_died"), ({"x": "c"}, "F_worker_died")])
    again = kind(problem, random_state=1, log_dir=tmp_path, checkpoint_restart=True)

    assert [c["x"] for c in search.ask(4)] == ["d"]
    assert [c["x"] for c in again.ask(4)] == ["d"]


def test_told_configurations_are_not_proposed_and_cancelled_ones_may_be(kind: type[Search], tmp_path: Path) -> None:
    problem = HpProblem()
    problem.add_hyperparameter(["a", "b", "c"], "x")
    search = kind(problem, random_state=1, log_dir=tmp_path)
    search.tell([({"x": "a"}, 1.0)])
    assert list(search.search(virtual(3600.0, n_workers=2), timeout=10).job_status) == [
        "DONE",
        "CANCELLED",
        "CANCELLED",
    ]

    assert sorted(c["x"] for c in search.ask(3)) == ["b", "c"]


def test_an_exhausted_space_is_told_from_one_without_legal_configurations(kind: type[Search], tmp_path: Path) -> None:
    problem = HpProblem()
    problem.add_hyperparameter(["a", "b"], "x")
    search = kind(problem, random_state=1, log_dir=tmp_path)
    search.ask(2)

    with pytest.raises(SearchSpaceExhausted, match="every legal configuration of the search space has been proposed"):
        search.ask(1)


def test_every_ending_is_made_also_when_another_one_fails(
    kind: type[Search], problem: HpProblem, tmp_path: Path
) -> None:
    from deephyper.evaluator.callback import Callback

    class Listener(Callback):
        n_closed = 0

        def on_close(self) -> None:
            self.n_closed += 1

    listener = Listener()

    class Refusing(MemoryStorage):
        def finish(self, member: Any, records: Any) -> None:
            raise FileNotFoundError("the store is gone")

    evaluator = Evaluator.create(run, method_kwargs={"callbacks": [listener], "storage": Refusing()})
    with pytest.raises(FileNotFoundError):
        kind(problem, evaluator, log_dir=tmp_path / "log").search(5, 100)

    assert listener.n_closed == 1
    assert evaluator.timeout is None


def test_limits_that_were_set_on_the_evaluator_are_kept(kind: type[Search], problem: HpProblem, tmp_path: Path) -> None:
    evaluator = Evaluator.create(run, "thread", {"num_workers": 2})
    evaluator.set_maximum_num_jobs_submitted(5)
    assert len(kind(problem, evaluator, log_dir=tmp_path).search(9)) == 5

    evaluator = virtual(10.0, n_workers=2)
    evaluator.timeout = 25.0
    assert list(kind(problem, evaluator, log_dir=tmp_path).search(100).job_status) == ["DONE"] * 4 + ["CANCELLED"] * 2


def test_an_evaluator_made_of_a_function_leaves_no_thread(
    kind: type[Search], problem: HpProblem, tmp_path: Path
) -> None:
    seen: list[str] = []

    async def waits(job: Any) -> float:
        seen.extend(before.new_threads())
        return 1.0

    before = Before()
    search = kind(problem, waits, log_dir=tmp_path)
    search.search(2)
    search.search(2)

    assert seen
    assert comes_true(lambda: not before.new_threads())


def test_a_subclass_with_catch_all_arguments_can_be_made(problem: HpProblem, tmp_path: Path) -> None:
    class Mine(Search):
        def __init__(self, *args: Any, **kwargs: Any):
            super().__init__(*args, **kwargs)

        def _new_proposer(self, draws: Any, member: int) -> Any:
            raise NotImplementedError

    assert len(Mine(problem, random_state=3, log_dir=tmp_path).history) == 0


def test_a_number_in_place_of_the_evaluator_with_both_budgets_is_refused(
    kind: type[Search], problem: HpProblem, tmp_path: Path
) -> None:
    with pytest.raises(TypeError, match="20 is no evaluator"):
        kind(problem, run, log_dir=tmp_path).search(20, 60, timeout=30)


def test_a_reason_that_is_no_plain_text_survives_a_restart(
    kind: type[Search], problem: HpProblem, tmp_path: Path
) -> None:
    kind(problem, lambda job: "F_\udcff", random_state=1, log_dir=tmp_path).search(2)
    again = kind(problem, run, random_state=1, log_dir=tmp_path, checkpoint_restart=True)

    assert again.history.objective.tolist() == ["F_\udcff"] * 2
