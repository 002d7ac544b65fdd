"""What run-functions record on the way is in `results.curves`, and in the store."""

from __future__ import annotations

import math
import os
import pickle
import threading
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from deephyper.evaluator import Evaluator
from deephyper.hpo import HpProblem, RandomSearch
from deephyper.results import Results, read_csv
from deephyper.storage import MemoryStorage, NullStorage
from stores import TextStorage

COLUMNS = ["job_id", "budget", "objective"]


@pytest.fixture
def problem() -> HpProblem:
    problem = HpProblem()
    problem.add_hyperparameter((0.0, 1.0), "x")
    return problem


def recording(job: Any) -> float:
    """Job n records n values; every third one raises then."""
    for step in range(job["job_id"]):
        job.record(step, job["job_id"] + step / 10)
    if job["job_id"] % 3 == 2:
        raise ValueError
    return 1.0


def expected(*job_ids: int) -> list[list[float]]:
    return [[n, step, n + step / 10] for n in job_ids for step in range(n)]


def searched(problem: HpProblem, n: int = 5, folder: Path | None = None, **options: Any) -> Results:
    evaluator = Evaluator.create(recording, **options)
    return RandomSearch(problem, evaluator, random_state=1, log_dir=folder).search(max_evals=n)


def curves(table: Any) -> list[list[float]]:
    return table.curves.values.tolist()  # type: ignore[no-any-return]


@pytest.mark.parametrize("method", ["serial", "thread", "simulated", pytest.param("process", marks=pytest.mark.slow)])
def test_every_recorded_value_is_a_row_also_of_failures(problem: HpProblem, method: str) -> None:
    frame = searched(problem, method=method).curves

    assert type(frame) is pd.DataFrame
    assert frame.columns.tolist() == COLUMNS
    assert frame.dtypes.astype(str).tolist() == ["int64", "float64", "float64"]
    assert frame.values.tolist() == expected(1, 2, 3, 4)


def test_without_recorded_values_there_is_an_empty_frame_with_the_columns(problem: HpProblem) -> None:
    results = RandomSearch(problem, lambda job: 1.0, random_state=1, log_dir=None).search(max_evals=2)

    for table in (results, Results(), Results({"objective": [1.0]}), results.iloc[:0]):
        assert table.curves.columns.tolist() == COLUMNS
        assert table.curves.empty
        assert table.curves.dtypes.astype(str).tolist() == ["int64", "float64", "float64"]


def test_other_forms_of_a_table_keep_the_curves_of_their_rows(problem: HpProblem) -> None:
    results = searched(problem)

    assert curves(results.successes) == expected(1, 3, 4)
    assert curves(results[results.job_id < 3]) == curves(results.iloc[:3]) == curves(results.head(3)) == expected(1, 2)
    assert curves(results.failures) == expected(2)
    assert curves(results.copy()) == curves(pickle.loads(pickle.dumps(results))) == expected(1, 2, 3, 4)
    assert curves(results.sort_values("p:x")) == curves(results.reset_index(drop=True)) == curves(results)
    assert curves(pd.concat([results.iloc[:3], results.iloc[3:]])) == curves(results)
    assert curves(pd.concat([results, pickle.loads(pickle.dumps(results))])) == curves(results)


def test_tables_of_two_searches_together_have_the_curves_of_both(problem: HpProblem) -> None:
    def other(job: Any) -> float:
        job.record(7, 8)
        return 1.0

    others = RandomSearch(problem, other, random_state=1, log_dir=None).search(max_evals=2)
    both = pd.concat([searched(problem), others])

    assert sorted(curves(both)) == sorted([*expected(1, 2, 3, 4), [0, 7, 8], [1, 7, 8]])


def test_a_table_does_not_change_while_the_search_goes_on(problem: HpProblem) -> None:
    search = RandomSearch(problem, recording, random_state=1, log_dir=None)
    first = search.search(max_evals=3)
    second = search.search(max_evals=2)

    assert curves(first) == expected(1, 2)
    assert curves(second) == curves(search.history) == expected(1, 2, 3, 4)


def test_values_that_are_no_numbers_on_a_scale_are_kept(problem: HpProblem) -> None:
    def run(job: Any) -> float:
        job.record(math.inf, -math.inf)
        job.record(1, math.nan)
        return 1.0

    results = RandomSearch(problem, run, random_state=1, log_dir=None).search(max_evals=1)

    assert results.curves.objective.tolist()[0] == -math.inf
    assert math.isnan(results.curves.objective.tolist()[1])


def test_a_cancelled_evaluation_has_what_it_recorded(problem: HpProblem) -> None:
    recorded, goes_on = threading.Event(), threading.Event()

    def run(job: Any) -> float:
        job.record(1, 0.5)
        recorded.set()
        goes_on.wait(60)
        return 1.0

    with Evaluator.create(run, "thread") as evaluator:
        search = RandomSearch(problem, evaluator, random_state=1, log_dir=None)
        results = search.search(max_evals=1, timeout=1)
        goes_on.set()

    assert recorded.is_set()
    assert results.job_status.tolist() == ["CANCELLED"]
    assert curves(results) == [[0, 1, 0.5]]


@pytest.mark.slow
def test_a_killed_evaluation_has_what_it_recorded(problem: HpProblem) -> None:
    def run(job: Any) -> float:
        job.record(1, 0.5)
        # The value is on its way to the manager when the call returns.
        if job["job_id"] == 0:
            os._exit(1)
        time.sleep(3600)
        return 1.0

    with Evaluator.create(run, "process", num_workers=2, job_timeout=5) as evaluator:
        results = RandomSearch(problem, evaluator, random_state=1, log_dir=None).search(max_evals=2)

    assert sorted(results.objective.tolist()) == ["F_timeout", "F_worker_died"]
    assert sorted(curves(results)) == [[0, 1, 0.5], [1, 1, 0.5]]


@pytest.mark.parametrize("make", [MemoryStorage, TextStorage])
def test_finished_records_in_the_store_hold_them(problem: HpProblem, make: Any) -> None:
    storage = make()
    searched(problem, storage=storage, search_id="mine")

    found = {record["job_id"]: record.get("observations", []) for record in storage.records("mine")}
    assert found == {n: [[step, n + step / 10] for step in range(n)] for n in range(5)}


def test_other_members_of_a_search_see_them(problem: HpProblem) -> None:
    storage = TextStorage()
    searched(problem, storage=storage, search_id="mine")
    other = Evaluator.create(lambda job: 1.0, storage=storage, search_id="mine")
    results = RandomSearch(problem, other, random_state=2, log_dir=None).search(max_evals=1)

    assert curves(results) == expected(1, 2, 3, 4)


@pytest.mark.parametrize("make", [MemoryStorage, TextStorage])
def test_a_restart_finds_them_in_a_store_that_is_still_there(problem: HpProblem, make: Any, tmp_path: Path) -> None:
    storage = make()
    searched(problem, 3, tmp_path, storage=storage, search_id="mine")
    evaluator = Evaluator.create(recording, storage=storage, search_id="mine")
    search = RandomSearch(problem, evaluator, random_state=1, log_dir=tmp_path, checkpoint_restart=True)

    assert curves(search.search(max_evals=2)) == expected(1, 2, 3, 4)


def test_a_restart_on_files_alone_has_those_since_then(problem: HpProblem, tmp_path: Path) -> None:
    searched(problem, 3, tmp_path)
    evaluator = Evaluator.create(recording)
    search = RandomSearch(problem, evaluator, random_state=1, log_dir=tmp_path, checkpoint_restart=True)

    assert curves(search.search(max_evals=2)) == expected(3, 4)
    assert read_csv(tmp_path / "results.csv").curves.empty


def test_a_search_that_moves_to_another_store_takes_them_along(problem: HpProblem) -> None:
    storage = MemoryStorage()
    search = RandomSearch(problem, Evaluator.create(recording, storage=NullStorage()), random_state=1, log_dir=None)
    search.search(max_evals=3)
    results = search.search(Evaluator.create(recording, storage=storage), max_evals=1)

    assert curves(results) == expected(1, 2, 3)
    found = {record["job_id"]: len(record.get("observations", [])) for record in storage.records(search.search_id)}
    assert found == {0: 0, 1: 1, 2: 2, 3: 3}


@pytest.mark.slow
def test_a_million_recorded_values_cost_little_beside_recording_them(problem: HpProblem) -> None:
    n = 1_000_000

    def run(job: Any) -> float:
        for step in range(n):
            job.record(step, step)
        return 1.0

    began = time.process_time()
    results = RandomSearch(problem, run, random_state=1, log_dir=None).search(max_evals=1)
    recorded = time.process_time() - began
    began = time.process_time()
    frame = results.curves
    sliced = results.successes.copy().curves
    read = time.process_time() - began

    assert len(frame) == len(sliced) == n
    assert read < 2 * recorded
