"""Legal rows where draws find none: guesses of the kind that constraints like, then growth from whatever is legal.

A constraint function only says yes or no, so nothing tells which way is better. But people write sums that must not
exceed something, products, orders and equal values. These hold near a corner, on the diagonal, or when the cells are
sorted. All is done in shares of the priors, in which the priors are uniform.
"""

from __future__ import annotations

import numpy as np

from .._arrays import Array, Mask
from .feasible import BELOW_ONE, Ground, exchanged, moved, reflected

# Cells that are all alike: fine steps along the diagonal, which thin shells and equalities cross.
_N_DIAGONAL = 2_000
_N_GUESSES = 1_000
# Rounds of growth from the first legal rows, and when there are enough.
_ROUNDS, _N_TRIED, _ENOUGH = 24, 384, 64
_SMALLEST_SHARE = 1e-4


def sought(ground: Ground, starts: Array, rng: np.random.Generator) -> Array:
    """Shares of legal, different rows, (k, d); k is 0 where no guess is legal.

    Args:
        ground: where to look.
        starts: shares of rows that may be legal, or nearly so, (m, d).
        rng: draws the guesses.
    """
    rows_of, is_legal, is_choice = ground
    guesses = _guesses(starts, len(is_choice), rng)
    rows = rows_of(guesses)
    found, keys = _different(np.empty((0, len(is_choice))), set(), guesses, rows, is_legal(rows))
    for _ in range(_ROUNDS):
        if not len(found) or len(found) >= _ENOUGH:
            break
        tried = _near(found, is_choice, rng)
        rows = rows_of(tried)
        found, keys = _different(found, keys, tried, rows, is_legal(rows))
    return found


def _different(found: Array, keys: set[bytes], tried: Array, rows: Array, legal: Mask) -> tuple[Array, set[bytes]]:
    """What was found, (k, d), and the legal ones of what was tried, if they are rows that nobody has found."""
    keys, places = set(keys), []
    for place in np.flatnonzero(legal):
        key = rows[place].tobytes()
        if key not in keys:
            keys.add(key)
            places.append(place)
    return np.concatenate((found, tried[places])), keys


def _guesses(starts: Array, d: int, rng: np.random.Generator) -> Array:
    """Shares of rows that are likelier to be legal than draws, (n, d)."""
    ramp = (np.arange(d) + 0.5) / d
    corners = np.array([np.zeros(d), np.full(d, BELOW_ONE), np.full(d, 0.5), ramp, ramp[::-1]])
    anchors = np.concatenate((starts, corners))
    diagonal = np.tile(((np.arange(_N_DIAGONAL) + 0.5) / _N_DIAGONAL)[:, None], (1, d))
    # Some columns at one corner, the others at the opposite one.
    mixed = np.where(rng.random((_N_GUESSES, d)) < rng.random((_N_GUESSES, 1)), 0.0, BELOW_ONE)
    from_anchor = anchors[rng.integers(len(anchors), size=_N_GUESSES)]
    other = rng.random((_N_GUESSES, d))
    towards = _between(from_anchor, other, rng)
    in_some = np.where(rng.random((_N_GUESSES, d)) < min(1.0, 2.0 / max(d, 1)), other, from_anchor)
    # Directions of all kinds from the lowest values, as sums need them, and cells in order.
    lengths = rng.exponential(size=(_N_GUESSES, d))
    simplex = lengths / np.maximum(lengths.sum(axis=1, keepdims=True), 1e-300) * rng.random((_N_GUESSES, 1))
    rising = np.sort(rng.random((_N_GUESSES, d)), axis=1)
    falling = np.sort(rng.random((_N_GUESSES, d)), axis=1)[:, ::-1]
    simplices = (simplex, BELOW_ONE - simplex)
    guesses: Array = np.concatenate((anchors, diagonal, mixed, towards, in_some, *simplices, rising, falling))
    return np.minimum(guesses, BELOW_ONE)


def _between(one: Array, other: Array, rng: np.random.Generator) -> Array:
    """Points on the way from one to the other, most of them near the first, (n, d)."""
    share = _SMALLEST_SHARE ** rng.random((len(one), 1))
    points: Array = one + share * (other - one)
    return points


def _near(found: Array, is_choice: Mask, rng: np.random.Generator) -> Array:
    """Places around and between those that were found, (n, d)."""
    parents, mates, others = (found[rng.integers(len(found), size=_N_TRIED)] for _ in range(3))
    beyond = reflected(parents + 1.5 * rng.random((_N_TRIED, 1)) * (mates - parents))
    anywhere = _between(parents, rng.random(parents.shape), rng)
    tried = (moved(parents, others, is_choice, rng), exchanged(parents, is_choice, rng), beyond, anywhere)
    places: Array = np.concatenate(tried)
    return np.minimum(places, BELOW_ONE)
