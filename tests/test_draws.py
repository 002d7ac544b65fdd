"""A draw depends on its address alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deephyper._draws import Draws, Purpose, draws_from

addresses = st.tuples(st.sampled_from(Purpose), st.integers(0, 10**9))


@given(st.integers(0, 2**128), addresses)
def test_the_same_address_gives_the_same_draw(seed: int, address: tuple[Purpose, int]) -> None:
    draws = draws_from(seed)
    draws.at(Purpose.DESIGN, 3).random(5)

    np.testing.assert_array_equal(draws.at(*address).random(3), Draws(seed).at(*address).random(3))


@given(st.integers(0, 2**32), addresses, addresses)
def test_other_addresses_give_other_draws(seed: int, one: tuple[Purpose, int], other: tuple[Purpose, int]) -> None:
    draws = Draws(seed)

    is_same = bool(np.array_equal(draws.at(*one).random(3), draws.at(*other).random(3)))

    assert is_same == (one == other)


@given(st.integers(0, 2**32), addresses)
def test_the_first_member_draws_as_a_search_of_a_single_process(seed: int, address: tuple[Purpose, int]) -> None:
    purpose, index = address
    alone = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(int(purpose), index)))

    np.testing.assert_array_equal(Draws(seed, member=0).at(*address).random(3), alone.random(3))


@given(st.integers(0, 2**32), addresses, st.integers(0, 99), st.integers(0, 99))
def test_other_members_draw_differently(seed: int, address: tuple[Purpose, int], one: int, other: int) -> None:
    draws = [Draws(seed, member).at(*address).random(3) for member in (one, other)]

    assert bool(np.array_equal(*draws)) == (one == other)


def test_the_numbers_of_purposes_never_change() -> None:
    assert {purpose.name: int(purpose) for purpose in Purpose} == {
        "DESIGN": 0,
        "SUGGESTION": 1,
        "FIT": 2,
        "SUBSET": 3,
        "SAMPLE": 4,
        "SOURCE": 5,
        "SUCCESS": 6,
        "DURATION": 7,
        "CHOICE": 8,
        "UNTRIED": 9,
        "PLATEAU": 10,
    }


def test_no_seed_means_another_search_every_time() -> None:
    assert draws_from(None).seed != draws_from(None).seed


@pytest.mark.parametrize("state", [5, np.int64(5), np.uint8(5)], ids=repr)
def test_a_seed_is_kept_as_it_is(state: Any) -> None:
    assert draws_from(state).seed == 5
    assert type(draws_from(state).seed) is int


@pytest.mark.parametrize("make", [np.random.RandomState, np.random.default_rng])
def test_a_generator_in_the_same_state_gives_the_same_draws(make: Any) -> None:
    assert draws_from(make(3)).seed == draws_from(make(3)).seed
    assert draws_from(make(3)).seed != draws_from(make(4)).seed


@pytest.mark.parametrize("state", [-1, np.int64(-1), 1.0, "1", True, np.True_, [1]], ids=repr)
def test_what_is_no_seed_is_refused(state: Any) -> None:
    with pytest.raises(
        ValueError, match="^random_state must be None, an int of at least 0, or a numpy generator, got "
    ):
        draws_from(state)
    with pytest.raises(ValueError, match="^HpProblem: seed must be None"):
        draws_from(state, "HpProblem: seed")
