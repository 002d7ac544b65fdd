"""Scores follow their formulas, and so do their derivatives."""

import numpy as np
import pytest

from deephyper.acquisition import ACQUISITIONS
from deephyper.surrogate import Posterior


def test_ucb_is_mean_plus_kappa_deviations():
    score = ACQUISITIONS["UCB"](Posterior(np.array([1.0, -2.0]), np.array([0.5, 3.0])), 2.0)

    np.testing.assert_allclose(score.value, [2.0, 4.0])


@pytest.mark.parametrize("name", ACQUISITIONS)
def test_derivatives_are_finite_differences(name):
    rng, step = np.random.default_rng(0), 1e-6
    mean, std = rng.normal(size=10), rng.exponential(size=10) + 0.1

    def value(mean, std):
        return ACQUISITIONS[name](Posterior(mean, std), 1.3).value

    score = ACQUISITIONS[name](Posterior(mean, std), 1.3)

    np.testing.assert_allclose(score.d_mean, (value(mean + step, std) - value(mean - step, std)) / (2 * step), rtol=1e-6)
    np.testing.assert_allclose(score.d_std, (value(mean, std + step) - value(mean, std - step)) / (2 * step), rtol=1e-6)
