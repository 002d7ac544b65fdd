"""Scores follow their formulas, and so do their derivatives."""

import numpy as np
import pytest
from scipy.stats import norm

from deephyper.acquisition import ACQUISITIONS, Aim, plausible_maxima
from deephyper.surrogate import Posterior

AIM = Aim(kappa=1.3, xi=0.01, best=0.4, maxima=np.array([0.9, 1.4, 2.0]))


def posterior_of(n=10, seed=0):
    rng = np.random.default_rng(seed)
    return Posterior(rng.normal(size=n), rng.exponential(size=n) + 0.1)


def test_ucb_is_mean_plus_kappa_deviations():
    score = ACQUISITIONS["UCB"](Posterior(np.array([1.0, -2.0]), np.array([0.5, 3.0])), Aim(2.0))

    np.testing.assert_allclose(score.value, [2.0, 4.0])


def test_ei_is_the_logarithm_of_the_mean_gain():
    posterior = posterior_of()
    z = (posterior.mean - 0.41) / posterior.std

    score = ACQUISITIONS["EI"](posterior, AIM)

    np.testing.assert_allclose(np.exp(score.value), posterior.std * (norm.pdf(z) + z * norm.cdf(z)), rtol=1e-9)


def test_ei_still_orders_rows_that_can_hardly_gain():
    means = np.array([-0.9, -1.1, -5.0, -30.0, -31.0, -1e3, -1e5, -1e8])

    score = ACQUISITIONS["EI"](Posterior(means, np.ones(8)), Aim(best=0.0))

    assert (np.diff(score.value) < 0.0).all()
    assert np.isfinite(score.value).all() and (score.d_mean[:5] > 0.0).all()


def test_pi_is_the_logarithm_of_the_probability_of_a_gain():
    posterior = posterior_of()

    score = ACQUISITIONS["PI"](posterior, AIM)

    np.testing.assert_allclose(np.exp(score.value), norm.cdf((posterior.mean - 0.41) / posterior.std), rtol=1e-9)


def test_mes_is_the_mean_over_plausible_maxima():
    posterior = posterior_of()
    g = (AIM.maxima - posterior.mean[:, None]) / posterior.std[:, None]

    score = ACQUISITIONS["MES"](posterior, AIM)

    expected = (g * norm.pdf(g) / (2.0 * norm.cdf(g)) - norm.logcdf(g)).mean(axis=1)
    np.testing.assert_allclose(score.value, expected, rtol=1e-9)


def test_d_forms_leave_out_what_no_evaluation_can_remove():
    noisy = Posterior(np.zeros(2), np.array([0.3, 0.4]), noise_std=np.array([0.4, 0.3]))

    with_noise, without = (ACQUISITIONS[name](noisy, Aim(2.0)).value for name in ("UCB", "UCBd"))

    np.testing.assert_allclose(with_noise, [1.0, 1.0])
    np.testing.assert_allclose(without, [0.6, 0.8])


def test_plausible_maxima_lie_where_the_maximum_of_independent_rows_does():
    rng, posterior = np.random.default_rng(0), posterior_of(200)
    true = (posterior.mean + posterior.std * rng.standard_normal((4000, 200))).max(axis=1)

    drawn = plausible_maxima(posterior, -np.inf, 4000, rng)

    # A Gumbel distribution has two parameters for three quartiles.
    np.testing.assert_allclose(np.quantile(drawn, [0.25, 0.5, 0.75]), np.quantile(true, [0.25, 0.5, 0.75]), rtol=0.06)
    assert (plausible_maxima(posterior, 100.0, 5, rng) > 100.0).all()


@pytest.mark.parametrize("name", ACQUISITIONS)
def test_derivatives_are_finite_differences(name):
    posterior, step = posterior_of(), 1e-6
    mean, std = posterior.mean, posterior.std

    def value(mean, std):
        return ACQUISITIONS[name](Posterior(mean, std), AIM).value

    score = ACQUISITIONS[name](posterior, AIM)

    np.testing.assert_allclose(
        score.d_mean, (value(mean + step, std) - value(mean - step, std)) / (2 * step), rtol=1e-5
    )
    np.testing.assert_allclose(score.d_std, (value(mean, std + step) - value(mean, std - step)) / (2 * step), rtol=1e-5)
