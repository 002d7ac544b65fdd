"""Several new rows at once that share their candidates: each knows those before it as pending."""

from __future__ import annotations

import numpy as np

from .._arrays import Array, Indices, Mask
from ..space import Space, row_keys
from .candidates import first_new, neighbours
from .landscape import Landscape
from .maximize import N_GOOD, Effort, ascent, candidates_of, few_remaining

# Rows of a block climb without knowing where its others end up, so larger blocks are cheaper and worse:
# docs/benchmarks.md, "What decided the defaults", last lines.
USUAL_BLOCK, LARGEST_BLOCK = 8, 16
_SAME_PLACE = 1e-3


def block_of_new_rows(
    landscape: Landscape, kappas: Array, space: Space, known: set[bytes], rng: np.random.Generator, effort: Effort
) -> Array:
    """Find a good new row for every kappa.

    The best candidate for the first kappa is counted as pending, then the best for the next one is taken, and so on;
    all climb together in the end, each under its own kappa, from what was believed before the block.

    Args:
        landscape: the score to maximize; its own kappa does not matter.
        kappas: how much each row explores, (k,).
        space: what may be tried.
        known: keys of the rows that must not be returned.
        rng: draws the candidates.
        effort: how many of them.

    Returns:
        Canonical, legal, different rows, (m, d); m < k when no more are found among the candidates.
    """
    rest = few_remaining(space, known, effort)
    candidates = candidates_of(landscape, space, effort, rng) if rest is None else rest
    candidates = first_new(candidates, known, len(candidates))
    picks = _picks(landscape, kappas, candidates)
    raw = candidates[picks]
    if rest is not None or not len(raw) or not landscape.has_slopes:
        return raw
    return _different(raw, _climbed(landscape, kappas[: len(raw)], space, raw, rng, effort.n_steps), known, space)


def drawn_rows(
    landscape: Landscape, space: Space, known: set[bytes], rng: np.random.Generator, effort: Effort, n: int
) -> Array:
    """Draw n different new rows among the candidates, each with a probability that grows exponentially with its score.

    Args:
        landscape: the score, in units of one standard deviation of the targets, which is the temperature.
        space: what may be tried.
        known: keys of the rows that must not be returned.
        rng: draws candidates and rows.
        effort: how many candidates.
        n: how many rows.

    Returns:
        Canonical, legal, different rows, (k, d); k < n when there are not as many new candidates.

    Source: the Boltzmann distribution; drawing without replacement by Gumbel noise on the logarithms, Yellott (1977).
    """
    rest = few_remaining(space, known, effort)
    candidates = candidates_of(landscape, space, effort, rng) if rest is None else rest
    candidates = first_new(candidates, known, len(candidates))
    if not len(candidates):
        return candidates
    noisy = landscape.value(candidates) + rng.gumbel(size=len(candidates))
    return candidates[np.argsort(-noisy, kind="stable")[:n]]


def _picks(landscape: Landscape, kappas: Array, candidates: Array) -> Indices:
    """Places of the candidates taken, (m,)."""
    if not len(candidates):
        return np.empty(0, np.intp)
    outlook = landscape.at(candidates)
    is_free = np.ones(len(candidates), bool)
    picks: list[int] = []
    for kappa in kappas[: len(candidates)]:
        values = outlook.value(float(kappa))
        picks.append(int(np.argmax(np.where(is_free, values, -np.inf))))
        is_free[picks[-1]] = False
        outlook.count_on(picks[-1])
    return np.array(picks, np.intp)


def _climbed(
    landscape: Landscape, kappas: Array, space: Space, rows: Array, rng: np.random.Generator, n_steps: int
) -> Array:
    """Canonical rows uphill of the given ones, and one discrete change further where that is better, (k, d)."""
    climbed = space.canonical(ascent(landscape.under(kappas), space, rows, n_steps))
    if space.is_continuous.all():
        return climbed
    good = landscape.best_rows(N_GOOD)
    changed = [neighbours(space, row, good, rng) for row in climbed]
    owner = np.repeat(np.arange(len(climbed)), [len(rows) for rows in changed])
    pool = np.concatenate((climbed, *changed))
    owners = np.concatenate((np.arange(len(climbed)), owner))
    values = landscape.under(kappas[owners]).value(pool)
    best = climbed.copy()
    for i in range(len(climbed)):
        mine = np.flatnonzero(owners == i)
        best[i] = pool[mine[np.argmax(values[mine])]]
    return best


def _different(raw: Array, climbed: Array, known: set[bytes], space: Space) -> Array:
    """The climbed rows, but the raw one where the climbed one is illegal, known or close to one taken, (k, d)."""
    is_good: Mask = space.legal(climbed)
    raw_keys = row_keys(raw)
    taken: list[Array] = []
    keys = set(known)
    for i, (row, key) in enumerate(zip(climbed, row_keys(climbed), strict=True)):
        is_apart = not taken or np.abs(np.array(taken) - row).max(axis=1).min() > _SAME_PLACE
        if is_good[i] and is_apart and key not in keys and key not in raw_keys[i + 1 :]:
            chosen, chosen_key = row, key
        else:
            chosen, chosen_key = raw[i], raw_keys[i]
        if chosen_key not in keys:
            taken.append(chosen)
            keys.add(chosen_key)
    return np.array(taken)
