"""Deadlines are hard, however many workers there are."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from deephyper.evaluator import Evaluator, Job
from deephyper.hpo import CBO, HpProblem, RandomSearch, Search
from deephyper.hpo.proposer import Proposer, Trial
from processes import PATIENCE_S


@pytest.fixture
def problem() -> HpProblem:
    problem = HpProblem()
    for i in range(4):
        problem.add_hyperparameter((0.0, 1.0), f"x{i}")
    return problem


async def never(job: Any) -> float:
    await asyncio.sleep(1000)
    return 0.0


async def soon(job: Any) -> float:
    await asyncio.sleep(0.05)
    return float(sum(job.values()))


class Thinks(Proposer):
    """Takes a while for every suggestion."""

    def __init__(self, seconds: float):
        self._seconds, self.asked, self.n_begun = seconds, list[int](), list[int]()

    def ask(self, n: int, evaluator: Evaluator | None) -> list[Trial]:
        assert evaluator is not None
        self.asked.append(n)
        self.n_begun.append(evaluator.num_jobs_submitted)
        time.sleep(self._seconds * n)
        return [Trial({f"x{i}": 0.5 for i in range(4)}, {}) for _ in range(n)]

    def tell(self, jobs: Sequence[Job]) -> None:
        pass

    def restore(self, jobs: Sequence[Job], n_asked: int) -> None:
        pass


def thinking_search(problem: HpProblem, evaluator: Evaluator, folder: Path, seconds: float) -> tuple[Search, Thinks]:
    thinks = Thinks(seconds)

    class Thinking(Search):
        def _new_proposer(self, draws: Any, member: int) -> Proposer:
            return thinks

    return Thinking(problem, evaluator, log_dir=folder), thinks


@pytest.mark.slow
def test_suggestions_for_thousands_of_workers_are_submitted_in_portions(problem: HpProblem, tmp_path: Path) -> None:
    with Evaluator.create(never, "serial", {"num_workers": 5000}) as evaluator:
        search, thinks = thinking_search(problem, evaluator, tmp_path, 0.005)
        begin = time.monotonic()
        search.search(timeout=4.0)

        # All at once would take 25 seconds, and nobody would work meanwhile.
        assert time.monotonic() - begin < 20.0
    assert max(thinks.asked) < 100
    assert thinks.n_begun[1] == thinks.asked[0]


def test_a_proposal_that_takes_longer_than_there_is_time_launches_nothing(problem: HpProblem, tmp_path: Path) -> None:
    called = threading.Event()
    with Evaluator.create(lambda job: called.set(), "thread", {"num_workers": 2}) as evaluator:
        search, _ = thinking_search(problem, evaluator, tmp_path, 0.05)
        results = search.search(timeout=0.01)

    assert not called.is_set()
    assert set(results.job_status) <= {"CANCELLED"}


@pytest.mark.slow
@pytest.mark.parametrize("kind", [CBO, RandomSearch])
def test_thousands_of_workers_end_with_the_deadline(kind: type[Search], problem: HpProblem, tmp_path: Path) -> None:
    with Evaluator.create(never, "serial", {"num_workers": 5000}) as evaluator:
        search = kind(problem, evaluator, random_state=1, log_dir=tmp_path)
        cpu_s: list[float] = []
        timer = threading.Timer(3.0, lambda: cpu_s.append(time.process_time()))
        timer.start()
        results = search.search(timeout=3.0)
        timer.join()

    # Seconds of CPU, since a busy machine makes others of them. An idle one needs a third of these.
    assert time.process_time() - cpu_s[0] < 2.5
    assert len(results) > 64 and set(results.job_status) == {"CANCELLED"}


@pytest.mark.slow
def test_suggestions_of_a_model_end_with_the_deadline(problem: HpProblem, tmp_path: Path) -> None:
    with Evaluator.create(soon, "serial", {"num_workers": 3000}) as evaluator:
        search = CBO(problem, evaluator, random_state=1, log_dir=tmp_path)
        search.search(max_evals=300)
        begin = time.monotonic()
        search.search(timeout=1.0)

    # Suggestions for all of them take minutes.
    assert time.monotonic() - begin < PATIENCE_S / 4


@pytest.mark.slow
def test_thousands_of_threads_end_with_the_deadline(problem: HpProblem, tmp_path: Path) -> None:
    over = threading.Event()
    with Evaluator.create(lambda job: over.wait(PATIENCE_S), "thread", {"num_workers": 2000}) as evaluator:
        search = RandomSearch(problem, evaluator, random_state=1, log_dir=tmp_path)
        begin = time.monotonic()
        results = search.search(timeout=2.0)
        took = time.monotonic() - begin
        over.set()

    assert took < 2.0 + PATIENCE_S / 10
    assert set(results.job_status) == {"CANCELLED"}


@pytest.mark.slow
def test_portions_change_no_proposal(problem: HpProblem, tmp_path: Path) -> None:
    asked = CBO(problem, random_state=3, log_dir=tmp_path / "asked").ask(150)
    with Evaluator.create(never, "serial", {"num_workers": 150}) as evaluator:
        search = CBO(problem, evaluator, random_state=3, log_dir=tmp_path / "searched")
        searched = search.search(timeout=5.0).sort_values("job_id")

    names = list(problem.hyperparameter_names)
    n = len(searched)
    assert n > 64
    assert searched[[f"p:{name}" for name in names]].to_numpy().tolist() == [
        [configuration[name] for name in names] for configuration in asked[:n]
    ]
