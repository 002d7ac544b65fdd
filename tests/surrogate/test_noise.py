"""The belief in noise is a density with its slope, and says that an objective is either exact or noisy."""

import math

import numpy as np
import pytest
from scipy.integrate import quad

from deephyper.surrogate.noise import NEARLY_EXACT_OR_NOISY, PERHAPS_CHANCE, NoisePrior


@pytest.mark.parametrize("prior", [NEARLY_EXACT_OR_NOISY, PERHAPS_CHANCE], ids=["objectives", "labels"])
def test_it_is_a_density_up_to_the_constant_of_the_normal_distribution(prior):
    total, _ = quad(lambda x: math.exp(-prior.penalty(x)[0]), -40.0, 20.0, points=[-11.0, -1.0])

    assert total == pytest.approx(math.sqrt(2.0 * math.pi), rel=1e-6)


@pytest.mark.parametrize("log_noise", [-60.0, -11.5, -6.0, -1.0, 0.0, 30.0])
def test_the_slope_is_its_finite_difference(log_noise):
    prior, step = NEARLY_EXACT_OR_NOISY, 1e-6

    numeric = (prior.penalty(log_noise + step)[0] - prior.penalty(log_noise - step)[0]) / (2.0 * step)

    assert prior.penalty(log_noise)[1] == pytest.approx(numeric, rel=1e-5, abs=1e-6)


def test_something_between_is_less_likely_than_both():
    exact, between, noisy = (NEARLY_EXACT_OR_NOISY.penalty(math.log(v))[0] for v in (1e-5, 2e-3, 0.1))

    assert exact + 2.0 < noisy < between - 1.0
    assert NEARLY_EXACT_OR_NOISY.usual == pytest.approx(math.log(1e-5))


def test_shares_weigh_the_bells():
    prior = NoisePrior.of((0.9, 1e-4, 1.0), (0.1, 1.0, 1.0))

    gap = prior.penalty(0.0)[0] - prior.penalty(math.log(1e-4))[0]

    assert gap == pytest.approx(np.log(9.0), abs=1e-6)
