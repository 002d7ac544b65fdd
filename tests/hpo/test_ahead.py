"""When a suggestion is fresh, when it was prepared, and that none is lost or given twice."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from deephyper._draws import Draws
from deephyper.evaluator import Evaluator
from deephyper.hpo.ahead import Ahead
from deephyper.optimizer import BayesianOptimizer, Settings, Suggestion, propose
from deephyper.space import Real, Space
from processes import PATIENCE_S

HOUR = 3600.0
INSTANT = 0.0
# So long that nothing has to be saved, and too short to wait for a suggestion.
A_FEW_SUGGESTIONS = 0.2


def evaluator_of(n_workers: int) -> Evaluator:
    return Evaluator.create(lambda job: 0.0, "thread", {"num_workers": n_workers})


@pytest.fixture
def optimizer() -> BayesianOptimizer:
    optimizer = BayesianOptimizer(Settings(Space([Real("x", 0.0, 1.0), Real("y", 0.0, 1.0)]), Draws(0)))
    for _ in range(12):
        tell(optimizer, optimizer.ask(1))
    return optimizer


def tell(optimizer: BayesianOptimizer, rows: np.ndarray) -> None:
    optimizer.tell(rows, -np.square(rows - 0.3).sum(axis=1))


def used(optimizer: BayesianOptimizer, n_workers: int, evaluation_s: float, n: int) -> list[Suggestion]:
    """Suggestions for workers that become free one after the other, each told at once."""
    ahead, evaluator, given = Ahead(optimizer), evaluator_of(n_workers), []
    for _ in range(n):
        ahead.note_evaluation(evaluation_s)
        (suggested,) = ahead.suggest(1, evaluator)
        given.append(suggested)
        ahead.prepare(evaluator)
        tell(optimizer, suggested.row[None])
    ahead.close()
    return given


def test_with_one_worker_every_suggestion_knows_all_results(optimizer: BayesianOptimizer) -> None:
    given = used(optimizer, 1, INSTANT, 5)

    assert [suggested.n_told for suggested in given] == [12, 13, 14, 15, 16]


def test_long_evaluations_are_worth_fresh_suggestions(optimizer: BayesianOptimizer) -> None:
    given = used(optimizer, 4, HOUR, 5)

    assert [suggested.n_told for suggested in given] == [12, 13, 14, 15, 16]


def test_short_evaluations_get_prepared_suggestions(optimizer: BayesianOptimizer) -> None:
    given = used(optimizer, 4, INSTANT, 12)

    assert any(suggested.n_told < 12 + k for k, suggested in enumerate(given))
    assert all(suggested.n_told <= 12 + k for k, suggested in enumerate(given))
    assert len({suggested.row.tobytes() for suggested in given}) == 12


def test_a_prepared_suggestion_is_the_one_that_a_fresh_ask_would_have_given(optimizer: BayesianOptimizer) -> None:
    fresh = optimizer.snapshot()
    ahead, evaluator = Ahead(optimizer), evaluator_of(2)
    ahead.note_evaluation(A_FEW_SUGGESTIONS)
    ahead.suggest(1, evaluator)
    ahead.prepare(evaluator)
    (prepared,) = ahead.suggest(1, evaluator)

    again = BayesianOptimizer(Settings(fresh.settings.space, fresh.settings.draws))
    again.restore(fresh.told.X, fresh.told.Y, fresh.n_asked)
    assert prepared.row == pytest.approx(again.ask(2)[1], abs=1e-6)


def test_several_workers_that_become_free_together_get_different_rows(optimizer: BayesianOptimizer) -> None:
    ahead, evaluator = Ahead(optimizer), evaluator_of(8)
    ahead.note_evaluation(INSTANT)
    rows = []
    for _ in range(4):
        rows += [suggested.row.tobytes() for suggested in ahead.suggest(8, evaluator)]
        ahead.prepare(evaluator)

    assert len(set(rows)) == 32
    assert optimizer.n_pending == 32


def test_a_deadline_does_not_wait_for_a_preparation(
    optimizer: BayesianOptimizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = threading.Event()
    monkeypatch.setattr("deephyper.hpo.ahead.propose", lambda *args: release.wait(PATIENCE_S) and propose(*args))
    ahead, evaluator = Ahead(optimizer), evaluator_of(2)
    ahead.note_evaluation(INSTANT)
    ahead.suggest(1, evaluator)
    ahead.prepare(evaluator)
    evaluator.timeout = 0.05

    # The preparation ends only after this.
    assert ahead.suggest(1, evaluator) == []
    release.set()
