"""The best new row of a landscape: candidates, a joint ascent from the best of them, and a polish of what cannot be climbed."""

from __future__ import annotations

import numpy as np
from scipy.optimize import Bounds, minimize

from .._arrays import Array
from ..space import Space
from .candidates import any_new, around, first_new, legal_rows, neighbours, remaining
from .landscape import Landscape

N_ANYWHERE = 300
N_AROUND = 300
N_PARENTS = 6
_N_STARTS = 5
_N_RAW = 20
_START_DISTANCE = 0.05
_POLISH_ROUNDS = 3


def best_new_row(landscape: Landscape, space: Space, known: set[bytes], rng: np.random.Generator) -> Array:
    """Find the best row that is not known.

    Args:
        landscape: the score to maximize.
        space: what may be tried.
        known: keys of the rows that must not be returned.
        rng: draws the candidates.

    Returns:
        A canonical, legal row, (1, d); (0, d) when none is left, or none that many draws can find.
    """
    rest = few_remaining(space, known)
    if rest is not None:
        return rest[np.argmax(landscape.value(rest))][None] if len(rest) else rest
    candidates = candidates_of(landscape, space, rng)
    if not len(candidates):
        return any_new(space, known, rng)
    values = landscape.value(candidates)
    order = np.argsort(-values, kind="stable")
    candidates = candidates[order]
    refined = legal_rows(space, space.canonical(ascent(landscape, space, _spread(candidates))))
    pool = np.concatenate((refined, first_new(candidates, known, _N_RAW)))
    if not len(pool):
        return any_new(space, known, rng)
    pool, values = _polished(landscape, space, pool, rng)
    best = first_new(pool[np.argsort(-values, kind="stable")], known, 1)
    return best if len(best) else any_new(space, known, rng)


def few_remaining(space: Space, known: set[bytes]) -> Array | None:
    """All new rows of a finite space, when they are no more than the candidates would be; else None."""
    is_many = space.n_columns > 0 and (space.grid is None or len(space.grid) - len(known) > N_ANYWHERE + N_AROUND)
    return None if is_many else remaining(space, known)


def candidates_of(landscape: Landscape, space: Space, rng: np.random.Generator) -> Array:
    """Legal rows, half anywhere and half around good ones; of the former, half from the prior if there is one."""
    parents = landscape.surrogate.best_rows(N_PARENTS)
    found = []
    n_anywhere = N_ANYWHERE
    if landscape.prior is not None:
        n_anywhere //= 2
        found.append(landscape.prior.sample(N_ANYWHERE - n_anywhere, rng))
    found.append(space.sample(n_anywhere, rng))
    found.append(around(space, parents, N_AROUND, rng))
    return np.concatenate(found)


def _spread(candidates: Array) -> Array:
    """The first candidate and the next ones that lie apart from those taken, (k, d)."""
    places = [0]
    for i in range(1, min(3 * _N_RAW, len(candidates))):
        if np.abs(candidates[places] - candidates[i]).max(axis=1).min() > _START_DISTANCE:
            places.append(i)
            if len(places) == _N_STARTS:
                break
    return candidates[places]


def ascent(landscape: Landscape, space: Space, starts: Array) -> Array:
    """Climb from rows (k, d) in all active numeric columns at once; what comes back is not snapped."""
    is_free = space.active(starts) & ~space.is_categorical
    if not is_free.any():
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
        options={"maxiter": 15, "maxfun": 21},
    )
    rows = starts.copy()
    rows[is_free] = found.x
    return rows


def _polished(landscape: Landscape, space: Space, pool: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Add the neighbours of the best row, and of theirs while they are better; the pool and its values, (k, d) and (k,)."""
    values = landscape.value(pool)
    if space.is_continuous.all():
        return pool, values
    for _ in range(_POLISH_ROUNDS):
        best = int(np.argmax(values))
        around_best = neighbours(space, pool[best], rng)
        if not len(around_best):
            break
        found = landscape.value(around_best)
        has_improved = found.max() > values[best]
        pool, values = np.concatenate((pool, around_best)), np.concatenate((values, found))
        if not has_improved:
            break
    return pool, values
