"""What anybody may write into a shared store: a search leaves out what is no record of a job, and goes on."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from deephyper.evaluator import Evaluator
from deephyper.hpo import HpProblem, RandomSearch
from deephyper.storage import FileStorage

GOOD = {
    "job_id": 0, "parameters": {"x": 0.5}, "status": "DONE", "objective": 1.0, "metadata": {}, "crashed": False,
    "n_retries": 0, "timestamp_submit": 0.0, "timestamp_start": 0.1, "timestamp_end": 0.2, "timestamp_gather": 0.3,
}  # fmt: skip

BAD: list[tuple[str, Any]] = [
    *[("parameters", value) for value in (None, [], "x", {}, {"y": 1}, {"x": "a"}, {"x": [1]}, {"x": math.nan})],
    *[("objective", value) for value in (None, True, "good", [], {}, [[1]], [True], math.inf, 10**400)],
    *[("metadata", value) for value in (None, [], "m")],
    *[("crashed", value) for value in (None, 0, "no")],
    *[("n_retries", value) for value in (None, -1, 1.0, True)],
    *[("timestamp_gather", value) for value in ("DONE", [1], True, math.inf, {})],
    *[("timestamp_submit", value) for value in ("", [[]], 10**400)],
    *[("observations", value) for value in (None, 1, [1], [[1]], [["a", "b"]], {"x": 1})],
]


@pytest.fixture
def problem() -> HpProblem:
    problem = HpProblem()
    problem.add_hyperparameter((0.0, 1.0), "x")
    return problem


def searched(problem: HpProblem, folder: Path, n: int) -> Any:
    options = {"storage": FileStorage(folder / "store"), "search_id": "mine"}
    evaluator = Evaluator.create(lambda job: job["x"], "serial", options)
    return RandomSearch(problem, evaluator, random_state=1, log_dir=folder / "log", checkpoint_restart=True).search(n)


def put(folder: Path, record: dict[str, Any]) -> None:
    """Make a member that has finished one job with this record."""
    storage = FileStorage(folder / "store")
    member = storage.join("mine")
    numbers = storage.submit(member, [{**GOOD, "job_id": None}])
    storage.finish(member, [{**record, "job_id": number} for number in numbers])


@pytest.mark.parametrize(("field", "value"), BAD, ids=lambda value: repr(value)[:30])
def test_a_field_that_cannot_be_is_left_out(problem: HpProblem, tmp_path: Path, field: str, value: Any) -> None:
    put(tmp_path, {**GOOD, field: value})
    tables = [searched(problem, tmp_path, 1) for _ in range(2)]

    assert [table.job_id.tolist() for table in tables] == [[1], [1, 2]]


@pytest.mark.parametrize("field", sorted(GOOD.keys() - {"job_id", "status"}))
def test_a_record_without_a_field_is_left_out(problem: HpProblem, tmp_path: Path, field: str) -> None:
    put(tmp_path, {name: value for name, value in GOOD.items() if name != field})

    assert searched(problem, tmp_path, 1).job_id.tolist() == [1]


def test_a_good_one_is_used(problem: HpProblem, tmp_path: Path) -> None:
    put(tmp_path, json.loads(json.dumps(GOOD)))

    assert searched(problem, tmp_path, 1).job_id.tolist() == [0, 1]
