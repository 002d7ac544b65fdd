"""Kappa and xi over the course of a search."""

import numpy as np
import pytest

from deephyper.acquisition import Bandit, Custom, Drawn, Fixed, PeriodicDecay


def kappas(schedule, n):
    return [schedule(index, np.random.default_rng(index))[0] for index in range(n)]


def test_drawn_ones_have_the_mean_and_the_spread_of_an_exponential():
    drawn = kappas(Drawn(2.0), 3000)

    # The standard error of the mean is 2 / sqrt(3000).
    assert np.mean(drawn) == pytest.approx(2.0, abs=0.12)
    assert np.std(drawn) == pytest.approx(2.0, abs=0.2)


def test_a_constant_stays():
    assert kappas(Fixed(1.5, 0.1), 3) == [1.5] * 3


def test_decay_goes_from_start_to_end_in_every_period_after_the_delay():
    schedule = PeriodicDecay(start=(8.0, 0.2), end=(1.0, 0.0), period=4, delay=2)

    assert kappas(schedule, 10) == pytest.approx([8, 8, 8, 4, 2, 1, 8, 4, 2, 1])
    assert [schedule(index, np.random.default_rng(0))[1] for index in range(2, 6)] == pytest.approx(
        [0.2, 0.4 / 3, 0.2 / 3, 0.0]
    )


def test_the_bandit_grows_with_the_logarithm():
    schedule = Bandit(xi=0.0, n_columns=3, delta=0.1, lamb=0.5, delay=1)

    found = kappas(schedule, 12)

    assert found[0] == found[1] == pytest.approx(np.sqrt(np.log(3 * np.pi**2 / 0.6)))
    assert found[11] == pytest.approx(np.sqrt(np.log(3 * 11**2 * np.pi**2 / 0.6)))


def test_a_function_of_the_users_decides():
    assert kappas(Custom(lambda index, start: (start[0] + index, start[1]), (1.0, 0.0)), 3) == [1.0, 2.0, 3.0]
