"""What follows from measured times: how many suggestions are prepared, and how much each of them has to save."""

from __future__ import annotations

import pytest

from deephyper.hpo.pace import Pace
from deephyper.optimizer import LARGEST_THRIFT

WORKERS = 5


def pace(evaluation_s: float, *preparations_s: float, n_workers: int = WORKERS) -> Pace:
    pace = Pace()
    pace.note_evaluation(evaluation_s)
    for seconds in preparations_s:
        pace.note_preparation(seconds, 8, n_workers)
    return pace


@pytest.mark.parametrize("n_workers", [2, 5, 50])
def test_nothing_is_saved_where_evaluations_are_long(n_workers):
    found = pace(2.0, *[0.05] * 30, n_workers=n_workers)

    assert found.thrift == 0


def test_as_much_is_saved_as_it_takes_when_two_preparations_are_too_long():
    assert pace(1.0, 1.0, 1.0).thrift == 1
    assert pace(1.0, 2.0, 1.2).thrift == 2
    assert pace(1.0, 9.0, 9.0).thrift == LARGEST_THRIFT


def test_one_hiccup_changes_nothing():
    steady, disturbed = pace(1.0, *[0.4] * 6), pace(1.0, *[0.4] * 5, 30.0)

    assert disturbed.thrift == steady.thrift == 0
    assert disturbed.n_used(WORKERS) == steady.n_used(WORKERS) == 3


def test_what_was_saved_is_spent_again_step_by_step_when_there_is_time():
    found = pace(1.0, 3.0, 3.0)
    before = found.thrift
    for _ in range(4):
        found.note_preparation(0.1, 8, WORKERS)

    assert found.thrift == before - 1
    for _ in range(40):
        found.note_preparation(0.1, 8, WORKERS)
    assert found.thrift == 0


def test_the_first_suggestions_of_the_model_save_the_more_the_shorter_evaluations_are():
    steps = [pace(seconds).thrift for seconds in (10.0, 0.1, 0.06, 0.03, 0.01, 1e-4)]

    assert steps[:2] == [0, 0]
    assert steps == sorted(steps) and len(set(steps)) == 4
    assert steps[-1] == LARGEST_THRIFT


def test_the_first_suggestions_of_the_model_have_others_in_reserve_where_evaluations_are_short():
    short, long = Pace(), Pace()
    for found, seconds in ((short, 0.03), (long, 0.3)):
        found.note_evaluation(seconds)
        found.note_preparation(0.002, 4, WORKERS, is_of_model=False)

    assert short.n_used(WORKERS) >= WORKERS and short.n_kept(WORKERS) > short.n_used(WORKERS)
    assert long.n_used(WORKERS) == long.n_kept(WORKERS) == 0


def test_what_was_saved_without_need_at_first_is_spent_again():
    found = pace(0.05)
    before = found.thrift
    for _ in range(40):
        found.note_preparation(0.005, 8, WORKERS)

    assert before > 0 and found.thrift == 0


def test_what_the_design_costs_says_nothing_of_the_model():
    found = pace(1.0)
    for _ in range(9):
        found.note_preparation(0.001, 4, WORKERS, is_of_model=False)
    found.note_preparation(0.6, 4, WORKERS)

    assert found.n_used(WORKERS) == 4
    found = pace(0.05)
    before = found.thrift
    for _ in range(9):
        found.note_preparation(0.001, 4, WORKERS, is_of_model=False)
    assert found.thrift == before > 0


def test_the_answer_depends_on_the_ratio_of_the_times_alone():
    times = [0.3, 0.9, 1.1, 1.3, 0.8, 0.2]
    fast, slow = pace(1.0, *times), pace(7.0, *(7.0 * seconds for seconds in times))

    assert (fast.thrift, fast.n_used(WORKERS), fast.n_kept(WORKERS)) == (
        slow.thrift,
        slow.n_used(WORKERS),
        slow.n_kept(WORKERS),
    )


def test_many_workers_save_when_more_evaluations_end_than_may_be_prepared():
    busy, calm = pace(1.0, 0.2, 0.2, n_workers=1_000), pace(60.0, 0.2, 0.2, n_workers=1_000)

    assert busy.thrift > 0 and calm.thrift == 0


def test_nothing_is_kept_where_no_evaluation_ends_meanwhile():
    assert pace(10.0, 0.1).n_kept(WORKERS) == 0
    assert pace(1.0, 0.5).n_kept(WORKERS) > pace(1.0, 0.5).n_used(WORKERS) > 0


def test_fresh_suggestions_are_cheap_for_one_worker_and_before_anything_is_known():
    assert pace(1e-6, 1.0).is_fresh_cheap(1)
    assert Pace().is_fresh_cheap(WORKERS)
    assert not pace(1e-6, 1.0).is_fresh_cheap(WORKERS)
