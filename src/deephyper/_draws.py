"""Every random draw has an address: what it is for, and its number.

No generator is carried from call to call, so the k-th suggestion is the same whether or not something else drew before
it, and a resumed search goes on as if it had never stopped.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np


class Purpose(IntEnum):
    """What a draw is for; the numbers are part of what a seed means, so they never change."""

    DESIGN = 0
    SUGGESTION = 1
    FIT = 2
    SUBSET = 3
    SAMPLE = 4
    SOURCE = 5
    SUCCESS = 6
    DURATION = 7


@dataclass(frozen=True)
class Draws:
    """All random draws of one search.

    Args:
        seed: the root of every draw.
        member: number of the process among those that share the search; each draws differently from the same seed.
    """

    seed: int
    member: int = 0

    def at(self, purpose: Purpose, index: int = 0) -> np.random.Generator:
        """Make the generator that lives at one address.

        Args:
            purpose: what the draw is for.
            index: which one of its kind, from 0 on.
        """
        # What a seed means must not change: the first member's key is that of a search of a single process.
        key = (int(purpose), index) if self.member == 0 else (int(purpose), index, self.member)
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=key))


def draws_from(
    random_state: int | np.integer | np.random.RandomState | np.random.Generator | None, what: str = "random_state"
) -> Draws:
    """Make the draws of a search from what a user passes as `random_state`; None gives every search another seed."""
    if random_state is None:
        return Draws(np.random.SeedSequence().generate_state(1, np.uint64).item())
    if isinstance(random_state, np.random.RandomState):
        return Draws(int(random_state.randint(2**31)))
    if isinstance(random_state, np.random.Generator):
        return Draws(int(random_state.integers(2**63)))
    if isinstance(random_state, (int, np.integer)) and not isinstance(random_state, bool) and random_state >= 0:
        return Draws(int(random_state))
    raise ValueError(f"{what} must be None, an int of at least 0, or a numpy generator, got {random_state!r}.")
