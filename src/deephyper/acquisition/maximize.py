"""The best new rows of a landscape.

Candidates come first, then a joint ascent from the best of them, then single changes of what cannot be climbed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, minimize

from .._arrays import Array
from ..space import Space
from .candidates import any_new, around, first_new, legal_rows, neighbours, remaining
from .genetic import evolved
from .landscape import Landscape

N_PARENTS = 6
N_GOOD = 100
_N_RAW = 20
_START_DISTANCE = 0.05
_POLISH_ROUNDS = 3
_HILL_ROUNDS = 3
# A step uphill may need a second look.
_N_MORE_LOOKS = 6


# The defaults: docs/engine.md, "The best row under the score"; docs/benchmarks.md: twice the candidates gain little.
@dataclass(frozen=True)
class Effort:
    """How hard to look for the top of a landscape.

    Args:
        n_points: candidates to score first.
        n_starts: how many of the best ones to climb from.
        n_steps: how many steps uphill at most; 0 for none.
    """

    n_points: int = 600
    n_starts: int = 5
    n_steps: int = 15


# From a landscape, the space, the keys of known rows, the effort and a generator to many canonical, legal rows, the
# best first, (m, d). Known rows may be among them; the keys are there so that they do not crowd out others.
Pool = Callable[[Landscape, Space, set[bytes], Effort, np.random.Generator], Array]


@dataclass(frozen=True)
class Maximizer:
    """A way to look for the top of a landscape.

    Args:
        pool: finds good rows.
        needs_slopes: whether the surrogate must have gradients.
        usual: effort where the user does not say.
        has_starts: whether it looks on from some of the best candidates.
    """

    pool: Pool
    needs_slopes: bool
    usual: Effort
    has_starts: bool = False


def best_new_rows(
    landscape: Landscape,
    space: Space,
    known: set[bytes],
    rng: np.random.Generator,
    maximizer: Maximizer,
    effort: Effort,
    n: int = 1,
) -> Array:
    """Find the n best rows that are not known.

    Args:
        landscape: the score to maximize.
        space: what may be tried.
        known: keys of the rows that must not be returned.
        rng: draws the candidates.
        maximizer: how to look.
        effort: how hard.
        n: how many rows.

    Returns:
        Canonical, legal, different rows, the best first, (k, d); k < n only when no more are left among the candidates,
        and 0 only when none is left at all, or none that many draws can find.
    """
    pool = few_remaining(space, known, effort)
    if pool is None:
        pool = maximizer.pool(landscape, space, known, effort, rng)
    elif len(pool):
        pool = pool[np.argsort(-landscape.value(pool), kind="stable")]
    best = first_new(pool, known, n)
    return best if len(best) else any_new(space, known, rng)


def few_remaining(space: Space, known: set[bytes], effort: Effort) -> Array | None:
    """All new rows of a finite space, when they are no more than the candidates would be; else None."""
    is_many = space.n_columns > 0 and (space.grid is None or len(space.grid) - len(known) > effort.n_points)
    return None if is_many else remaining(space, known)


def candidates_of(landscape: Landscape, space: Space, effort: Effort, rng: np.random.Generator) -> Array:
    """Legal rows, half anywhere and half around good ones."""
    n_around = effort.n_points // 2
    anywhere = space.sample(effort.n_points - n_around, rng)
    return np.concatenate((anywhere, around(space, landscape.best_rows(N_PARENTS), n_around, rng)))


def _ranked(landscape: Landscape, rows: Array) -> tuple[Array, Array]:
    """The rows and their scores, best first."""
    if not len(rows):
        return rows, np.empty(0)
    values = landscape.value(rows)
    order = np.argsort(-values, kind="stable")
    return rows[order], values[order]


def sampled(landscape: Landscape, space: Space, known: set[bytes], effort: Effort, rng: np.random.Generator) -> Array:
    """A pool of rows drawn from the priors of the hyperparameters."""
    return _ranked(landscape, space.sample(effort.n_points, rng))[0]


def climbed(landscape: Landscape, space: Space, known: set[bytes], effort: Effort, rng: np.random.Generator) -> Array:
    """A pool of candidates, of rows uphill of the best of them, and of neighbours of the best row."""
    candidates, _ = _ranked(landscape, candidates_of(landscape, space, effort, rng))
    if not len(candidates):
        return candidates
    uphill = legal_rows(
        space, space.canonical(ascent(landscape, space, _spread(candidates, effort.n_starts), effort.n_steps))
    )
    return _with_polished(
        landscape, space, np.concatenate((uphill, first_new(candidates, known, _N_RAW))), candidates, rng
    )


def searched_around(
    landscape: Landscape, space: Space, known: set[bytes], effort: Effort, rng: np.random.Generator
) -> Array:
    """The same for surrogates without slopes: instead of a climb, children of the best rows so far, and theirs."""
    rows, values = _ranked(landscape, candidates_of(landscape, space, effort, rng))
    for _ in range(_HILL_ROUNDS):
        if not len(rows):
            return rows
        children, found = _ranked(landscape, around(space, rows[: effort.n_starts], effort.n_points // 4, rng))
        rows, values = np.concatenate((rows, children)), np.concatenate((values, found))
        order = np.argsort(-values, kind="stable")
        rows, values = rows[order], values[order]
    return _with_polished(landscape, space, first_new(rows, known, _N_RAW), rows, rng)


def adapted(landscape: Landscape, space: Space, known: set[bytes], effort: Effort, rng: np.random.Generator) -> Array:
    """What suits the surrogate: a climb where it has slopes."""
    pool = climbed if landscape.has_slopes else searched_around
    return pool(landscape, space, known, effort, rng)


def bred(landscape: Landscape, space: Space, known: set[bytes], effort: Effort, rng: np.random.Generator) -> Array:
    """A pool that a genetic search leaves behind."""
    return evolved(landscape, space, candidates_of(landscape, space, effort, rng), rng)


MAXIMIZERS = {
    "auto": Maximizer(adapted, needs_slopes=False, usual=Effort(), has_starts=True),
    "sampling": Maximizer(sampled, needs_slopes=False, usual=Effort(n_points=5_000)),
    "lbfgs": Maximizer(climbed, needs_slopes=True, usual=Effort(), has_starts=True),
    # Both names for one search, which mixes all kinds of hyperparameters.
    "ga": Maximizer(bred, needs_slopes=False, usual=Effort(n_points=200)),
    "mixedga": Maximizer(bred, needs_slopes=False, usual=Effort(n_points=200)),
}


def _spread(candidates: Array, n: int) -> Array:
    """The first candidate and the next ones that lie apart from those taken, at most n, (k, d)."""
    near = candidates[: 3 * _N_RAW]
    is_apart = np.abs(near[:, None, :] - near[None, :, :]).max(axis=2) > _START_DISTANCE
    places = [0]
    for i in range(1, len(near)):
        if len(places) < n and is_apart[i, places].all():
            places.append(i)
    return candidates[places]


def ascent(landscape: Landscape, space: Space, starts: Array, n_steps: int = Effort.n_steps) -> Array:
    """Climb from rows (k, d) in all active numeric columns at once; what comes back is not snapped."""
    is_free = space.active(starts) & ~space.is_categorical
    if not is_free.any() or not n_steps:
        return starts

    def descent(cells: Array) -> tuple[float, Array]:
        rows = starts.copy()
        rows[is_free] = cells
        value, slope = landscape.gradient(rows)
        return -float(value.sum()), -slope[is_free]

    found = minimize(
        descent,
        starts[is_free],
        jac=True,
        method="L-BFGS-B",
        bounds=Bounds(np.zeros(is_free.sum()), np.ones(is_free.sum())),
        options={"maxiter": n_steps, "maxfun": n_steps + _N_MORE_LOOKS},
    )
    rows = starts.copy()
    rows[is_free] = found.x
    return rows


def _with_polished(landscape: Landscape, space: Space, tops: Array, others: Array, rng: np.random.Generator) -> Array:
    """The top rows and better neighbours, the best first, then the others, in case all of those are known."""
    if not len(tops):
        return others
    polished, values = _polished(landscape, space, tops, rng)
    return np.concatenate((polished[np.argsort(-values, kind="stable")], others))


def _polished(landscape: Landscape, space: Space, pool: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Add neighbours of the best row, and theirs while they are better: the pool, (k, d), and its values, (k,)."""
    values = landscape.value(pool)
    if space.is_continuous.all():
        return pool, values
    good = landscape.best_rows(N_GOOD)
    for _ in range(_POLISH_ROUNDS):
        best = int(np.argmax(values))
        around_best = neighbours(space, pool[best], good, rng)
        if not len(around_best):
            break
        found = landscape.value(around_best)
        has_improved = found.max() > values[best]
        pool, values = np.concatenate((pool, around_best)), np.concatenate((values, found))
        if not has_improved:
            break
    return pool, values
