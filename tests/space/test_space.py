"""Configurations as rows of numbers and back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deephyper._arrays import Array, Mask
from deephyper.space import LARGEST_GRID, Categorical, Constant, Integer, Ordinal, Real, Space, row_keys

DIMENSIONS = (
    Categorical("kind", ["a", None, (1, 2)]),
    Constant("constant", "c"),
    Real("rate", 1e-4, 1.0, log=True),
    Integer("n", 1, 9),
    Ordinal("units", [16, 32, 64.5]),
)


def rate_needs_kind_a(X: Array) -> Mask:
    active = np.ones((len(X), 5), bool)
    active[:, 2] = X[:, 0] == 0
    return active


def flat() -> Space:
    return Space(DIMENSIONS)


def conditional(**options: Any) -> Space:
    return Space(DIMENSIONS, active=rate_needs_kind_a, **options)


def drawn(space: Space, n: int = 20) -> Array:
    return space.sample(n, np.random.default_rng(0))


@given(st.integers(0, 2**32))
def test_canonical_rows_survive_the_round_trip(seed: int) -> None:
    for space in (flat(), conditional()):
        X = space.canonical(np.random.default_rng(seed).random((10, 4)) * 3)
        configurations = space.decode(X)

        np.testing.assert_allclose(space.encode(configurations), X, rtol=0, atol=1e-12)
        np.testing.assert_array_equal(space.canonical(X), X)
        assert space.decode(space.encode(configurations)) == [
            {name: pytest.approx(value) if name == "rate" else value for name, value in c.items()}
            for c in configurations
        ]


def test_configurations_are_in_order_of_definition_without_inactive_ones() -> None:
    configurations = conditional().decode(drawn(conditional()))

    assert {tuple(c) for c in configurations} == {
        ("kind", "constant", "rate", "n", "units"),
        ("kind", "constant", "n", "units"),
    }
    assert all(("rate" in c) == (c["kind"] == "a") for c in configurations)


def test_constants_have_no_column() -> None:
    assert flat().names == ["kind", "constant", "rate", "n", "units"]
    assert flat().n_columns == 4
    assert flat().is_categorical.tolist() == [True, False, False, False]
    assert flat().is_continuous.tolist() == [False, True, False, False]
    assert conditional().active(drawn(conditional())).shape == (20, 4)


@pytest.mark.parametrize("nothing", [None, math.nan, np.nan, np.float32("nan")], ids=repr)
def test_an_inactive_hyperparameter_may_be_missing_none_or_nan(nothing: Any) -> None:
    without = {"kind": (1, 2), "constant": "c", "n": 3, "units": 32}

    rows = conditional().encode([without, {**without, "rate": nothing}, {**without, "rate": 0.5}])

    assert len(set(row_keys(rows))) == 1


def test_an_active_hyperparameter_without_a_value_is_refused() -> None:
    with pytest.raises(ValueError, match=r"hyperparameter 'rate' is active and has no value in \{'kind': 'a', 'n': 3"):
        conditional().encode([{"kind": "a", "n": 3, "units": 16}])


def test_none_is_a_value_where_it_is_a_choice() -> None:
    rows = flat().encode([{"kind": None, "rate": 0.1, "n": 3, "units": 16}])

    assert flat().decode(rows)[0]["kind"] is None


def test_value_columns_are_empty_where_inactive() -> None:
    X = drawn(conditional())

    columns = conditional().value_columns(X)

    assert list(columns) == conditional().names
    assert [not math.isnan(rate) for rate in columns["rate"]] == [kind == "a" for kind in columns["kind"]]
    assert columns["constant"] == ["c"] * 20


def test_equal_rows_have_equal_keys_also_with_negative_zero() -> None:
    assert row_keys(np.array([[0.0, 1.0], [-0.0, 1.0], [0.0, 0.5]]))[:2] == [row_keys(np.array([[0.0, 1.0]]))[0]] * 2
    assert len(set(row_keys(np.eye(3)))) == 3
    assert row_keys(np.empty((2, 0))) == [b"", b""]


def test_a_sample_holds_legal_rows_only_and_depends_on_the_generator_alone() -> None:
    space = conditional(legal=lambda X: X[:, 2] < 0.2)

    np.testing.assert_array_equal(drawn(space), drawn(space))
    assert (drawn(space)[:, 2] < 0.2).all()
    assert len(drawn(space)) == 20


def test_a_sample_of_an_impossible_space_is_empty() -> None:
    space = conditional(legal=lambda X: np.zeros(len(X), bool))

    assert drawn(space).shape == (0, 4)


def test_legal_is_not_asked_about_no_rows() -> None:
    def broken(X: Array) -> Mask:
        raise AssertionError

    assert Space(DIMENSIONS, legal=broken).legal(np.empty((0, 4))).tolist() == []


def test_a_sampler_of_the_users_own_is_cut_to_size_and_cleaned() -> None:
    def sampler(n: int) -> list[Mapping[str, Any]]:
        return [{"kind": "a", "rate": np.float32(0.5), "n": np.int64(i % 9 + 1), "units": 16} for i in range(2 * n + 3)]

    space = conditional(sampler=sampler, legal=lambda X: X[:, 2] > 0.2)

    configurations = space.decode(drawn(space, 5))

    assert [c["n"] for c in configurations] == [3, 4, 5, 6, 7]
    assert drawn(Space(DIMENSIONS, sampler=lambda n: [])).shape == (0, 4)


def test_a_small_finite_space_is_written_out_without_duplicates() -> None:
    parts = (Categorical("kind", ["a", "b"]), Integer("n", 1, 3), Constant("c", 0))
    space = Space(parts, active=lambda X: np.stack([X[:, 0] >= 0, X[:, 0] == 0, X[:, 0] >= 0], axis=1))

    assert space.grid is not None
    assert space.n_combinations == 6
    assert space.decode(space.grid) == [
        {"kind": "a", "n": 1, "c": 0},
        {"kind": "a", "n": 2, "c": 0},
        {"kind": "a", "n": 3, "c": 0},
        {"kind": "b", "c": 0},
    ]


def test_a_space_of_constants_is_one_configuration() -> None:
    space = Space([Constant("c", 3), Constant("d", "x")])

    assert space.grid is not None
    assert space.decode(space.grid) == [{"c": 3, "d": "x"}]
    assert space.n_combinations == 1.0
    assert space.decode(space.sample(2, np.random.default_rng(0))) == [{"c": 3, "d": "x"}] * 2


def test_a_large_or_continuous_space_is_not_written_out() -> None:
    assert flat().grid is None
    assert flat().n_combinations == math.inf
    assert Space([Integer("n", 1, LARGEST_GRID + 1)]).grid is None
