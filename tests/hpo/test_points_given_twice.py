"""A point that is listed several times in `initial_points` is evaluated as often."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from deephyper.evaluator import Evaluator
from deephyper.hpo import CBO, HpProblem

TWICE = [{"x": 0.5}, {"x": 0.25}, {"x": 0.5}]


def problem() -> HpProblem:
    declared = HpProblem()
    declared.add((0.0, 1.0), "x")
    return declared


def asking(folder: Path | None = None, **options: Any) -> CBO:
    return CBO(problem(), random_state=1, initial_points=TWICE, log_dir=folder, **options)


@pytest.mark.parametrize("options", [{}, {"acq_optimizer_kwargs": {"filter_duplicated": False}}], ids=["new", "any"])
@pytest.mark.parametrize("sizes", [(5,), (1, 1, 1, 1, 1), (2, 3)], ids=str)
def test_each_of_them_is_asked_once_for_every_time_it_is_listed(
    options: dict[str, Any], sizes: tuple[int, ...]
) -> None:
    search = asking(**options)

    asked = [configuration for size in sizes for configuration in search.ask(size)]

    assert asked[:3] == TWICE
    assert not any(configuration in TWICE for configuration in asked[3:])


@pytest.mark.parametrize("method", ["serial", "thread"])
def test_each_of_them_is_evaluated_that_often(method: str) -> None:
    with Evaluator.create(
        lambda job: job["x"], method, method_kwargs={"num_workers": 2 if method == "thread" else 1}
    ) as e:
        results = asking().search(e, max_evals=8)

    assert sorted(results.x.tolist()[:3]) == [0.25, 0.5, 0.5]
    assert results.x.tolist().count(0.5) == 2 and results.job_id.is_unique


def test_what_comes_after_them_does_not_depend_on_how_they_were_told() -> None:
    first, second = asking(), asking()
    for search in (first, second):
        asked = search.ask(3)
        search.tell([(configuration, configuration["x"]) for configuration in asked])

    assert first.ask(4) == second.ask(4)
    assert len(first.history) == 3 and first.history.job_id.tolist() == [0, 1, 2]


def test_a_restart_asks_only_for_what_is_missing(tmp_path: Path) -> None:
    asking(tmp_path).search(lambda job: job["x"], max_evals=2)

    once = asking(tmp_path, checkpoint_restart=True).search(lambda job: job["x"], max_evals=1)
    again = asking(tmp_path, checkpoint_restart=True).search(lambda job: job["x"], max_evals=3)

    assert once.x.tolist() == [0.5, 0.25, 0.5]
    assert again.x.tolist().count(0.5) == 2 and len(again) == 6


def test_a_restart_knows_what_was_asked_and_not_told(tmp_path: Path) -> None:
    asking(tmp_path).ask(3)
    search = asking(tmp_path, checkpoint_restart=True)

    assert not any(configuration in TWICE for configuration in search.ask(2))
    search.tell([(configuration, 1.0) for configuration in TWICE])
    assert search.history.x.tolist() == [0.5, 0.25, 0.5] and search.history.job_id.tolist() == [0, 1, 2]


def test_a_point_that_is_told_beforehand_counts_as_one_of_them() -> None:
    search = asking()
    search.tell([({"x": 0.5}, 1.0)])

    assert search.ask(2) == [{"x": 0.25}, {"x": 0.5}]
    assert not any(configuration in TWICE for configuration in search.ask(3))


def test_a_space_of_one_point_is_evaluated_as_often_as_it_is_listed() -> None:
    only = HpProblem()
    only.add([1], "x")
    search = CBO(only, initial_points=[{"x": 1}] * 3, log_dir=None)

    results = search.search(lambda job: 1.0, max_evals=9)

    assert len(results) == 3 and search.stop_reason is not None


def test_those_that_were_cancelled_are_asked_again(tmp_path: Path) -> None:
    end = threading.Event()
    with Evaluator.create(lambda job: float(end.wait(30)), "thread", method_kwargs={"num_workers": 2}) as evaluator:
        cancelled = asking(tmp_path).search(evaluator, timeout=0.2)
        end.set()

    results = asking(tmp_path, checkpoint_restart=True).search(lambda job: job["x"], max_evals=4)

    assert cancelled.job_status.tolist() == ["CANCELLED"] * 2
    assert results.successes.x.tolist()[:3] == [0.5, 0.25, 0.5] and results.successes.x.tolist().count(0.5) == 2
