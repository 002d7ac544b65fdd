"""Legal rows of a space whose legal part is so thin that draws from the priors hardly ever hit it.

What was found legal once is kept and walked from. A walker is a legal row, held as its shares of the priors, in which
the priors are uniform. It moves to another place if that is legal, and stays where it is if not; all kinds of move are
as likely backwards as forwards, so the walkers stay spread over the legal part as the priors say:

- by a normal step of any size in some of the columns, a choice being drawn again;
- by the difference of two other walkers, times a factor, so that steps follow the shape of the legal part;
- now and then by what one column gives to another, or by two columns that change places, which leaves sums as they are.

Source: ter Braak (2006), Differential Evolution Markov Chain; halves that move in turns as in Goodman & Weare (2010).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, final

import numpy as np

from .._arrays import Array, Mask

# Rarer legal draws than this are replaced by walks. Spaces with more than 1 % must be drawn as without walks, so the
# limit lies far below, and is judged by enough draws that chance does not mislead.
_THIN, _FEWEST_JUDGED = 0.0025, 2_000
# With fewer places to start from, whole regions might be missed.
_FEWEST_TO_WALK = 16
_N_WALKERS = 256
# How often each walker moves whenever rows are asked for. This tries 2,048 rows where draws would need 100,000. What is
# not yet well mixed goes on mixing the next time.
_N_MOVES = 8
_JUMP_SHARE, _EXCHANGE_SHARE = 0.1, 0.2
# Those that were found near each other have to spread first.
_N_SPREADING = 10
_SMALLEST_STEP = 1e-4
BELOW_ONE = float(np.nextafter(1.0, 0.0))


class Ground(NamedTuple):
    """Where walkers may stand: shares of the priors, and which of them are legal.

    Args:
        rows_of: from shares to canonical rows, (n, d) -> (n, d).
        is_legal: from canonical rows to the mask of legal ones.
        is_choice: which columns hold a choice, (d,).
    """

    rows_of: Callable[[Array], Array]
    is_legal: Callable[[Array], Mask]
    is_choice: Mask


def is_thin(n_legal: int, n_drawn: int) -> bool:
    """Whether draws are legal so rarely that walking is better."""
    return n_drawn >= _FEWEST_JUDGED and n_legal < _THIN * n_drawn


def reflected(u: Array) -> Array:
    """Fold numbers back into [0, 1] at its ends."""
    u = np.mod(u, 2.0)
    return np.minimum(u, 2.0 - u)


@final
class Walkers:
    """Places known to be legal, which move whenever rows are drawn.

    They live as long as one proposal. What they know at its end, `shares`, is handed on to the next one.

    Args:
        shares: where they are, as shares of the priors, (k, d); later on at most 256.
    """

    def __init__(self, shares: Array):
        self.shares = shares

    @property
    def can_walk(self) -> bool:
        """Whether there are enough of them to reach every region."""
        return len(self.shares) >= _FEWEST_TO_WALK

    def keep(self, shares: Array) -> None:
        """Start from further places that were found to be legal, (k, d), too."""
        self.shares = np.concatenate((self.shares, shares))[-_N_WALKERS:]

    def spread(self, ground: Ground, rng: np.random.Generator) -> None:
        """Let walkers that start from few places move until they are spread."""
        for _ in range(_N_SPREADING):
            self.walk(ground, 0, rng)

    def walk(self, ground: Ground, n: int, rng: np.random.Generator) -> Array:
        """Let everybody move a few times, and tell at most n of the rows they come to, (k, d).

        Args:
            ground: where they may go.
            n: how many rows.
            rng: draws the moves.
        """
        rows_of, is_legal, is_choice = ground
        # Under other priors than before, the same shares are other rows.
        at = self.shares[is_legal(rows_of(self.shares))]
        if not len(at):
            self.shares = at
            return rows_of(at)
        at = np.resize(at, (_N_WALKERS, at.shape[1]))
        rows, visited = rows_of(at), [np.empty((0, at.shape[1]))]
        halves = np.array_split(rng.permutation(_N_WALKERS), 2)
        for move in range(2 * _N_MOVES):
            movers, others = halves[move % 2], halves[1 - move % 2]
            tried = moved(at[movers], at[others], is_choice, rng)
            tried_rows = rows_of(tried)
            can_move = is_legal(tried_rows)
            at[movers[can_move]], rows[movers[can_move]] = tried[can_move], tried_rows[can_move]
            visited.append(tried_rows[can_move])
        self.shares = at
        # Where everybody is in the end comes first; where many rows are wanted, the way there follows, the newest
        # first.
        return np.concatenate((rows[rng.permutation(_N_WALKERS)], *reversed(visited)))[:n]


def moved(at: Array, others: Array, is_choice: Mask, rng: np.random.Generator) -> Array:
    """Where walkers, (k, d), try to go next, (k, d): half of them by a step, half by a difference of two others."""
    k, d = at.shape
    by_step = np.where(_some_columns(k, d, rng), _stepped(at, is_choice, rng), at)
    one, other = rng.integers(len(others), size=(2, k))
    # Of a normal distribution this factor is the best; now and then 1, which leads from one region to another.
    factor = np.where(rng.random(k) < _JUMP_SHARE, 1.0, 2.38 / np.sqrt(2.0 * d) * rng.random(k))
    by_difference = at + factor[:, None] * (others[one] - others[other])
    # Cells depend on each other here: folded back at an end, a move would not be as likely backwards.
    is_inside = (by_difference >= 0.0) & (by_difference <= 1.0)
    by_difference = np.where(is_inside.all(axis=1, keepdims=True), by_difference, at)
    tried = np.where(rng.random((k, 1)) < 0.5, by_step, by_difference)
    return np.minimum(np.where(rng.random((k, 1)) < _EXCHANGE_SHARE, exchanged(at, is_choice, rng), tried), BELOW_ONE)


def exchanged(at: Array, is_choice: Mask, rng: np.random.Generator) -> Array:
    """Places where one of two columns gives to the other, or where they change places, (k, d)."""
    columns, there = np.flatnonzero(~is_choice), at.copy()
    if len(columns) < 2:
        return there
    k = np.arange(len(at))
    one = rng.integers(len(columns), size=len(at))
    other = (one + rng.integers(1, len(columns), size=len(at))) % len(columns)
    one, other = columns[one], columns[other]
    given = _SMALLEST_STEP ** rng.random(len(at)) * rng.standard_normal(len(at))
    swaps = rng.random(len(at)) < 0.5
    risen = np.where(swaps, at[k, other], at[k, one] + given)
    fallen = np.where(swaps, at[k, one], at[k, other] - given)
    # Folded back, one of them would not give what the other gets, and nobody could come back the same way.
    is_inside = (np.minimum(risen, fallen) >= 0.0) & (np.maximum(risen, fallen) < 1.0)
    there[k, one] = np.where(is_inside, risen, at[k, one])
    there[k, other] = np.where(is_inside, fallen, at[k, other])
    return there


def _some_columns(k: int, d: int, rng: np.random.Generator) -> Mask:
    """The columns that each of k walkers moves in: all, or about two, (k, d)."""
    is_moved = np.asarray(rng.random((k, d)) < min(1.0, 2.0 / d), bool)
    is_moved[rng.random(k) < 0.5] = True
    return is_moved


def _stepped(at: Array, is_choice: Mask, rng: np.random.Generator) -> Array:
    """A normal step of any size from every place, (k, d); choices are drawn again."""
    size = _SMALLEST_STEP ** rng.random((len(at), 1))
    step = reflected(at + size * rng.standard_normal(at.shape))
    return np.where(is_choice, rng.random(at.shape), step)
