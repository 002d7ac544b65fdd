"""Callbacks: what they are told, and what they do with it."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from deephyper.evaluator import Evaluator
from deephyper.evaluator.callback import Callback, CSVLoggerCallback, LoggerCallback, SearchEarlyStopping, TqdmCallback
from deephyper.hpo import CBO, HpProblem, RandomSearch


@pytest.fixture
def problem() -> HpProblem:
    problem = HpProblem()
    problem.add_hyperparameter((0.0, 1.0), "x")
    return problem


class Diary(Callback):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def on_start(self, max_evals: int | None) -> None:
        self.lines.append(f"start {max_evals}")

    def on_launch(self, job: Any) -> None:
        self.lines.append(f"launch {job.id}")

    def on_done(self, job: Any) -> None:
        self.lines.append(f"done {job.id}")

    def on_gather(self, local_jobs: Any, other_jobs: Any) -> None:
        self.lines.append(f"gather {[job.id for job in local_jobs]}")

    def on_close(self) -> None:
        self.lines.append("close")


def test_a_callback_is_told_everything_in_order(problem: HpProblem, tmp_path: Path) -> None:
    diary = Diary()
    evaluator = Evaluator.create(lambda job: job["x"], method_kwargs={"callbacks": [diary]})
    RandomSearch(problem, evaluator, log_dir=tmp_path).search(2)

    assert diary.lines == ["start 2", "launch 0", "done 0", "gather [0]", "launch 1", "done 1", "gather [1]", "close"]


def test_the_progress_bar_shows_total_failures_and_best(
    problem: HpProblem, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(job: Any) -> Any:
        return "F_odd" if job["job_id"] % 2 else 7.5

    evaluator = Evaluator.create(run, method_kwargs={"callbacks": [TqdmCallback("search")]})
    search = RandomSearch(problem, evaluator, log_dir=tmp_path)
    search.search(4)
    first = capsys.readouterr().err
    search.search(2)
    second = capsys.readouterr().err

    assert "search: 100%" in first
    assert "4/4" in first
    assert "failures=2, objective=7.5" in first
    assert "2/2" in second
    assert "failures=1" in second


def test_the_progress_bar_of_several_objectives_shows_their_hypervolume(
    problem: HpProblem, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evaluator = Evaluator.create(
        lambda job: [(0, 0), (2, 1)][job["job_id"]], method_kwargs={"callbacks": [TqdmCallback()]}
    )
    RandomSearch(problem, evaluator, log_dir=tmp_path).search(2)

    assert "failures=0, hvi=2" in capsys.readouterr().err


def test_verbose_shows_a_bar_unless_there_is_one(
    problem: HpProblem, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    RandomSearch(problem, lambda job: job["x"], log_dir=tmp_path, verbose=1).search(3)
    shown = capsys.readouterr().err
    RandomSearch(problem, lambda job: job["x"], log_dir=tmp_path).search(3)
    silent = capsys.readouterr().err

    assert "3/3" in shown
    assert silent == ""


@pytest.mark.parametrize("method", ["serial", "thread"])
def test_early_stopping_ends_a_search_that_does_not_improve_and_works_again(
    problem: HpProblem, tmp_path: Path, capsys: pytest.CaptureFixture[str], method: str
) -> None:
    stopping = SearchEarlyStopping(patience=5)
    evaluator = Evaluator.create(lambda job: 1.0, method, {"callbacks": [stopping]})
    search = CBO(problem, evaluator, random_state=1, log_dir=tmp_path)
    first = len(search.search(50))
    second = len(search.search(50))

    assert (first, second) == (6, 12)
    assert search.stopped
    assert "has not improved for 5 evaluations" in str(search.stop_reason)
    assert capsys.readouterr().out.count("The search ends early") == 2


def test_the_logger_prints_a_line_per_evaluation(
    problem: HpProblem, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evaluator = Evaluator.create(lambda job: float(job["job_id"]), method_kwargs={"callbacks": [LoggerCallback()]})
    RandomSearch(problem, evaluator, log_dir=tmp_path).search(2)

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert "objective: 1.0" in lines[1]


def test_the_csv_logger_writes_every_job_whoever_drives_the_evaluator(tmp_path: Path) -> None:
    path = tmp_path / "jobs.csv"
    evaluator = Evaluator.create(lambda job: job["x"], method_kwargs={"callbacks": [CSVLoggerCallback(path)]})
    evaluator.submit([{"x": 1}, {"x": 2}])
    evaluator.gather("ALL")

    rows = list(csv.DictReader(path.open()))
    assert [(row["p:x"], row["objective"], row["job_status"]) for row in rows] == [
        ("1", "1.0", "DONE"),
        ("2", "2.0", "DONE"),
    ]


class Failing(Callback):
    """Raises in one of its methods."""

    def __init__(self, method: str):
        def fail(*about: Any) -> None:
            raise RuntimeError(f"in {method}")

        setattr(self, method, fail)


@pytest.mark.parametrize("method", ["on_start", "on_launch", "on_done", "on_gather", "on_close"])
def test_a_search_goes_on_when_a_callback_raises(
    problem: HpProblem, tmp_path: Path, caplog: pytest.LogCaptureFixture, method: str
) -> None:
    diary = Diary()
    evaluator = Evaluator.create(lambda job: job["x"], method_kwargs={"callbacks": [Failing(method), diary]})
    table = RandomSearch(problem, evaluator, log_dir=tmp_path).search(3)

    assert table.job_status.tolist() == ["DONE"] * 3
    assert [line for line in diary.lines if line.startswith("done")] == ["done 0", "done 1", "done 2"]
    assert sum("Failing" in record.getMessage() for record in caplog.records) == 1


def test_callbacks_hear_of_cancelled_jobs_like_the_table(problem: HpProblem, tmp_path: Path) -> None:
    path = tmp_path / "log" / "jobs.csv"
    path.parent.mkdir()
    options = {"num_workers": 3, "duration": 1.0, "callbacks": [CSVLoggerCallback(path)], "charge_manager": False}
    evaluator = Evaluator.create(lambda job: job["x"], "simulated", options)
    table = RandomSearch(problem, evaluator, random_state=1, log_dir=tmp_path).search(timeout=2.5)
    rows = list(csv.DictReader(path.open()))

    assert (table.job_status == "CANCELLED").sum() == 3
    assert [(int(row["job_id"]), row["job_status"]) for row in rows] == list(
        zip(table.job_id, table.job_status, strict=True)
    )


def test_jobs_that_a_user_cancels_are_told_too(tmp_path: Path) -> None:
    diary = Diary()
    with Evaluator.create(lambda job: job["x"], method_kwargs={"callbacks": [diary]}) as evaluator:
        evaluator.submit([{"x": 1}, {"x": 2}])
        cancelled = evaluator.cancel()

    assert [job.id for job in cancelled] == [0, 1]
    assert "gather [0, 1]" in diary.lines
