"""Targets keep the order of the objectives, forget their scale, and survive anything a user returns."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import yeojohnson

from deephyper.surrogate import targets
from deephyper.surrogate.targets import Warp, yeo_johnson, yeo_johnson_back

values = st.lists(st.floats(-1e300, 1e300, allow_subnormal=False), min_size=1, max_size=40)


@given(values)
def test_targets_are_finite_and_keep_the_order(objectives):
    y = np.array(objectives)

    z = targets(y)

    assert np.isfinite(z).all()
    assert (np.diff(z[np.argsort(y, kind="stable")]) >= -1e-12).all()


def test_targets_have_mean_zero_and_variance_one():
    z = targets(np.random.default_rng(0).exponential(size=50))

    assert z.mean() == pytest.approx(0.0, abs=1e-12)
    assert z.std() == pytest.approx(1.0)


@pytest.mark.parametrize("scale", [1e-300, 1e-6, 3.0, 1e250])
def test_targets_do_not_depend_on_scale(scale):
    y = np.random.default_rng(1).normal(size=30)

    np.testing.assert_allclose(targets(scale * y), targets(y), rtol=1e-7)


def test_targets_do_not_depend_on_an_offset():
    y = np.random.default_rng(1).normal(size=30)

    np.testing.assert_allclose(targets(y + 100.0), targets(y), atol=1e-9)


def test_a_heavy_tail_of_bad_values_is_squeezed():
    y = -np.random.default_rng(2).lognormal(0.0, 2.0, 100)
    standardised = (y - y.mean()) / y.std()

    z = targets(y)

    assert z.min() > 0.5 * standardised.min()
    assert np.quantile(z, 0.9) - np.median(z) > 2.0 * (np.quantile(standardised, 0.9) - np.median(standardised))


@pytest.mark.parametrize(("n_good", "is_of_the_better_half"), [(35, True), (36, False)])
def test_of_few_values_the_better_half_counts_alone_where_it_spans_a_tenth_of_the_deviation(
    n_good, is_of_the_better_half
):
    # Four bad values; the better half of the others spans about a half of 0.07, and the deviation is about 0.3.
    objectives = np.concatenate((np.linspace(0.93, 1.0, n_good), np.zeros(4)))

    warp = Warp.of(objectives)

    better_half = np.ptp(objectives[objectives >= np.median(objectives)])
    expected = better_half / 1.35 if is_of_the_better_half else objectives.std()
    assert warp.spread == pytest.approx(expected)


def test_a_few_values_a_million_times_worse_leave_the_good_ones_apart():
    rng = np.random.default_rng(4)
    good = rng.normal(size=40)
    y = np.concatenate((good, -1e6 * (1.0 + rng.random(4))))

    z = targets(y)

    assert np.ptp(z[:40]) > 2.0
    # Nothing is lost of the order and little of the shape: the better half is nearly where it would be without the
    # others.
    is_better = good > np.median(good)
    assert np.corrcoef(z[:40][is_better], targets(good)[is_better])[0, 1] > 0.95


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("n_terrible", [1, 2, 30])
def test_beside_the_lowest_number_there_is_good_values_keep_their_order(n_terrible):
    good = 1e3 * np.random.default_rng(5).normal(size=20)

    z = targets(np.append(good, [-np.finfo(float).max] * n_terrible))

    assert np.isfinite(z).all() and z[20:].max() < z[:20].min()
    assert (np.diff(z[:20][np.argsort(good)]) >= 0.0).all()


@pytest.mark.parametrize("y", [[2.0] * 4, [1e300] * 4, [0.0] * 4, [7.0], []])
def test_what_cannot_be_told_apart_is_zero(y):
    np.testing.assert_allclose(targets(np.array(y)), 0.0, atol=1e-15)


def test_two_values_are_only_centred():
    np.testing.assert_allclose(targets(np.array([1.0, 2.0])), [-0.25, 0.25])


@pytest.mark.parametrize("power", [-2.0, -0.5, 0.0, 1.0, 2.0, 3.25])
def test_the_transform_is_that_of_scipy(power):
    z = np.random.default_rng(3).normal(size=25)

    np.testing.assert_allclose(yeo_johnson(z, np.array(power)), yeojohnson(z, power), rtol=1e-10)


@given(values)
def test_the_way_back_leads_to_the_objectives(objectives):
    y = np.array(objectives)
    warp = Warp.of(y)

    back = warp.back(warp(y))

    # Targets of terrible values are nearly the same, and values that are all but equal are only centred.
    again = warp(np.clip(back, -1.7e308, 1.7e308))
    np.testing.assert_allclose(again, warp(y), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("power", [-2.0, -0.5, 0.0, 0.7, 1.0, 2.0, 2.4, 6.0])
def test_the_transform_is_inverted(power):
    z = np.linspace(-3.0, 3.0, 13)

    np.testing.assert_allclose(yeo_johnson_back(yeo_johnson(z, np.array(power)), power), z, atol=1e-9)


def test_what_the_transform_never_reaches_is_infinitely_far():
    assert yeo_johnson_back(np.array([0.6]), -2.0) == np.inf
    assert yeo_johnson_back(np.array([-0.3]), 6.0) == -np.inf
