"""What thrift saves, and what it leaves as it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from deephyper._draws import Draws
from deephyper.acquisition import MAXIMIZERS, Effort
from deephyper.optimizer import LARGEST_THRIFT, BayesianOptimizer, Settings, propose
from deephyper.optimizer.thrift import THRIFTS
from deephyper.space import Categorical, Integer, Real, Space

SPACE = Space([Real("x", 0.0, 1.0), Real("y", 0.0, 1.0)])
MIXED = Space([Real("x", 0.0, 1.0), Integer("k", 0, 9), Categorical("c", ("a", "b", "c"))])
USUAL = MAXIMIZERS["auto"].usual


def optimizer(space: Space, n_told: int = 20) -> BayesianOptimizer:
    optimizer = BayesianOptimizer(Settings(space, Draws(0)))
    rows = optimizer.ask(n_told)
    optimizer.tell(rows, -np.square(rows - 0.3).sum(axis=1))
    return optimizer


def test_the_first_step_saves_nothing():
    assert THRIFTS[0].of(USUAL) == USUAL
    assert THRIFTS[0].growth == 0.0


def test_every_step_saves_at_least_as_much_as_the_one_before():
    efforts = [thrift.of(USUAL) for thrift in THRIFTS]

    for values in (
        [effort.n_points for effort in efforts],
        [effort.n_steps for effort in efforts],
        [-thrift.growth for thrift in THRIFTS],
        [-thrift.block for thrift in THRIFTS],
        [thrift.fewest_shared for thrift in THRIFTS],
    ):
        assert values == sorted(values, reverse=True)


def test_few_candidates_do_not_become_fewer():
    assert THRIFTS[-1].of(Effort(n_points=60)).n_points == 60


@pytest.mark.parametrize("thrift", range(LARGEST_THRIFT + 1))
@pytest.mark.parametrize("space", [SPACE, MIXED])
def test_proposals_are_legal_new_and_different_however_much_is_saved(space, thrift):
    asked = optimizer(space)
    snapshot = asked.snapshot(thrift=thrift)
    rows = propose(snapshot, 20).rows

    assert len(np.unique(rows, axis=0)) == len(rows) == 20
    assert space.legal(rows).all()
    assert not {row.tobytes() for row in rows} & {row.tobytes() for row in snapshot.told.X}


def test_suggestions_say_whether_less_was_spent_on_them():
    asked = optimizer(SPACE)
    asked.install(propose(asked.snapshot(thrift=2), 2))
    (cheaper,) = asked.take_ready(1)
    asked.drop_ready()
    (usual,) = asked.suggest(1)

    assert cheaper.is_cheaper and not usual.is_cheaper


def test_two_suggestions_share_candidates_where_something_has_to_be_saved():
    snapshot = optimizer(SPACE).snapshot()
    one_by_one, sharing = (propose(replace(snapshot, thrift=k), 2).rows for k in (0, 1))

    assert not np.array_equal(one_by_one, sharing)


def test_candidates_that_the_user_has_chosen_are_kept():
    asked = optimizer(SPACE)
    chosen = replace(asked.snapshot(), settings=replace(asked.snapshot().settings, effort=Effort(n_points=400)))
    # These steps differ in the effort alone.
    usual, saving = (propose(replace(chosen, thrift=k), 3).rows for k in (1, 2))

    assert np.array_equal(usual, saving)
