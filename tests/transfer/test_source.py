"""How a search hears of earlier tasks: leads between controls, then guidance that is weighed and fades."""

import numpy as np
import pytest

from deephyper._draws import Draws
from deephyper.optimizer import BayesianOptimizer, Settings
from deephyper.space import Real, Space, row_keys
from deephyper.surrogate import Data
from deephyper.transfer import Source, SourceReport, source_model, standardized

SQUARE = Space([Real("x", 0, 1), Real("y", 0, 1)])
LEADS = np.array([[0.3, 0.3], [0.4, 0.3], [0.3, 0.4], [0.2, 0.2]])


def source(leads=LEADS):
    X = np.concatenate((leads, SQUARE.sample(30, np.random.default_rng(1))))
    model = source_model(SQUARE, X, np.array([bowl(row) for row in X]))
    return Source((standardized(model.mean, model.with_slopes, SQUARE, leads, 12, np.random.default_rng(0)),), leads)


def bowl(row, centre=0.3):
    return -float(np.square(row - centre).sum())


def taught(leads=LEADS, seed=0, **settings):
    optimizer = BayesianOptimizer(Settings(SQUARE, Draws(seed), **settings))
    optimizer.learn_from(source(leads))
    return optimizer


def driven(optimizer, n, objective=bowl):
    """What kind each of n suggestions is: "l" for a lead, "." for others."""
    keys, kinds = set(row_keys(LEADS)), ""
    for _ in range(n):
        row = optimizer.ask(1)[0]
        optimizer.tell(row[None], np.array([objective(row)]))
        kinds += "l" if row_keys(row[None])[0] in keys else "."
    return kinds


def test_leads_come_first_with_a_control_between_them():
    assert driven(taught(), 6) == "ll.ll."


def test_many_suggestions_at_once_hold_all_leads_and_controls():
    rows = taught().ask(8)

    keys = row_keys(rows)
    assert [key in set(row_keys(LEADS)) for key in keys] == [True, True, False, True, True, False, False, False]
    assert len(set(keys)) == 8


def test_a_source_that_two_controls_beat_is_not_heard_any_more():
    optimizer = taught()

    kinds = driven(optimizer, 12, lambda row: -bowl(row))

    assert kinds == "ll.........."
    assert optimizer.source_report.is_distrusted
    assert str(optimizer.source_report).startswith("source weight 0.00, dropped as misleading after")


def test_the_model_speaks_early_only_with_a_source_that_is_right():
    def first_of_model(objective):
        optimizer = taught()
        for n in range(12):
            if optimizer.snapshot().model is not None:
                return n
            driven(optimizer, 1, objective)
        raise AssertionError

    assert first_of_model(bowl) == 6
    assert first_of_model(lambda row: -bowl(row)) == 9


@pytest.mark.parametrize("objective", [bowl, pytest.param(lambda row: bowl(row, 0.8), marks=pytest.mark.slow)])
def test_its_weight_fades_and_the_report_tells_when_it_is_dropped(objective):
    optimizer = taught()

    driven(optimizer, 7, objective)
    early = optimizer.source_report
    driven(optimizer, 25, objective)

    assert optimizer.snapshot().model.lesson.guidances == (None,)
    assert early.weights[0] > 0.1 or objective is not bowl
    assert 5 <= optimizer.source_report.dropped_after <= 12


def test_failures_of_leads_and_of_everything_else_do_no_harm():
    optimizer = taught()

    kinds = driven(optimizer, 14, lambda row: np.nan if row[0] < 0.45 else bowl(row, 0.6))

    assert kinds.startswith("ll.")
    assert "l" not in kinds[6:]


def test_what_is_heard_of_a_source_is_what_the_values_bear_out():
    X = np.concatenate((LEADS, SQUARE.sample(4, np.random.default_rng(5))))

    def heard(objective):
        y = np.array([objective(row) for row in X])
        z = (y - y.mean()) / y.std()
        # A lead that no control beats, so that the weight alone decides.
        y[0] = 9.0
        return source().guidance(X, y, Data.of(X, z, np.zeros(2, np.intp)))

    # A third is left after 8 of 12 evaluations.
    assert 0.2 < heard(bowl).weights[0] < 0.5
    assert heard(lambda row: -bowl(row)) is None


def test_a_source_given_late_is_tried_next_and_fades_from_then_on():
    optimizer = BayesianOptimizer(Settings(SQUARE, Draws(0)))
    driven(optimizer, 12, lambda row: bowl(row, 0.8))
    optimizer.learn_from(source())

    assert driven(optimizer, 3, lambda row: bowl(row, 0.8)) == "ll."


def test_initial_rows_come_before_leads():
    given = np.array([[0.9, 0.1], [0.1, 0.9]])

    optimizer = taught(initial_rows=given)
    rows = optimizer.ask(4)

    np.testing.assert_array_equal(rows[:2], given)
    np.testing.assert_array_equal(rows[2:], LEADS[:2])


def test_a_suggestion_of_the_model_that_beats_the_leads_does_not_speak_against_them():
    leads = np.array([[0.3, 0.3], [0.4, 0.3], [0.3, 0.4], [0.2, 0.2]])
    # The first control wins, the second one does not; the last row is better than all.
    X = np.concatenate((leads[:2], [[0.6, 0.6], [0.9, 0.9]], leads[2:3], [[0.5, 0.5]]))
    y = np.array([1.0, 1.1, 2.0, 0.0, 1.2, 3.0])

    assert not source(leads).is_distrusted(X, y)
    assert source(leads).is_distrusted(X[:4], np.array([1.0, 1.1, 2.0, 2.1]))


def test_good_initial_rows_do_not_speak_against_a_source():
    optimizer = taught(initial_rows=np.array([[0.31, 0.3], [0.3, 0.29], [0.32, 0.3]]))

    assert driven(optimizer, 9) == "...ll.ll."
    assert not optimizer.source_report.is_distrusted


@pytest.mark.slow
@pytest.mark.parametrize(
    "n", [3, 6, 9, pytest.param(13, marks=pytest.mark.slow), pytest.param(30, marks=pytest.mark.slow)]
)
def test_a_restored_search_goes_on_as_if_it_had_not_stopped(n):
    original = taught(seed=3)
    driven(original, n)
    told = original.snapshot().told

    resumed = BayesianOptimizer(Settings(SQUARE, Draws(3)))
    resumed.restore(told.X, told.Y, original.n_asked)
    resumed.learn_from(source())

    for _ in range(4):
        row = original.ask(1)
        np.testing.assert_allclose(resumed.ask(1), row, atol=1e-9)
        for optimizer in (original, resumed):
            optimizer.tell(row, np.array([bowl(row[0])]))


def test_a_report_reads_like_a_sentence():
    assert str(SourceReport((0.31,))) == "source weight 0.31"
    assert str(SourceReport((0.31, 0.0), 24)) == "source weight 0.31, 0.00, dropped after 24 evaluations"
    assert str(SourceReport((), 8, True)) == "source weight 0.00, dropped as misleading after 8 evaluations"
