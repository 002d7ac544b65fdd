"""A member of a search dies: what it was evaluating is written off, and nothing that ends after all is lost."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from deephyper.evaluator import Evaluator
from deephyper.hpo import CBO, HpProblem, RandomSearch
from deephyper.hpo.lost import LOST_AFTER_S
from deephyper.job import Job, Outcome, ready_record
from deephyper.storage import FileStorage, MemoryStorage, Seat
from processes import comes_true
from stores import states


class Shared(MemoryStorage):
    """A store that several processes could share, on a clock that the test sets."""

    is_shared = True

    def __init__(self) -> None:
        self.time = 0.0
        super().__init__(lambda: self.time)


@pytest.fixture
def problem() -> HpProblem:
    problem = HpProblem()
    problem.add_hyperparameter((0.0, 1.0), "x")
    return problem


def run(job: Any) -> float:
    return job["x"]


def submitted(seat: Seat, x: float, at: float | None = 0.0) -> int:
    (number,) = seat.submit([ready_record({"x": x}, {}, at)])
    return number


def search_on(storage: Any, problem: HpProblem, folder: Path, kind: Any = RandomSearch) -> Any:
    evaluator = Evaluator.create(run, storage=storage, search_id="mine")
    return kind(problem, evaluator, random_state=3, log_dir=folder)


def test_what_a_dead_member_was_evaluating_is_written_off_and_in_no_table(
    problem: HpProblem, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    storage = Shared()
    dead = Seat(storage, "mine")
    numbers = [submitted(dead, x) for x in (0.25, 0.5)]
    storage.time = LOST_AFTER_S + 1
    with caplog.at_level(logging.WARNING):
        results = search_on(storage, problem, tmp_path).search(max_evals=2)
    assert states(storage, "mine") == [(0, "CANCELLED"), (1, "CANCELLED"), (2, "DONE"), (3, "DONE")]
    assert sorted(results["job_id"]) == [2, 3]
    assert "member 0 of the search has not been heard of for 120 s" in caplog.text
    assert f"(jobs {', '.join(map(str, numbers))})" in caplog.text


def test_a_member_that_is_slow_is_left_alone(problem: HpProblem, tmp_path: Path) -> None:
    storage = Shared()
    slow = Seat(storage, "mine")
    submitted(slow, 0.25)
    storage.time = LOST_AFTER_S - 1
    search_on(storage, problem, tmp_path).search(max_evals=1)
    assert states(storage, "mine") == [(0, "READY"), (1, "DONE")]


def test_what_was_asked_for_can_be_told_days_later(problem: HpProblem, tmp_path: Path) -> None:
    storage = Shared()
    submitted(Seat(storage, "mine"), 0.25, at=None)
    storage.time = 1e6
    search_on(storage, problem, tmp_path).search(max_evals=1)
    assert states(storage, "mine") == [(0, "READY"), (1, "DONE")]


def test_a_member_that_was_written_off_and_lives_still_reports_what_it_has(problem: HpProblem, tmp_path: Path) -> None:
    storage = Shared()
    asleep = Seat(storage, "mine")
    number = submitted(asleep, 0.25)
    storage.time = LOST_AFTER_S + 1
    search = search_on(storage, problem, tmp_path, CBO)
    search.search(max_evals=2)
    job = Job(number, {"x": 0.25}, "mine", {}, 0.0)
    job.finish(Outcome(7.0), 0.0, 1.0, 2.0)
    asleep.finish([job.record()])
    results = search.search(max_evals=1)
    assert results.set_index("job_id")["objective"].to_dict()[number] == 7.0
    assert dict(states(storage, "mine"))[number] == "DONE"


def test_a_third_member_waits_for_the_result_instead_of_the_end_that_was_written(
    problem: HpProblem, tmp_path: Path
) -> None:
    storage = Shared()
    asleep, third = Seat(storage, "mine"), search_on(storage, problem, tmp_path / "third")
    number = submitted(asleep, 0.25)
    storage.time = LOST_AFTER_S + 1
    search_on(storage, problem, tmp_path / "second").search(max_evals=1)
    assert states(storage, "mine")[0] == (number, "CANCELLED")
    assert number not in set(third.search(max_evals=1)["job_id"])
    job = Job(number, {"x": 0.25}, "mine", {}, 0.0)
    job.finish(Outcome(7.0), 0.0, 1.0, 2.0)
    asleep.finish([job.record()])
    assert third.search(max_evals=1).set_index("job_id")["objective"].to_dict()[number] == 7.0


def test_a_process_that_evaluates_in_its_own_thread_is_known_to_be_alive(problem: HpProblem, tmp_path: Path) -> None:
    storage = FileStorage(tmp_path / "store")

    def patient(job: Any) -> float:
        (file,) = (tmp_path / "store").glob("*/0.jsonl")
        begin = file.stat().st_mtime_ns
        return float(comes_true(lambda: file.stat().st_mtime_ns > begin))

    evaluator = Evaluator.create(patient, storage=storage, search_id="mine")
    assert RandomSearch(problem, evaluator, log_dir=None).search(max_evals=1)["objective"].tolist() == [1.0]


MEMBER = """
import sys, time
from deephyper.evaluator import Evaluator
from deephyper.hpo import CBO, HpProblem
from deephyper.storage import FileStorage

problem = HpProblem()
problem.add_hyperparameter((0.0, 1.0), "x")
problem.add_hyperparameter((0.0, 1.0), "y")

def run(job):
    time.sleep(0.01)
    return -(job["x"] - 0.3) ** 2 - (job["y"] - 0.6) ** 2

with Evaluator.create(run, "thread", num_workers=2, storage=FileStorage("store"), search_id="mine") as evaluator:
    search = CBO(problem, evaluator, random_state=1, log_dir=sys.argv[1])
    results = search.search(max_evals_total=60)
    print(len(results), results["objective"].max())
"""


@pytest.mark.slow
def test_one_of_four_members_is_killed_and_the_others_finish(tmp_path: Path) -> None:
    members = [
        subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(MEMBER), f"log{i}"], cwd=tmp_path, stdout=subprocess.PIPE, text=True
        )
        for i in range(4)
    ]
    storage = FileStorage(tmp_path / "store")

    def n_ended() -> int:
        return sum(status == "DONE" for _, status in states(storage, "mine")) if storage.search_ids() else 0

    assert comes_true(lambda: n_ended() >= 15)
    os.kill(members[2].pid, signal.SIGKILL)
    told = [member.communicate(timeout=300)[0].split() for i, member in enumerate(members) if i != 2]
    members[2].communicate()
    assert all(int(n) >= 60 and float(best) > -0.01 for n, best in told)
    numbers = [number for number, _ in states(storage, "mine")]
    assert len(numbers) == len(set(numbers))
    assert n_ended() >= 60
