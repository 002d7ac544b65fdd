"""What has come back is a value that is never written to."""

import numpy as np

from deephyper.optimizer.told import Told

TOLD = Told(np.arange(8.0).reshape(4, 2), np.array([[1.0], [np.nan], [3.0], [2.0]]))


def test_failures_are_counted_apart():
    assert TOLD.succeeded.tolist() == [True, False, True, True]
    assert TOLD.n_values == 3 and TOLD.has_enough_values
    assert not TOLD.first(3).has_enough_values


def test_a_single_objective_is_its_own_merit():
    np.testing.assert_array_equal(TOLD.merit, TOLD.Y[:, 0])


def test_further_rows_leave_the_value_before_as_it_was():
    later = TOLD.followed_by(np.zeros((1, 2)), np.zeros((1, 1)))

    assert (len(later.X), len(TOLD.X)) == (5, 4)
    np.testing.assert_array_equal(later.first(4).X, TOLD.X)


def test_a_value_that_stands_for_a_failure_is_read_as_one():
    X, y = np.arange(20.0).reshape(10, 2), np.array([-9.0, 1.0, -9.0, 2.0, 3.0, -9.0, 4.0, 5.0, 6.0, 7.0])
    told = Told(X, y[:, None])

    read = told.without_penalties()

    assert np.flatnonzero(~read.succeeded).tolist() == [0, 2, 5]
    assert told.succeeded.all()
    assert TOLD.without_penalties() is TOLD
