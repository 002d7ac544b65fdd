"""What failed evaluations mean."""

import numpy as np
import pytest

from deephyper._draws import Draws
from deephyper.optimizer.context import Context
from deephyper.optimizer.told import Told
from deephyper.space import Real, Space
from deephyper.surrogate import GAUSSIAN_PROCESS

SPACE = Space([Real("x", 0, 1)])
TOLD = Told(
    np.linspace(0, 1, 5)[:, None], np.array([[1.0, 9.0], [np.nan, np.nan], [2.0, 8.0], [6.0, 4.0], [np.nan] * 2])
)


def context(failures):
    return Context(SPACE, Draws(0), failures, GAUSSIAN_PROCESS)


@pytest.mark.parametrize(
    ("failures", "places", "stand_in"),
    [
        ("model", [0, 2, 3], None),
        ("ignore", [0, 2, 3], None),
        ("min", range(5), [1.0, 4.0]),
        ("mean", range(5), [3.0, 7.0]),
    ],
)
def test_they_are_left_out_or_stood_in_for_in_each_objective(failures, places, stand_in):
    seen, Y = context(failures).lessons_of(TOLD)

    assert list(seen) == list(places)
    assert stand_in is None or Y[1].tolist() == Y[4].tolist() == stand_in


@pytest.mark.parametrize("failures", ["model", "min"])
def test_with_too_few_values_success_itself_is_learned(failures):
    few = Told(TOLD.X[:3], TOLD.Y[:3])

    seen, Y = context(failures).lessons_of(few)

    assert context(failures).can_model(few) and not context("ignore").can_model(few)
    assert (seen.tolist(), Y.tolist()) == ([0, 1, 2], [[1.0], [0.0], [1.0]])


def test_success_is_modelled_beside_values_where_something_failed():
    assert context("model").models_success(TOLD)
    assert not context("min").models_success(TOLD)
    assert not context("model").models_success(Told(TOLD.X[:1], TOLD.Y[:1]))
