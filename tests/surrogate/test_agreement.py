"""Where choices are many, looking up what rows share gives what comparing them cell by cell does."""

import numpy as np
import pytest

from deephyper.surrogate.additive import ADDITIVE
from deephyper.surrogate.agreement import MANY_CHOICES, Agreement, are_many
from deephyper.surrogate.product import PRODUCT


def rows(n, kinds, seed):
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.integers(k, size=n).astype(float) if k else rng.random(n) for k in kinds])


def compared(X, fixed, kinds, weights):
    is_equal = X[:, None, :] == fixed[None, :, :]
    return (is_equal * np.where(kinds > 0, weights, 0.0)).sum(axis=2)


@pytest.mark.parametrize("kinds", [[0, 5_000], [0, 30, 200, 0, 4], [3] * 60], ids=str)
def test_rows_share_the_weights_of_the_columns_in_which_they_agree(kinds):
    kinds = np.array(kinds)
    fixed, weights = rows(40, kinds, 0), np.random.default_rng(1).random(len(kinds))
    X = np.concatenate((rows(50, kinds, 2), fixed[:5]))

    agreement = Agreement.of(fixed, kinds, weights)

    np.testing.assert_allclose(agreement(X), compared(X, fixed, kinds, weights), atol=1e-12)


def test_rows_one_change_apart_are_looked_up_by_their_changes():
    kinds = np.array([12] * 20)
    fixed, weights = rows(30, kinds, 0), np.arange(1.0, 21.0)
    X = np.tile(rows(1, kinds, 1), (60, 1))
    X[np.arange(60), np.arange(60) % 20] = np.arange(60) % 12

    agreement = Agreement.of(fixed, kinds, weights)

    np.testing.assert_allclose(agreement(X), compared(X, fixed, kinds, weights), atol=1e-12)


@pytest.mark.parametrize("term", [PRODUCT, ADDITIVE], ids=["product", "additive"])
def test_covariances_do_not_depend_on_how_many_choices_there_might_be(term):
    """Where they are few, choices are coordinates; where they are many, they are looked up."""
    few = np.array([0, 3, 4, 0])
    many = np.where(few > 0, 50 * few, 0)
    fixed, X = rows(30, few, 0), rows(20, few, 1)
    theta = np.log([0.5, 0.8, 1.5, 0.3, 2.0])

    by_coordinates, looked_up = (term.kernel(theta, kinds, fixed) for kinds in (few, many))

    assert not are_many(few) and are_many(many)
    np.testing.assert_allclose(looked_up.between(X), by_coordinates.between(X), rtol=1e-12)
    (one, along_one), (other, along_other) = looked_up.with_slopes(X), by_coordinates.with_slopes(X)
    np.testing.assert_allclose(one, other, rtol=1e-12)
    np.testing.assert_allclose(along_one(np.ones(30)), along_other(np.ones(30)), rtol=1e-10, atol=1e-12)


def test_a_row_is_at_no_distance_from_itself():
    kinds = np.array([0, 2 * MANY_CHOICES, 7])
    fixed = rows(50, kinds, 3)
    kernel = PRODUCT.kernel(np.log([0.3, 0.006, 0.02, 1.0]), kinds, fixed)

    np.testing.assert_allclose(np.diagonal(kernel.between(fixed)), 1.0, rtol=1e-9)
