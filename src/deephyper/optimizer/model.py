"""The model of one search: when its hyperparameters are learned, from where, and which rows it sees.

Hyperparameters depend on the told rows alone: at anchors they are learned from the prior's centre, in between from the last
ones. So those of an interrupted search are rebuilt by repeating what came after the newest anchor.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .._arrays import Array, Indices
from .._draws import Draws, Purpose
from ..space import Space, row_keys
from ..surrogate import SURROGATES, Surrogate, best_and_random, targets

_FAMILY = SURROGATES["GP"]
_NOISE_EVERY = 10
_REFIT_ALWAYS_BELOW = 100
_MOST_PENDING = 200


@dataclass(frozen=True, eq=False)
class Learned:
    """Hyperparameters.

    Args:
        theta: what the surrogate's family understands.
        n_rows: how many rows were told when they were learned.
    """

    theta: Array
    n_rows: int


@dataclass(frozen=True, eq=False)
class Model:
    """A surrogate that has seen all told rows and some pending ones.

    Args:
        learned: its hyperparameters.
        n_told: how many rows were told.
        told: the surrogate with the told rows alone.
        surrogate: the surrogate with the pending rows as well.
        pending: keys of these pending rows, in order.
    """

    learned: Learned
    n_told: int
    told: Surrogate
    surrogate: Surrogate
    pending: tuple[bytes, ...] = ()


def n_choices_of(space: Space) -> Indices:
    """Number of choices of every column, 0 for a numeric one, (d,)."""
    return np.array([int(c.n_levels) if c.is_categorical else 0 for c in space.columns], np.intp)


def newest_anchor(n_rows: int) -> int:
    """The largest of 0, 10, 20, 30, 50, 100, 200, 300, 500, 1000, ... that is at most `n_rows`."""
    if n_rows < 10:
        return 0
    decade: int = 10 ** (len(str(n_rows)) - 1)
    return max(decade * step for step in (1, 2, 3, 5) if decade * step <= n_rows)


def is_fit_due(last: Learned | None, n_rows: int) -> bool:
    """Whether hyperparameters are to be learned anew: at every row at first, then rarer, and past every anchor."""
    if last is None or last.n_rows < newest_anchor(n_rows):
        return True
    return n_rows - last.n_rows >= (1 if n_rows < _REFIT_ALWAYS_BELOW else n_rows // 50)


def learn(last: Learned | None, X: Array, z: Array, space: Space, draws: Draws) -> Learned:
    """Learn hyperparameters from rows (N, d) and targets (N,)."""
    n_rows = len(X)
    is_cold = last is None or last.n_rows < newest_anchor(n_rows)
    may_be_noisy = last is not None and last.n_rows // _NOISE_EVERY != n_rows // _NOISE_EVERY
    seen = best_and_random(z, _FAMILY.most_learned, draws.at(Purpose.FIT, n_rows))
    start = None if last is None or is_cold else last.theta
    return Learned(_FAMILY.learn(X[seen], z[seen], n_choices_of(space), start, may_be_noisy), n_rows)


def relearned(X: Array, y: Array, n_first: int, space: Space, draws: Draws) -> Learned | None:
    """Learn as a search would have that asked after every tell: from the newest anchor on.

    Args:
        X: rows in the order told, (N, d).
        y: their objectives, (N,).
        n_first: how many rows the first model saw.
        space: what may be tried.
        draws: of the search.

    Returns:
        What had been learned after the last row; None if that was before the first model.
    """
    begin = max(newest_anchor(len(X)), n_first)
    # Of what was learned before an anchor only its time is read.
    last = Learned(np.empty(0), begin - 1) if begin > n_first else None
    for n_rows in range(begin, len(X) + 1):
        if is_fit_due(last, n_rows):
            last = learn(last, X[:n_rows], targets(y[:n_rows]), space, draws)
    return last


def told_model(last: Learned | None, X: Array, y: Array, space: Space, draws: Draws) -> Model:
    """Make a model that has seen rows (N, d) with objectives (N,), learning first where that is due."""
    z, n_rows = targets(y), len(X)
    learned = learn(last, X, z, space, draws) if last is None or is_fit_due(last, n_rows) else last
    seen = best_and_random(z, _FAMILY.most_conditioned, draws.at(Purpose.SUBSET, n_rows))
    surrogate = _FAMILY.condition(learned.theta, X[seen], z[seen], n_choices_of(space))
    return Model(learned, n_rows, surrogate, surrogate)


def with_pending(model: Model, pending: Array) -> Model:
    """The model with rows (p, d) pending; of very many, those nearest to the best row."""
    if len(pending) > _MOST_PENDING:
        distance = np.abs(pending - model.told.best_rows(1)).max(axis=1)
        pending = pending[np.sort(np.argsort(distance, kind="stable")[:_MOST_PENDING])]
    keys = tuple(row_keys(pending))
    n_there = len(model.pending)
    if keys[:n_there] == model.pending:
        return replace(model, surrogate=model.surrogate.with_pending(pending[n_there:]), pending=keys)
    return replace(model, surrogate=model.told.with_pending(pending), pending=keys)
