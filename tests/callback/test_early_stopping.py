"""When a search that no longer improves ends, and how a callback says it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from deephyper.evaluator import Evaluator
from deephyper.evaluator.callback import Callback, SearchEarlyStopping
from deephyper.hpo import HpProblem, RandomSearch
from deephyper.storage import MemoryStorage

Searched = Callable[..., RandomSearch]


@pytest.fixture
def searched(tmp_path: Path) -> Searched:
    """Searches with the given objectives, one after the other, and the last of them from then on."""

    def search(objectives: Sequence[Any], *callbacks: Callback, n: int = 50) -> RandomSearch:
        problem = HpProblem()
        problem.add_hyperparameter((0.0, 1.0), "x")
        evaluator = Evaluator.create(
            lambda job: objectives[min(job["job_id"], len(objectives) - 1)], callbacks=list(callbacks)
        )
        searching = RandomSearch(problem, evaluator, random_state=1, log_dir=tmp_path)
        searching.search(n)
        return searching

    return search


@pytest.mark.parametrize(
    ("objectives", "options", "n_expected"),
    [
        pytest.param([1.0], {"patience": 3}, 4, id="it does not improve"),
        pytest.param([1.0, 2.0, 2.0, 3.0, 0.0], {"patience": 3}, 7, id="patience begins again"),
        pytest.param([0.0, 0.0, 0.0, 0.0, 1.0], {"patience": 3, "threshold": 2.0}, 50, id="never above the threshold"),
        pytest.param([2.0], {"patience": 3, "threshold": 2.0}, 50, id="at the threshold is not above it"),
        pytest.param([0.0, 0.0, 0.0, 0.0, 3.0], {"patience": 3, "threshold": 2.0}, 8, id="patience counts above it"),
        pytest.param(list(range(1000)), {"patience": 3, "threshold": 2.0}, 50, id="reaching it ends nothing"),
        pytest.param([-5.0], {"patience": 2, "threshold": -9.0}, 3, id="a negative threshold"),
        pytest.param(["F_odd"], {"patience": 3, "threshold": -1.0}, 50, id="failures are below every threshold"),
        pytest.param(["F_odd"], {"patience": 3}, 3, id="failures are no improvement"),
        pytest.param([1.0, "F_odd", 2.0, "F_odd"], {"patience": 3}, 6, id="failures in between"),
        pytest.param(
            [{"objective": 1.0, "metadata": {"loss": loss}} for loss in (3, 2, 1, 1)],
            {"patience": 2, "objective_func": lambda job: -job.metadata["loss"]},
            5,
            id="another number is watched",
        ),
        pytest.param(
            [{"objective": 1.0, "metadata": {"loss": loss}} for loss in (3, 2, 1, 1)],
            {"patience": 2, "objective_func": lambda job: -job.metadata["loss"], "threshold": -0.5},
            50,
            id="the threshold is one of the watched number",
        ),
        pytest.param([(0, 2), (2, 0), (1, 1), (0, 0), (1, 1)], {"patience": 4}, 7, id="several objectives"),
        pytest.param([(0, 0), (1, 1), (1, -9), (-9, 1)], {"patience": 3}, 5, id="a worse reference is no improvement"),
        pytest.param([(0, 0), (3, 3), (1, 1)], {"patience": 2, "threshold": 8.0}, 4, id="a hypervolume above it"),
        pytest.param([(0, 0), (3, 3), (1, 1)], {"patience": 2, "threshold": 9.0}, 50, id="a hypervolume at it"),
    ],
)
def test_a_search_ends_after_its_patience(
    searched: Searched, objectives: Any, options: dict[str, Any], n_expected: int
) -> None:
    stopping = SearchEarlyStopping(verbose=0, **options)
    search = searched(objectives, stopping)

    assert len(search.history) == n_expected
    assert stopping.search_stopped is (n_expected < 50) is search.stopped
    assert (stopping.stop_reason is not None) is stopping.search_stopped


def test_it_can_be_read_afterwards_also_after_a_second_search(searched: Searched) -> None:
    stopping = SearchEarlyStopping(2, None, None, False)
    before = stopping.search_stopped
    searched([1.0], stopping)
    first = stopping.search_stopped
    searched([1.0], stopping, n=1)

    assert (before, first, stopping.search_stopped) == (False, True, False)


def test_verbose_says_why(searched: Searched, capsys: pytest.CaptureFixture[str]) -> None:
    searched([1.0], SearchEarlyStopping(2, verbose=True))

    assert capsys.readouterr().out == "The search ends early: the objective has not improved for 2 evaluations.\n"


class Enough(Callback):
    """As existing scripts end a search: it calls no constructor of the base, and knows nothing of reasons."""

    def __init__(self, n: int):
        self.n = n

    def on_done(self, job: Any) -> None:
        if job.id == self.n:
            self.search_stopped = True


def test_a_callback_ends_the_search_by_search_stopped(searched: Searched) -> None:
    search = searched([1.0], Enough(4))

    assert len(search.history) == 5
    assert search.stop_reason == "callback Enough has set search_stopped"


def test_a_reason_is_preferred_to_its_name(searched: Searched) -> None:
    class Reasoned(Enough):
        def on_done(self, job: Any) -> None:
            super().on_done(job)
            self.stop_reason = "it is late" if self.search_stopped else None

    assert searched([1.0], Reasoned(1)).stop_reason == "it is late"


def test_evaluations_of_other_members_count(tmp_path: Path) -> None:
    storage = MemoryStorage()
    problem = HpProblem()
    problem.add_hyperparameter((0.0, 1.0), "x")
    other = Evaluator.create(lambda job: 5.0, storage=storage, search_id="shared")
    RandomSearch(problem, other, random_state=1, log_dir=tmp_path / "other").search(4)
    stopping = SearchEarlyStopping(6, verbose=0)

    class Together(Callback):
        """Lets the other member work while this one does, which begins after its first evaluation."""

        def on_done(self, job: Any) -> None:
            if not joined:
                joined.append(RandomSearch(problem, random_state=2, log_dir=tmp_path / "third"))
                joined[0].search(Evaluator.create(lambda job: 5.0, storage=storage, search_id="shared"), 4)

    joined: list[RandomSearch] = []
    mine = Evaluator.create(lambda job: 1.0, storage=storage, search_id="shared", callbacks=[Together(), stopping])
    search = RandomSearch(problem, mine, random_state=3, log_dir=tmp_path / "mine")
    search.search(50)

    # One of here, four of others, the first of which improves; then patience needs three more of here.
    assert stopping.search_stopped
    assert len(search.history) == 4 + 1 + 4 + 3


def test_a_cancelled_evaluation_of_another_member_does_not_count() -> None:
    from deephyper.job import Job

    stopping = SearchEarlyStopping(1, verbose=0)
    cancelled = Job(0, {"x": 1})
    cancelled.cancel(1.0)
    for _ in range(3):
        stopping.on_done_other(cancelled)

    assert not stopping.search_stopped
