"""How many evaluations a call submits, and how many a whole search has, over calls and restarts."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from deephyper.errors import AllFailedError
from deephyper.evaluator import Evaluator
from deephyper.hpo import CBO, HpProblem, Search
from deephyper.storage import MemoryStorage


def run(job: Any) -> float:
    return float(job["x"])


def breaks(job: Any) -> float:
    raise ZeroDivisionError


def virtual(n_workers: int = 2, duration: float = 10.0) -> Evaluator:
    return Evaluator.create(run, "simulated", {"num_workers": n_workers, "duration": duration, "charge_manager": False})


def test_a_restart_submits_as_many_as_its_call_says(kind: type[Search], problem: HpProblem, tmp_path: Path) -> None:
    kind(problem, run, random_state=1, log_dir=tmp_path).search(4)
    again = kind(problem, run, random_state=1, log_dir=tmp_path, checkpoint_restart=True)

    assert len(again.search(3)) == 7
    assert len(again.search(2)) == 9


def test_a_script_that_is_started_again_and_again_ends_at_the_same_total(
    kind: type[Search], problem: HpProblem, tmp_path: Path
) -> None:
    counts = []
    for _ in range(4):
        search = kind(problem, run, random_state=1, log_dir=tmp_path, checkpoint_restart=True)
        counts.append(len(search.search(max_evals=3, max_evals_total=7)))

    assert counts == [3, 6, 7, 7]
    assert search.stop_reason == "there is nothing to do, since 7 evaluations have ended (max_evals_total=7)"


def test_a_total_counts_over_calls_and_what_was_told(kind: type[Search], problem: HpProblem, tmp_path: Path) -> None:
    search = kind(problem, run, random_state=1, log_dir=tmp_path)
    search.tell([({"x": 0.5}, 1.0), ({"x": 0.25}, "F_x")])
    search.search(2)

    assert len(search.search(max_evals_total=6)) == 6
    assert search.stop_reason is None
    assert len(search.search(max_evals_total=5)) == 6
    assert len(search.search(max_evals_total=7, max_evals=4)) == 7
    assert len(search.search(max_evals_total=-1, max_evals=1)) == 8


@pytest.mark.parametrize("restarts", [False, True])
def test_cancelled_evaluations_do_not_count_in_a_total(
    kind: type[Search], problem: HpProblem, tmp_path: Path, restarts: bool
) -> None:
    search = kind(problem, random_state=1, log_dir=tmp_path)
    search.search(virtual(), timeout=15)
    if restarts:
        search = kind(problem, random_state=1, log_dir=tmp_path, checkpoint_restart=True)
    table = search.search(virtual(), max_evals_total=5)

    assert sorted(table.job_status) == ["CANCELLED"] * 2 + ["DONE"] * 5


@pytest.mark.parametrize("n_workers", [1, 3, 16])
def test_a_total_is_exact_with_several_workers(
    kind: type[Search], problem: HpProblem, tmp_path: Path, n_workers: int
) -> None:
    search = kind(problem, random_state=1, log_dir=tmp_path)
    search.search(virtual(n_workers), 5)

    assert len(search.search(virtual(n_workers), max_evals_total=11)) == 11


def test_members_of_a_search_work_for_one_total(kind: type[Search], problem: HpProblem, tmp_path: Path) -> None:
    storage = MemoryStorage()

    def member(name: str) -> Search:
        evaluator = Evaluator.create(run, method_kwargs={"storage": storage, "search_id": "mine"})
        return kind(problem, evaluator, random_state=1, log_dir=tmp_path / name)

    member("a").search(4)
    table = member("b").search(max_evals_total=6)

    assert sorted(table.job_id) == list(range(6))


def test_a_progress_bar_hears_how_many_are_left(kind: type[Search], problem: HpProblem, tmp_path: Path) -> None:
    from deephyper.evaluator.callback import Callback

    class Listener(Callback):
        def __init__(self) -> None:
            self.heard: list[int | None] = []

        def on_start(self, max_evals: int | None) -> None:
            self.heard.append(max_evals)

    listener = Listener()
    search = kind(problem, Evaluator.create(run, method_kwargs={"callbacks": [listener]}), log_dir=tmp_path)
    search.search(3)
    search.search(max_evals=9, max_evals_total=5)
    search.search(timeout=0.01)

    assert listener.heard == [3, 2, None]


@pytest.mark.parametrize("value", [0, -2, 1.5, "10", True])
def test_a_total_that_is_no_number_of_evaluations_is_refused(
    kind: type[Search], problem: HpProblem, tmp_path: Path, value: Any
) -> None:
    with pytest.raises(ValueError, match="max_evals_total must be a whole number of at least 1, got"):
        kind(problem, run, log_dir=tmp_path).search(max_evals_total=value)


# After all evaluations have failed.


def failed(make: Callable[[], Search], n: int) -> Search:
    search = make()
    while len(search.history) < n:
        with suppress(AllFailedError):
            search.search(breaks, min(10, n - len(search.history)))
    return search


@pytest.mark.slow
@pytest.mark.parametrize("n", [9, 11])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"acq_func": "gp_hedge"},
        {"surrogate_model": "RF"},
        {"acq_optimizer_kwargs": {"filter_failures": "ignore"}},
        {"acq_optimizer_kwargs": {"filter_failures": "min"}},
    ],
    ids=str,
)
def test_a_search_goes_on_after_all_have_failed_and_its_restart_does_the_same(
    problem: HpProblem, tmp_path: Path, n: int, options: dict[str, Any]
) -> None:
    here = failed(lambda: CBO(problem, random_state=1, log_dir=tmp_path, **options), n)
    restarted = CBO(problem, random_state=1, log_dir=tmp_path, checkpoint_restart=True, **options)
    after, there = restarted.search(run, 4), here.search(run, 4)

    assert len(after) == len(there) == n + 4
    assert after["p:x"].to_numpy() == pytest.approx(there["p:x"].to_numpy(), abs=1e-6)


def test_the_next_call_after_all_have_failed_is_judged_by_its_own_evaluations(
    kind: type[Search], problem: HpProblem, tmp_path: Path
) -> None:
    search = failed(lambda: kind(problem, random_state=1, log_dir=tmp_path), 10)
    table = search.search(lambda job: breaks(job) if job["job_id"] == 10 else 1.0, 5)

    assert len(table) == 15
    with pytest.raises(AllFailedError, match="the first 10 evaluations all raised"):
        failed(lambda: kind(problem, random_state=1, log_dir=tmp_path), 9).search(breaks, 30)
