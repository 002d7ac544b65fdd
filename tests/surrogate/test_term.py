"""What is believed of log parameters before any data: each by itself, or of all length scales jointly."""

import numpy as np
import pytest
from scipy.stats import multivariate_t, norm

from deephyper.surrogate.additive import ADDITIVE
from deephyper.surrogate.product import PRODUCT
from deephyper.surrogate.term import Prior


def a_prior():
    is_joint = np.array([True, True, False])
    return Prior(np.array([0.5, 0.7, -1.0]), np.array([0.4, 0.4, 2.0]), np.full(3, -9.0), np.full(3, 9.0), is_joint)


def log_density(theta):
    joint = multivariate_t([0.5, 0.7], 0.4**2 * np.eye(2), df=2).logpdf(theta[:2])
    return joint + norm(-1.0, 2.0).logpdf(theta[2])


def test_a_penalty_is_minus_the_logarithm_of_the_joint_density_and_of_the_normal_ones():
    theta, other = np.array([3.0, 0.2, 0.3]), np.array([0.1, -1.0, -4.0])

    difference = a_prior().penalty(theta)[0] - a_prior().penalty(other)[0]

    assert difference == pytest.approx(log_density(other) - log_density(theta), rel=1e-9)


@pytest.mark.parametrize("is_joint", [True, False])
def test_the_slopes_of_a_penalty_are_its_finite_differences(is_joint):
    prior = Prior.joined([PRODUCT.prior(4, has_many=is_joint), ADDITIVE.prior(4, has_many=is_joint)])
    theta, step = np.random.default_rng(0).normal(size=10), 1e-6

    _, slopes = prior.penalty(theta)

    shifts = step * np.eye(10)
    numeric = [(prior.penalty(theta + e)[0] - prior.penalty(theta - e)[0]) / (2 * step) for e in shifts]
    np.testing.assert_allclose(slopes, numeric, rtol=1e-6, atol=1e-8)


def test_once_some_length_scales_differ_further_ones_may_at_a_smaller_price():
    prior = PRODUCT.prior(30, has_many=True)
    one, half = prior.centre.copy(), prior.centre.copy()
    half[:15] += 2.0
    before = prior.penalty(one)[0], prior.penalty(half)[0]
    one[29] += 2.0
    half[29] += 2.0

    alone, among_others = prior.penalty(one)[0] - before[0], prior.penalty(half)[0] - before[1]

    assert among_others < alone / 4


def test_with_few_columns_every_length_scale_is_believed_in_by_itself():
    few, many = PRODUCT.prior(60, has_many=False), PRODUCT.prior(60, has_many=True)

    assert not few.is_joint.any()
    assert many.is_joint.tolist() == [True] * 60 + [False]
    np.testing.assert_array_equal(few.centre, many.centre)
