"""The model of one search: when its hyperparameters are learned, from where, and which rows it sees.

Hyperparameters depend on the told rows alone: at anchors they are learned from the prior's centre, in between from the last
ones. So those of an interrupted search are rebuilt by repeating what came after the newest anchor. Between two lessons the
model grows row by row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from .._arrays import Array, Indices
from .._draws import Draws, Purpose
from ..space import Space
from ..surrogate import (
    Data,
    Family,
    Hyperparameters,
    SuccessModel,
    Surrogate,
    Warp,
    best_and_random,
    condition,
    learn_labels,
    targets,
)
from ..transfer import Guidance, Guided, Source

_NOISE_EVERY = 10
_LEARN_ALWAYS_BELOW = 50
_MOST_PENDING = 200
FEWEST_VALUES = 3
# A model that has grown by more is made anew of other rows.
_MOST_GROWTH = 1.125
_MOST_LABELS = 200


FailureRule = Literal["model", "min", "mean", "ignore"]


@dataclass(frozen=True, eq=False)
class Told:
    """What a model is made of.

    Args:
        X: told rows, (N, d), in the order told.
        y: their objectives, (N,); NaN for a failed evaluation.
        space: what may be tried.
        draws: of the search.
        failures: what a failed evaluation means: "model" learns where evaluations succeed, "min" and "mean" count it as the
            lowest or the mean value, "ignore" as if it had not been made.
        source: what is known of earlier tasks, if anything.
    """

    X: Array
    y: Array
    space: Space
    draws: Draws
    failures: FailureRule = "model"
    source: Source | None = None

    @property
    def n_values(self) -> int:
        """How many evaluations gave a value."""
        return int(np.isfinite(self.y).sum())

    @property
    def is_of_values(self) -> bool:
        """Whether there are enough values to model them; until then what is modelled is success itself."""
        return self.n_values >= FEWEST_VALUES

    @property
    def can_be_modelled(self) -> bool:
        """Whether a model can say anything: about values, or about where evaluations succeed at all."""
        is_of_success = self.n_values > 0 and len(self.y) >= FEWEST_VALUES and self.failures != "ignore"
        return self.is_of_values or is_of_success

    @property
    def is_success_modelled(self) -> bool:
        """Whether it is worth modelling, beside the values, where evaluations succeed."""
        return self.failures == "model" and self.is_of_values and self.n_values < len(self.y)

    @property
    def taught(self) -> tuple[Indices, Array]:
        """Places of the rows to learn from, (n,), and the objectives to learn, (n,)."""
        succeeded = np.isfinite(self.y)
        if not self.is_of_values:
            return np.arange(len(self.y)), succeeded.astype(float)
        if self.failures in ("min", "mean"):
            stand_in = self.y[succeeded].min() if self.failures == "min" else self.y[succeeded].mean()
            return np.arange(len(self.y)), np.where(succeeded, self.y, stand_in)
        return np.flatnonzero(succeeded), self.y[succeeded]

    def first(self, n_rows: int) -> Told:
        """The same when only so many rows were told."""
        return replace(self, X=self.X[:n_rows], y=self.y[:n_rows])


@dataclass(frozen=True, eq=False)
class Lesson:
    """What was learned of the told rows, beyond the rows themselves.

    Args:
        learned: hyperparameters, as the surrogate's family understands them.
        success: hyperparameters of the model of success; None while all evaluations succeed.
        n_rows: how many rows were told then.
        is_of_values: whether they are about values; else about success alone.
        guidance: what earlier tasks add to the model's mean; None where nothing is heard of them.
    """

    learned: Any
    success: Hyperparameters | None
    n_rows: int
    is_of_values: bool
    guidance: Guidance | None = None


@dataclass(frozen=True, eq=False)
class Model:
    """A surrogate that has seen told rows and some pending ones.

    Args:
        lesson: the newest one.
        n_told: how many rows were told.
        seen: which of the told rows the surrogate sees, in its order, (n,).
        targets: what it learned at them, (n,).
        told: the surrogate with told rows alone.
        surrogate: the surrogate with the pending rows as well.
        pending: these pending rows, in order, (p, d).
        success: where evaluations succeed; None while all did.
    """

    lesson: Lesson
    n_told: int
    seen: Indices
    targets: Array
    told: Surrogate
    surrogate: Surrogate
    pending: Array
    success: SuccessModel | None

    @property
    def worst(self) -> float:
        """The lowest target."""
        return float(self.targets.min())


def newest_anchor(n_rows: int) -> int:
    """The largest of 0, 10, 20, 30, 50, 100, 200, 300, 500, 1000, ... that is at most `n_rows`."""
    if n_rows < 10:
        return 0
    decade: int = 10 ** (len(str(n_rows)) - 1)
    return max(decade * step for step in (1, 2, 3, 5) if decade * step <= n_rows)


def is_cold(last: Lesson, told: Told) -> bool:
    """Whether the next lesson begins from nothing: an anchor was passed, or it is about something else."""
    return last.n_rows < newest_anchor(len(told.X)) or last.is_of_values != told.is_of_values


def is_lesson_due(last: Lesson | None, told: Told) -> bool:
    """Whether hyperparameters are to be learned anew: at every row at first, then rarer, and past every anchor."""
    n_rows = len(told.X)
    if last is None or is_cold(last, told) or (told.is_success_modelled and last.success is None):
        return True
    return n_rows - last.n_rows >= (1 if n_rows < _LEARN_ALWAYS_BELOW else max(2, n_rows // 50))


def learn(family: Family, told: Told, last: Lesson | None) -> Lesson:
    """Learn hyperparameters, going on from the last ones unless an anchor was passed since."""
    n_rows = len(told.X)
    start = None if last is None or is_cold(last, told) else last
    may_be_noisy = last is not None and last.n_rows // _NOISE_EVERY != n_rows // _NOISE_EVERY
    places, y = told.taught
    z = targets(y)
    rng = told.draws.at(Purpose.FIT, n_rows)
    seen = best_and_random(z, family.most_learned, rng)
    last_learned = None if start is None else start.learned
    data = Data.of(told.X[places[seen]], z[seen], told.space.n_choices)
    guidance = _guidance(told, data)
    learned = family.learn(_unexplained(guidance, data), last_learned, may_be_noisy, rng)
    success = None
    if told.is_success_modelled:
        success = learn_labels(_labelled(told), None if start is None else start.success)
    return Lesson(learned, success, n_rows, told.is_of_values, guidance)


def _labelled(told: Told) -> Data:
    """Some rows, and as targets +1 where they succeeded, -1 where they failed."""
    # Failures come last in the order of values: so the best are kept, and some of all the others.
    seen = best_and_random(told.y, _MOST_LABELS, told.draws.at(Purpose.SUCCESS, len(told.X)))
    return Data.of(told.X[seen], np.where(np.isfinite(told.y[seen]), 1.0, -1.0), told.space.n_choices)


def _success(told: Told, lesson: Lesson) -> SuccessModel | None:
    if lesson.success is None:
        return None
    return SuccessModel(condition(lesson.success, _labelled(told)))


def conditioned(family: Family, told: Told, lesson: Lesson) -> Model:
    """A model of all told rows, or of the best ones and some others when they are very many."""
    places, y = told.taught
    n_rows = len(told.X)
    seen = best_and_random(y, family.most_conditioned, told.draws.at(Purpose.SUBSET, n_rows))
    z = Warp.of(y)(y[seen])
    surrogate = _guided(family.condition, lesson, Data.of(told.X[places[seen]], z, told.space.n_choices))
    return Model(lesson, n_rows, places[seen], z, surrogate, surrogate, told.X[:0], _success(told, lesson))


def _guidance(told: Told, judged: Data) -> Guidance | None:
    """What earlier tasks add to the mean, judged by some rows."""
    if told.source is None or not told.is_of_values:
        return None
    return told.source.guidance(told.X, told.y, judged)


def is_source_trusted(told: Told, n_rows: int) -> bool:
    """Whether the first `n_rows` told rows, if there are so many, agree with what earlier tasks say of them."""
    if told.source is None or len(told.X) < n_rows:
        return False
    first = told.first(n_rows)
    places, y = first.taught
    judged = Data.of(first.X[places], targets(y), told.space.n_choices)
    return first.is_of_values and told.source.is_trusted(first.X, first.y, judged)


def prior_model(family: Family, model: Model, told: Told) -> Surrogate:
    """What the model would be with length scales and variances at their prior means."""
    if family.prior_model is None:
        return model.surrogate
    data = Data.of(told.X[model.seen], model.targets, told.space.n_choices)
    surrogate = _guided(family.prior_model, model.lesson, data)
    return surrogate.with_pending(model.pending)


def _unexplained(guidance: Guidance | None, data: Data) -> Data:
    """The data with what the guidance leaves of the targets."""
    return data if guidance is None else replace(data, y=data.y - guidance.value(data.X))


def _guided(condition_on: Callable[[Any, Data], Surrogate], lesson: Lesson, data: Data) -> Surrogate:
    """A surrogate which starts from the lesson's guidance if there is one."""
    surrogate = condition_on(lesson.learned, _unexplained(lesson.guidance, data))
    return surrogate if lesson.guidance is None else Guided(surrogate, lesson.guidance, data.X)


def _grown(model: Model, told: Told) -> Model:
    """The model with the rows that were told since, and all targets as they are now."""
    places, y = told.taught
    new = places[places >= model.n_told]
    seen = np.concatenate((model.seen, new))
    z = Warp.of(y)(y[np.searchsorted(places, seen)])
    surrogate = model.told.with_told(Data.of(told.X[seen], z, told.space.n_choices))
    return Model(model.lesson, len(told.X), seen, z, surrogate, surrogate, told.X[:0], _success(told, model.lesson))


def told_model(family: Family, model: Model | None, told: Told) -> Model:
    """A model of all told rows, learning first where that is due, else grown from the last one."""
    last = None if model is None else model.lesson
    if model is None or is_lesson_due(last, told):
        return conditioned(family, told, learn(family, told, last))
    n_seen = len(model.seen) + len(told.X) - model.n_told
    if n_seen > family.most_conditioned * _MOST_GROWTH:
        return conditioned(family, told, model.lesson)
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
    # Of what was learned before an anchor only its time is read.
    lesson = Lesson(None, None, begin - 1, told.first(begin - 1).is_of_values) if begin > n_first else None
    for n in range(begin, n_rows + 1):
        so_far = told.first(n)
        if so_far.can_be_modelled and is_lesson_due(lesson, so_far):
            lesson = learn(family, so_far, lesson)
    if lesson is None:
        return None
    model = conditioned(family, told.first(lesson.n_rows), lesson)
    for n in range(lesson.n_rows + 1, n_rows + 1):
        model = told_model(family, model, told.first(n))
    return model


def with_pending(model: Model, pending: Array) -> Model:
    """The model with rows (p, d) pending; of very many, those nearest to the best row."""
    pending = _nearest(model, pending)
    n_there = len(model.pending)
    if np.array_equal(pending[:n_there], model.pending):
        return replace(model, surrogate=model.surrogate.with_pending(pending[n_there:]), pending=pending)
    return replace(model, surrogate=model.told.with_pending(pending), pending=pending)


def with_lies(model: Model, told: Told, pending: Array, lie: float) -> Model:
    """The model with rows (p, d) as if they had been told and given the target `lie`; of very many, those nearest to the best.

    It serves one suggestion; the next one starts from the model without lies.
    """
    pending = _nearest(model, pending)
    rows = np.concatenate((told.X[model.seen], pending))
    data = Data.of(rows, np.concatenate((model.targets, np.full(len(pending), lie))), told.space.n_choices)
    surrogate = model.told.with_told(data)
    return replace(model, surrogate=surrogate, pending=pending)


def _nearest(model: Model, pending: Array) -> Array:
    if len(pending) <= _MOST_PENDING:
        return pending
    distance = np.abs(pending - model.told.best_rows(1)).max(axis=1)
    return pending[np.sort(np.argsort(distance, kind="stable")[:_MOST_PENDING])]
