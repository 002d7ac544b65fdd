"""The model of one search: when its hyperparameters are learned, from where, and which rows it sees.

Hyperparameters depend on the told rows alone: at anchors they are learned from the prior's centre, in between from the last
ones. So those of an interrupted search are rebuilt by repeating what came after the newest anchor. Between two lessons the
model grows row by row.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .._arrays import Array, Indices
from .._draws import Draws, Purpose
from ..space import Space
from ..surrogate import Family, Surrogate, Warp, best_and_random

_NOISE_EVERY = 10
_LEARN_ALWAYS_BELOW = 50
_MOST_PENDING = 200
# A model that has grown by more is made anew of other rows.
_MOST_GROWTH = 1.125


@dataclass(frozen=True, eq=False)
class Told:
    """What a model is made of.

    Args:
        X: told rows, (N, d), in the order told.
        y: their objectives, (N,); NaN for a failed evaluation.
        space: what may be tried.
        draws: of the search.
    """

    X: Array
    y: Array
    space: Space
    draws: Draws

    def first(self, n_rows: int) -> Told:
        """The same when only so many rows were told."""
        return replace(self, X=self.X[:n_rows], y=self.y[:n_rows])


@dataclass(frozen=True, eq=False)
class Model:
    """A surrogate that has seen told rows and some pending ones.

    Args:
        learned: hyperparameters, as the surrogate's family understands them.
        n_learned: how many rows were told when they were learned.
        n_told: how many rows were told.
        seen: which of the told rows the surrogate sees, in its order, (n,).
        told: the surrogate with told rows alone.
        surrogate: the surrogate with the pending rows as well.
        pending: these pending rows, in order, (p, d).
    """

    learned: Any
    n_learned: int
    n_told: int
    seen: Indices
    told: Surrogate
    surrogate: Surrogate
    pending: Array


def n_choices_of(space: Space) -> Indices:
    """Number of choices of every column, 0 for a numeric one, (d,)."""
    return np.array([int(c.n_levels) if c.is_categorical else 0 for c in space.columns], np.intp)


def newest_anchor(n_rows: int) -> int:
    """The largest of 0, 10, 20, 30, 50, 100, 200, 300, 500, 1000, ... that is at most `n_rows`."""
    if n_rows < 10:
        return 0
    decade: int = 10 ** (len(str(n_rows)) - 1)
    return max(decade * step for step in (1, 2, 3, 5) if decade * step <= n_rows)


def is_lesson_due(n_learned: int | None, n_rows: int) -> bool:
    """Whether hyperparameters are to be learned anew: at every row at first, then rarer, and past every anchor.

    Args:
        n_learned: how many rows there were when they were last learned; None if never.
        n_rows: how many there are now.
    """
    if n_learned is None or n_learned < newest_anchor(n_rows):
        return True
    return n_rows - n_learned >= (1 if n_rows < _LEARN_ALWAYS_BELOW else max(2, n_rows // 50))


def _lesson(family: Family, told: Told, learned: Any, n_learned: int | None) -> Any:
    """Learn hyperparameters from rows, going on from the last ones unless an anchor was passed since."""
    n_rows = len(told.X)
    may_be_noisy = n_learned is not None and n_learned // _NOISE_EVERY != n_rows // _NOISE_EVERY
    is_cold = n_learned is None or n_learned < newest_anchor(n_rows)
    z = Warp.of(told.y)(told.y)
    seen = best_and_random(z, family.most_learned, told.draws.at(Purpose.FIT, n_rows))
    return family.learn(told.X[seen], z[seen], n_choices_of(told.space), None if is_cold else learned, may_be_noisy)


def _conditioned(family: Family, told: Told, learned: Any, n_learned: int) -> Model:
    """A model of all told rows, or of the best ones and some others when they are very many."""
    warp, n_rows = Warp.of(told.y), len(told.X)
    seen = best_and_random(told.y, family.most_conditioned, told.draws.at(Purpose.SUBSET, n_rows))
    surrogate = family.condition(learned, told.X[seen], warp(told.y[seen]), n_choices_of(told.space))
    return Model(learned, n_learned, n_rows, seen, surrogate, surrogate, told.X[:0])


def _grown(model: Model, told: Told) -> Model:
    """The model with the rows that were told since, and all targets as they are now."""
    warp, n_rows = Warp.of(told.y), len(told.X)
    seen = np.concatenate((model.seen, np.arange(model.n_told, n_rows)))
    surrogate = model.told.with_told(told.X[model.n_told :], warp(told.y[seen]))
    return replace(model, n_told=n_rows, seen=seen, told=surrogate, surrogate=surrogate, pending=told.X[:0])


def told_model(family: Family, model: Model | None, told: Told) -> Model:
    """A model of all told rows, learning first where that is due, else grown from the last one."""
    n_rows = len(told.X)
    if model is None or is_lesson_due(model.n_learned, n_rows):
        learned = _lesson(family, told, *((None, None) if model is None else (model.learned, model.n_learned)))
        return _conditioned(family, told, learned, n_rows)
    n_seen = len(model.seen) + n_rows - model.n_told
    if n_seen > family.most_conditioned * _MOST_GROWTH:
        return _conditioned(family, told, model.learned, model.n_learned)
    return _grown(model, told)


def restored_model(family: Family, told: Told, n_first: int) -> Model | None:
    """The model of a search that asked after every tell, rebuilt from the newest anchor on.

    Args:
        family: of the surrogate.
        told: everything that was told.
        n_first: how many rows the first model saw.

    Returns:
        The model after the last row; None if that was before the first model.
    """
    n_rows = len(told.X)
    begin = max(newest_anchor(n_rows), n_first)
    if begin > n_rows:
        return None
    # Of what was learned before an anchor only its time is read.
    learned, n_learned = None, begin - 1 if begin > n_first else None
    for n in range(begin, n_rows + 1):
        if is_lesson_due(n_learned, n):
            learned, n_learned = _lesson(family, told.first(n), learned, n_learned), n
    assert n_learned is not None
    model = _conditioned(family, told.first(n_learned), learned, n_learned)
    for n in range(n_learned + 1, n_rows + 1):
        model = told_model(family, model, told.first(n))
    return model


def with_pending(model: Model, pending: Array) -> Model:
    """The model with rows (p, d) pending; of very many, those nearest to the best row."""
    if len(pending) > _MOST_PENDING:
        distance = np.abs(pending - model.told.best_rows(1)).max(axis=1)
        pending = pending[np.sort(np.argsort(distance, kind="stable")[:_MOST_PENDING])]
    n_there = len(model.pending)
    if np.array_equal(pending[:n_there], model.pending):
        return replace(model, surrogate=model.surrogate.with_pending(pending[n_there:]), pending=pending)
    return replace(model, surrogate=model.told.with_pending(pending), pending=pending)
