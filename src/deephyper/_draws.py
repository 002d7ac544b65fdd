"""Random draws that depend only on the seed and on an address: the purpose of the draw, and its number.

No generator is carried from call to call. The k-th suggestion is therefore the same whether or not something else drew
before it, and a resumed search continues as if it had never stopped.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np


class Purpose(IntEnum):
    """What a draw is for. The numbers never change, since every seed would then give other draws."""

    DESIGN = 0
    SUGGESTION = 1
    FIT = 2
    SUBSET = 3
    SAMPLE = 4
    SOURCE = 5
    SUCCESS = 6
    DURATION = 7
    CHOICE = 8
    UNTRIED = 9
    PLATEAU = 10


@dataclass(frozen=True)
class Draws:
    """All random draws of one search.

    Args:
        seed: decides every draw.
        member: number of this process among the members of the search. Each member draws differently from one seed.
    """

    seed: int
    member: int = 0

    def at(self, purpose: Purpose, index: int = 0) -> np.random.Generator:
        """Make the generator of one address.

        Args:
            purpose: what the draw is for.
            index: the number of the draw among those of its purpose, from 0.
        """
        # Member 0 keeps the short key of a search in a single process, so that its seeds still give the same draws.
        key = (int(purpose), index) if self.member == 0 else (int(purpose), index, self.member)
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=key))


def draws_from(
    random_state: int | np.integer | np.random.RandomState | np.random.Generator | None, what: str = "random_state"
) -> Draws:
    """Make the draws of a search from what a user passes as `random_state`; None gives each search a new seed."""
    if random_state is None:
        return Draws(np.random.SeedSequence().generate_state(1, np.uint64).item())
    if isinstance(random_state, np.random.RandomState):
        return Draws(int(random_state.randint(2**31)))
    if isinstance(random_state, np.random.Generator):
        return Draws(int(random_state.integers(2**63)))
    if isinstance(random_state, (int, np.integer)) and not isinstance(random_state, bool) and random_state >= 0:
        return Draws(int(random_state))
    shown = " ".join(repr(random_state).split())
    raise ValueError(f"{what} must be None, an int of at least 0, or a numpy generator, got {shown}.")
