"""What was handed out is known, and so is what must not come again."""

import numpy as np

from deephyper.optimizer.handed_out import HandedOut

A, B, C = np.array([[0.1], [0.2], [0.3]])


def handed_out():
    handed_out = HandedOut(1)
    assert [handed_out.hand_out(row) for row in (A, B)] == [0, 1]
    return handed_out


def test_rows_that_came_back_are_known_and_no_longer_pending():
    book = handed_out()

    book.close(A[None])

    assert book.n_times(A) and book.n_times(B) and not book.n_times(C)
    np.testing.assert_array_equal(book.pending([C]), [B, C])
    assert len(book.known(C[None])) == 3


def test_rows_that_nobody_asked_for_are_counted():
    book = handed_out()

    book.close(np.array([A, C]))

    assert (book.n_asked, book.n_volunteered, book.n_pending) == (2, 1, 1)
    book.resume(7)
    assert (book.n_asked, book.n_volunteered) == (7, 0)


def test_a_row_that_was_given_up_may_return_or_not():
    book = handed_out()

    book.give_up(A[None], may_return=True)
    book.give_up(B[None], may_return=False)

    assert not book.n_times(A) and book.n_times(B)
    assert book.n_pending == 0


def test_a_row_that_was_handed_out_twice_is_pending_until_both_have_come_back():
    book = handed_out()
    book.hand_out(A)

    book.close(A[None])
    assert (book.n_times(A), book.n_volunteered) == (2, 0)
    np.testing.assert_array_equal(book.pending(), [A, B])

    book.give_up(A[None], may_return=True)
    assert book.n_times(A) == 1 and book.known()[A.tobytes()] == 1
    np.testing.assert_array_equal(book.pending(), [B])
