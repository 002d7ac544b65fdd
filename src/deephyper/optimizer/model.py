"""The model of one search: surrogates of the objectives that grow row by row between two lessons."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np

from .._arrays import Array, Indices, Mask
from .._draws import Purpose
from ..acquisition import best_rows
from ..moo import merit
from ..surrogate import Data, SuccessModel, Surrogate, Warp, best_and_random, condition
from ..transfer import Guided
from .context import Context
from .lesson import Lesson, is_lesson_due, labelled, learn, newest_anchor, unexplained
from .told import Told

# How many pending rows count is stated in docs/engine.md, "What runs counts".
_MOST_PENDING = 200
# A model that has grown by more than an eighth is made again, of other rows.
_MOST_GROWTH = 1.125


@final
@dataclass(frozen=True, eq=False)
class Model:
    """Surrogates that have seen evaluated rows and some pending ones: one for each of m objectives.

    Args:
        lesson: the newest one.
        succeeded: which of the evaluated rows had a value then, (N,).
        seen: places of the rows that the surrogates see, in their order, (n,); the same for all.
        targets: what they learned there, (n, m).
        settled: the surrogates with evaluated rows alone.
        beliefs: the same with the pending rows as well.
        pending: these pending rows, in order, (p, d).
        success: where evaluations succeed; None while all did.
    """

    lesson: Lesson
    succeeded: Mask
    seen: Indices
    targets: Array
    settled: tuple[Surrogate, ...]
    beliefs: tuple[Surrogate, ...]
    pending: Array
    success: SuccessModel | None

    @property
    def n_told(self) -> int:
        """How many rows were evaluated."""
        return len(self.succeeded)

    @property
    def worst(self) -> Array:
        """The lowest target of each objective, (m,)."""
        lowest: Array = self.targets.min(axis=0)
        return lowest


def conditioned(context: Context, told: Told, lesson: Lesson) -> Model:
    """A model of all rows, or of the best ones and some others when they are very many."""
    places, Y = context.lessons_of(told)
    rng = context.draws.at(Purpose.SUBSET, len(told.X))
    seen = best_and_random(merit(Y), context.family.most_conditioned, rng)
    Z = _warped(Y, seen)
    settled = _surrogates(context.family.condition, lesson, _data(context, told.X[places[seen]], Z))
    return _settled_model(context, told, lesson, places[seen], Z, settled)


def _settled_model(
    context: Context, told: Told, lesson: Lesson, seen: Indices, Z: Array, settled: tuple[Surrogate, ...]
) -> Model:
    """A model without pending rows."""
    success = None
    if lesson.success is not None:
        labels = labelled(context, told)
        success = SuccessModel(condition(lesson.success, labels), labels.X[labels.y > 0.0])
    return Model(lesson, told.succeeded, seen, Z, settled, settled, told.X[:0], success)


def _warped(Y: Array, places: Indices) -> Array:
    """Targets of the rows with these places, (n, m), each column warped as all its values, (N, m), suggest."""
    return np.column_stack([Warp.of(y)(y[places]) for y in Y.T])


def _data(context: Context, X: Array, Z: Array) -> list[Data]:
    """Rows, (n, d), with each column of targets, (n, m)."""
    return [Data.of(X, z, context.space.n_choices) for z in Z.T]


def _surrogates(
    condition_on: Callable[[Any, Data], Surrogate], lesson: Lesson, sets: list[Data]
) -> tuple[Surrogate, ...]:
    """A surrogate for each objective, which starts from what earlier tasks say if the lesson found that useful."""
    surrogates: list[Surrogate] = []
    for learned, guidance, data in zip(lesson.learned, lesson.guidances, sets, strict=True):
        surrogate = condition_on(learned, unexplained(guidance, data))
        surrogates.append(surrogate if guidance is None else Guided(surrogate, guidance, data.X))
    return tuple(surrogates)


def prior_beliefs(context: Context, model: Model, told: Told) -> tuple[Surrogate, ...]:
    """What the beliefs would be with length scales and variances at their prior means."""
    if context.family.prior_model is None:
        return model.beliefs
    data = _data(context, told.X[model.seen], model.targets)
    surrogates = _surrogates(context.family.prior_model, model.lesson, data)
    return tuple(surrogate.with_pending(model.pending) for surrogate in surrogates)


def without(context: Context, model: Model, told: Told, left_out: Mask, pending: Array) -> Model:
    """The model as if some rows, (N,), were still open, with length scales and variances at their prior means.

    What was learned tells mostly these rows from all others. It serves one suggestion, as `with_lies` does.
    """
    places, Y = context.lessons_of(told)
    seen = model.seen[~left_out[model.seen]]
    if not len(seen):
        return model
    is_kept = ~left_out[places]
    Z = _warped(Y[is_kept], np.searchsorted(places[is_kept], seen))
    make = context.family.prior_model or context.family.condition
    settled = _surrogates(make, model.lesson, _data(context, told.X[seen], Z))
    others = replace(model, seen=seen, targets=Z, settled=settled, beliefs=settled, pending=told.X[:0])
    return with_pending(others, np.concatenate((told.X[left_out], pending)))


def _grown(context: Context, model: Model, told: Told) -> Model:
    """The model with the rows that came back since, and all targets as they are now."""
    places, Y = context.lessons_of(told)
    seen = np.concatenate((model.seen, places[places >= model.n_told]))
    Z = _warped(Y, np.searchsorted(places, seen))
    data = _data(context, told.X[seen], Z)
    settled = tuple(s.with_told(d) for s, d in zip(model.settled, data, strict=True))
    return _settled_model(context, told, model.lesson, seen, Z, settled)


def told_model(context: Context, model: Model | None, told: Told, growth: float = 0.0) -> Model:
    """A model of all rows, learning first where that is due, else grown from the last one.

    Args:
        growth: see `is_lesson_due`.
    """
    last = None if model is None else model.lesson
    if model is None or is_lesson_due(context, last, told, growth):
        return conditioned(context, told, learn(context, told, last, is_short=growth > 0))
    return grown_model(context, model, told)


def grown_model(context: Context, model: Model, told: Told) -> Model:
    """The model with all rows that came back since; nothing is learned beyond them."""
    n_seen = len(model.seen) + len(told.X) - model.n_told
    # What is a penalty shows only after some time, and may look different later.
    is_read_anew = not np.array_equal(told.succeeded[: model.n_told], model.succeeded)
    if is_read_anew or n_seen > context.family.most_conditioned * _MOST_GROWTH:
        return conditioned(context, told, model.lesson)
    return _grown(context, model, told)


def restored_model(context: Context, told: Told, n_first: int) -> Model | None:
    """The model of a search that asked after every tell, rebuilt from the newest anchor on.

    Args:
        context: what the model depends on beside the rows.
        told: everything that came back, penalties as values.
        n_first: how many rows the first model saw.

    Returns:
        The model after the last row; None if that was before the first model.
    """
    n_rows = len(told.X)
    begin = max(newest_anchor(n_rows), n_first)
    before, lesson = context.read(told.first(begin - 1)), None
    # While too many evaluations fail nothing is learned, however many there are.
    if begin > n_first and context.can_model(before):
        # Of what was learned before an anchor only its time is read.
        lesson = Lesson((), None, begin - 1, before.has_enough_values)
    for n in range(begin, n_rows + 1):
        so_far = context.read(told.first(n))
        if context.can_model(so_far) and is_lesson_due(context, lesson, so_far):
            lesson = learn(context, so_far, lesson)
    if lesson is None:
        return None
    model = conditioned(context, context.read(told.first(lesson.n_rows)), lesson)
    for n in range(lesson.n_rows + 1, n_rows + 1):
        model = told_model(context, model, context.read(told.first(n)))
    return model


def with_pending(model: Model, pending: Array) -> Model:
    """The model with rows (p, d) pending; of very many, those nearest to the best row."""
    pending = _nearest(model, pending)
    n_there = len(model.pending)
    is_longer = np.array_equal(pending[:n_there], model.pending)
    before, new = (model.beliefs, pending[n_there:]) if is_longer else (model.settled, pending)
    return replace(model, beliefs=tuple(belief.with_pending(new) for belief in before), pending=pending)


def with_lies(context: Context, model: Model, told: Told, pending: Array, lies: Array) -> Model:
    """The model as if rows (p, d) had come back with the targets `lies`, (m,).

    Of very many rows it knows those nearest to the best one.

    It serves one suggestion; the next one starts from the model without lies.
    """
    pending = _nearest(model, pending)
    rows = np.concatenate((told.X[model.seen], pending))
    Z = np.concatenate((model.targets, np.tile(lies, (len(pending), 1))))
    data = _data(context, rows, Z)
    beliefs = tuple(s.with_told(d) for s, d in zip(model.settled, data, strict=True))
    return replace(model, beliefs=beliefs, pending=pending)


def _nearest(model: Model, pending: Array) -> Array:
    if len(pending) <= _MOST_PENDING:
        return pending
    distance = np.abs(pending - best_rows(model.settled, 1)).max(axis=1)
    return pending[np.sort(np.argsort(distance, kind="stable")[:_MOST_PENDING])]
