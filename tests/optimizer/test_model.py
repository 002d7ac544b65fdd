"""When hyperparameters are learned, and that they depend on the rows alone."""

import numpy as np
import pytest

from deephyper._draws import Draws
from deephyper.optimizer.model import Learned, is_fit_due, newest_anchor, relearned, told_model, with_pending
from deephyper.optimizer.threads import one_blas_thread
from deephyper.space import Real, Space, row_keys

pytestmark = pytest.mark.usefixtures("single_thread")
SPACE = Space([Real("x", 0, 1), Real("y", 0, 1)])


@pytest.fixture
def single_thread():
    # What proposals do for themselves: small matrices on many threads are slow where the cores are busy.
    with one_blas_thread():
        yield


def history(n):
    X = np.random.default_rng(0).random((n, 2))
    return X, -np.square(X - 0.4).sum(axis=1)


@pytest.mark.parametrize(
    ("n", "anchor"), [(3, 0), (9, 0), (10, 10), (19, 10), (47, 30), (99, 50), (100, 100), (450, 300), (1999, 1000)]
)
def test_anchors_are_one_two_three_five_of_every_decade(n, anchor):
    assert newest_anchor(n) == anchor


@pytest.mark.parametrize(
    ("last", "n", "is_due"),
    [(None, 3, True), (40, 41, True), (41, 41, False), (120, 121, False), (120, 122, True), (299, 300, True), (400, 407, False)],
)
def test_fits_are_due_at_every_row_and_later_rarer(last, n, is_due):
    assert is_fit_due(None if last is None else Learned(np.zeros(4), last), n) is is_due


@pytest.mark.parametrize("n", [8, 10, 13, 31, 104])
def test_hyperparameters_are_rebuilt_from_the_newest_anchor_on(n):
    X, y = history(n)
    last = None
    # What was learned before the newest anchor leaves no trace, so a chain that begins there serves as well.
    for n_rows in range(max(8, n - 14), n + 1):
        last = told_model(last, X[:n_rows], y[:n_rows], SPACE, Draws(0)).learned

    rebuilt = relearned(X, y, 8, SPACE, Draws(0))

    np.testing.assert_array_equal(rebuilt.theta, last.theta)
    assert rebuilt.n_rows == last.n_rows


def test_nothing_is_learned_before_the_first_model():
    assert relearned(*history(7), 8, SPACE, Draws(0)) is None


def test_pending_rows_are_appended_or_redone_with_the_same_belief():
    X, y = history(20)
    model, P = told_model(None, X, y, SPACE, Draws(0)), SPACE.sample(5, np.random.default_rng(1))

    appended = with_pending(with_pending(model, P[:3]), P)
    redone = with_pending(with_pending(model, P[3:]), P)

    assert appended.pending == redone.pending == tuple(row_keys(P))
    Z = SPACE.sample(10, np.random.default_rng(2))
    np.testing.assert_allclose(appended.surrogate.predict(Z).std, redone.surrogate.predict(Z).std, rtol=1e-6)


def test_of_very_many_pending_rows_the_nearest_are_kept():
    model = told_model(None, *history(20), SPACE, Draws(0))

    many = with_pending(model, SPACE.sample(500, np.random.default_rng(1)))

    assert len(many.pending) == 200


def test_a_model_of_many_rows_sees_some_of_them():
    X, y = history(700)

    model = told_model(None, X, y, SPACE, Draws(0))

    assert model.n_told == 700
    assert len(model.told.rows) == 500
    assert X[np.argmax(y)].tolist() in model.told.rows.tolist()
