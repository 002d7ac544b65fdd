"""Rules that make one suggestion in a way of their own say so before it, and a block ends there."""

import numpy as np
import pytest

from deephyper._draws import Draws
from deephyper.acquisition import ACQUISITIONS, Aim, Landscape
from deephyper.optimizer import Settings
from deephyper.optimizer.interruptions import LeavingPlateau, Moment, OpenChoice, UntriedChoice, interruptions
from deephyper.optimizer.model import told_model
from deephyper.optimizer.plateau import Plateau
from deephyper.optimizer.told import Told
from deephyper.space import Categorical, Real, Space

NUMBERS = Space([Real("x", 0, 1), Real("y", 0, 1)])
MANY = Space([Categorical("c", range(400)), Real("x", 0, 1)])
RISING, WITH_PLATEAU = [0.0, 1.0, 2.0, 3.0, 4.0], [4.0, 0.0, 4.0, 1.0, 4.0]


def moment(space, values, number=60):
    settings = Settings(space, Draws(0))
    context = settings.context(None)
    X = space.sample(len(values), np.random.default_rng(0))
    told = Told(X, np.array(values)[:, None])
    return Moment(settings, context, space, told, told, Plateau.of(told, settings.draws), X[:0], set(), number)


def rules(*args):
    return {type(rule): rule for rule in interruptions(moment(*args))}


@pytest.mark.parametrize(
    ("space", "values", "expected"),
    [
        (NUMBERS, RISING, []),
        (NUMBERS, WITH_PLATEAU, [LeavingPlateau]),
        (MANY, RISING, [OpenChoice, UntriedChoice]),
        (MANY, WITH_PLATEAU, [LeavingPlateau, OpenChoice, UntriedChoice]),
    ],
)
def test_only_the_rules_that_apply_are_in_force(space, values, expected):
    assert list(rules(space, values)) == expected


def makes(rule, at):
    """Whether a rule makes a suggestion in its own way, or compares whether it should."""
    landscape, model = landscape_and_model(at)
    return rule.model(model) is not model or rule.row(landscape) is not None


def landscape_and_model(at):
    model = told_model(at.context, None, at.told, 0.0)
    return Landscape(model.beliefs, ACQUISITIONS["UCB"], Aim()), model


@pytest.mark.parametrize("kind", [LeavingPlateau, OpenChoice])
def test_a_block_ends_before_the_next_suggestion_that_a_rule_makes(kind):
    made = [k for k in range(40, 70) if makes(rules(MANY, WITH_PLATEAU, k)[kind], moment(MANY, WITH_PLATEAU, k))]

    assert len(made) > 3
    for number in set(range(40, made[-1])) - set(made):
        following = next(k for k in made if k > number)
        assert rules(MANY, WITH_PLATEAU, number)[kind].n_before(40) == following - number
        assert rules(MANY, WITH_PLATEAU, number)[kind].n_before(1) == 1


def test_a_suggestion_that_leaves_a_plateau_is_made_alone():
    left = [k for k in range(60) if moment(NUMBERS, WITH_PLATEAU, k).plateau.is_left(k)]

    assert len(left) > 10
    assert all(rules(NUMBERS, WITH_PLATEAU, k)[LeavingPlateau].n_before(8) == 1 for k in left)


def test_a_turn_is_taken_once_although_two_rules_could():
    for number in range(40, 60):
        found = rules(MANY, RISING, number)
        if found[OpenChoice].plan.is_turn:
            landscape, _ = landscape_and_model(moment(MANY, RISING, number))
            assert found[UntriedChoice].row(landscape) is None
