"""One hyperparameter as one column: values survive the round trip, as the user's own objects."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deephyper.space import Categorical, Constant, Dimension, Integer, Ordinal, Real

OBJECT = object()
CHOICES = [None, "None", "nan", "", "é ü", True, 0, 2.5, (1, 2), [1], {"a": 1}, OBJECT, len]

reals = st.one_of(
    st.tuples(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6)).map(lambda b: Real("x", b[0], b[0] + b[1])),
    st.tuples(st.floats(1e-9, 1e3), st.floats(1.5, 1e6)).map(lambda b: Real("x", b[0], b[0] * b[1], log=True)),
)
integers = st.one_of(
    st.tuples(st.integers(-(10**6), 10**6), st.integers(1, 10**6)).map(lambda b: Integer("x", b[0], b[0] + b[1])),
    st.tuples(st.integers(1, 1000), st.integers(1, 10**6)).map(lambda b: Integer("x", b[0], b[0] + b[1], log=True)),
)
discrete = st.one_of(
    integers,
    st.integers(2, 30).map(lambda n: Ordinal("x", [0.1 * i for i in range(n)])),
    st.integers(2, 30).map(lambda n: Categorical("x", [str(i) for i in range(n)])),
)
shares = st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=20).map(np.array)


@given(reals, shares)
def test_real_cells_survive_the_round_trip(dimension: Real, cells: np.ndarray) -> None:
    values = dimension.decode(cells)

    again = dimension.encode(values)

    # A value far from zero in a narrow range has fewer digits left for its place within it.
    digits = 1e-15 * max(abs(dimension.low), abs(dimension.high)) / (dimension.high - dimension.low)
    np.testing.assert_allclose(again, cells, rtol=0, atol=1e-12 + 8 * digits)
    assert all(type(value) is float and dimension.low <= value <= dimension.high for value in values)


@given(discrete, shares)
def test_discrete_cells_survive_the_round_trip(dimension: Dimension, share: np.ndarray) -> None:
    cells = dimension.snap(dimension.from_share(share))
    values = dimension.decode(cells)

    again = dimension.encode(values)

    np.testing.assert_allclose(again, cells, rtol=0, atol=1e-12)
    assert dimension.decode(again) == values
    np.testing.assert_array_equal(dimension.snap(again), again)


@given(integers, shares)
def test_whole_numbers_are_python_ints_within_the_bounds(dimension: Integer, share: np.ndarray) -> None:
    values = dimension.decode(dimension.snap(share))

    assert all(type(value) is int and dimension.low <= value <= dimension.high for value in values)


@pytest.mark.parametrize("log", [False, True])
def test_every_whole_number_owns_an_interval(log: bool) -> None:
    dimension = Integer("x", 1, 8, log)

    values = dimension.decode(dimension.snap(np.linspace(0, 1, 4001)))

    assert sorted(set(values)) == list(range(1, 9))
    assert log or max(abs(values.count(value) - 500) for value in set(values)) <= 1


@pytest.mark.parametrize(("low", "high"), [(0, 2**62 - 1), (2**53 - 3, 2**53 + 9), (-(2**62) + 1, 0)])
def test_huge_whole_numbers_stay_within_the_bounds(low: int, high: int) -> None:
    dimension = Integer("x", low, high)

    values = dimension.decode(np.array([0.0, 0.3, 1.0]))

    assert all(type(value) is int and low <= value <= high for value in values)
    assert dimension.decode(dimension.encode(values)) == values


def test_choices_come_back_as_the_objects_themselves() -> None:
    dimension = Categorical("x", CHOICES)

    decoded = dimension.decode(dimension.encode(CHOICES))

    assert all(ours is theirs for ours, theirs in zip(decoded, CHOICES, strict=True))


def test_true_is_not_one() -> None:
    mixed = Categorical("x", [1, True, 0, False])

    assert mixed.encode([True, 1, False, 0]).tolist() == [1, 0, 3, 2]
    assert mixed.encode([np.True_, np.int64(1), np.float64(0)]).tolist() == [1, 0, 2]
    with pytest.raises(ValueError, match="hyperparameter 'c' must be 1, got True"):
        Constant("c", 1).encode([True])


@pytest.mark.parametrize(
    "value",
    [np.array([1, 2]), np.array([]), [1, 2], "1", None, math.nan, pytest.param(object(), id="an object")],
    ids=repr,
)
def test_what_is_no_choice_is_refused(value: Any) -> None:
    for dimension in (Categorical("x", [(1, 2), 1]), Ordinal("x", [1, 2])):
        with pytest.raises(ValueError, match="hyperparameter 'x' must be one of"):
            dimension.encode([value])


@pytest.mark.parametrize(
    "value", ["3", b"3", True, np.True_, None, [3], math.nan, pytest.param(object(), id="an object"), {}], ids=repr
)
def test_what_is_no_number_is_refused(value: Any) -> None:
    for dimension in (Real("x", 0, 9), Integer("x", 0, 9)):
        with pytest.raises(ValueError, match="hyperparameter 'x' must be a number, got"):
            dimension.encode([value])


@pytest.mark.parametrize("value", [-1, 10, math.inf, -math.inf, 10**400, -(10**400)], ids=lambda value: str(value)[:5])
def test_what_lies_outside_is_refused_as_it_came(value: Any) -> None:
    for dimension in (Real("x", 0, 9), Integer("x", 0, 9), Real("x", 1, 9, log=True)):
        with pytest.raises(ValueError, match=rf"hyperparameter 'x' must be between \d and 9, got {value}\.$"):
            dimension.encode([value])


def test_a_fraction_is_no_whole_number() -> None:
    with pytest.raises(ValueError, match=r"hyperparameter 'x' must be a whole number, got 2\.5\."):
        Integer("x", 0, 9).encode([2.5])


def test_a_rounding_error_is_forgiven() -> None:
    assert Real("x", 0.0, 0.1).encode([0.1 + 1e-12]).tolist() == [1.0]
    assert Integer("x", 0, 9).decode(Integer("x", 0, 9).encode([3.0000000001, np.float32(4), np.int8(5)])) == [3, 4, 5]


def test_a_quantile_shapes_the_shares_and_stays_within_the_bounds() -> None:
    squares = Real("x", 0.0, 2.0, quantile=lambda share: 10 * share**2)

    assert squares.decode(squares.from_share(np.array([0.0, 0.1, 0.9]))) == pytest.approx([0.0, 0.1, 2.0])


@given(discrete)
def test_levels_are_all_values_in_order(dimension: Dimension) -> None:
    if dimension.n_levels > 1000:
        return
    values = dimension.decode(dimension.levels())

    assert len(values) == dimension.n_levels == len(set(values))
    assert [float(value) for value in values] == sorted(float(value) for value in values)


@given(discrete, shares)
def test_neighbours_are_other_values(dimension: Dimension, share: np.ndarray) -> None:
    cell = dimension.snap(dimension.from_share(share))[:1]

    neighbours = dimension.neighbours(float(cell[0]))

    assert len(neighbours)
    assert dimension.decode(cell)[0] not in dimension.decode(neighbours)
    np.testing.assert_allclose(dimension.snap(neighbours), neighbours, rtol=0, atol=1e-12)


def test_a_continuum_has_no_neighbours_and_infinitely_many_levels() -> None:
    dimension = Real("x", 0.0, 1.0)

    assert dimension.neighbours(0.5).tolist() == []
    assert dimension.n_levels == math.inf
    assert dimension.smallest_step == 0.0


def test_the_smallest_step_of_an_integer_reaches_the_next_one() -> None:
    dimension = Integer("x", 0, 9)
    cell = dimension.encode([4])

    assert dimension.decode(cell + dimension.smallest_step) == [5]
    assert dimension.decode(cell + 0.8 * dimension.smallest_step) == [4]


def test_a_constant_has_one_level_and_its_own_object() -> None:
    dimension = Constant("x", OBJECT)

    assert dimension.n_levels == 1
    assert dimension.decode(np.zeros(2)) == [OBJECT, OBJECT]
    assert dimension.from_share(np.array([0.3])).tolist() == dimension.snap(np.array([0.3])).tolist() == [0.0]
    assert dimension.encode([OBJECT]).tolist() == [0.0]
