"""What is learned from the evaluated rows beyond the rows themselves, and when.

At anchor sizes (10, 20, 30, 50, 100, ...) fitting restarts from the prior mean; between anchors it starts from the
previous fit. So hyperparameters depend on the evaluated rows alone, and those of an interrupted search are rebuilt by
repeating what came after the newest anchor.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np

from .._draws import Purpose
from ..moo import merit
from ..surrogate import Data, Hyperparameters, best_and_random, learn_labels, targets
from ..transfer import Guidance
from .context import Context
from .told import Told

# After how many rows a start with much noise is tried again: see `surrogate.hyperparameters.learn`.
_NOISE_EVERY = 10
# How often is chosen in docs/engine.md, "The model".
_LEARN_ALWAYS_BELOW = 50
_MOST_LABELS = 200


@final
@dataclass(frozen=True, eq=False)
class Lesson:
    """What was learned at one time.

    Args:
        learned: hyperparameters for each of the m objectives, as the surrogate's family understands them.
        success: hyperparameters of the model of success; None while all evaluations succeed.
        n_rows: how many rows were evaluated then.
        is_of_values: whether it is about values; else it is about success alone.
        guidances: what earlier tasks add to the mean of each objective; None where they add nothing.
    """

    learned: tuple[Any, ...]
    success: Hyperparameters | None
    n_rows: int
    is_of_values: bool
    guidances: tuple[Guidance | None, ...] = (None,)


def newest_anchor(n_rows: int) -> int:
    """The largest of 0, 10, 20, 30, 50, 100, 200, 300, 500, 1000, ... that is at most `n_rows`."""
    if n_rows < 10:
        return 0
    decade: int = 10 ** (len(str(n_rows)) - 1)
    return max(decade * step for step in (1, 2, 3, 5) if decade * step <= n_rows)


def is_cold(last: Lesson, told: Told) -> bool:
    """Whether the next lesson starts from the prior mean: past an anchor, or if the last was about something else."""
    return last.n_rows < newest_anchor(len(told.X)) or last.is_of_values != told.has_enough_values


def is_lesson_due(context: Context, last: Lesson | None, told: Told, growth: float = 0.0) -> bool:
    """Whether to learn again: after every row at first, then more rarely, and always past an anchor.

    Args:
        context: what is learned from beside the rows.
        last: the last lesson.
        told: the rows.
        growth: by which share they have to have grown since the last lesson, where lessons have to be saved.
    """
    n_rows = len(told.X)
    if last is None or last.is_of_values != told.has_enough_values:
        return True
    if context.models_success(told) and last.success is None:
        return True
    if growth:
        return n_rows - last.n_rows >= growth * n_rows
    if is_cold(last, told):
        return True
    return n_rows - last.n_rows >= (1 if n_rows < _LEARN_ALWAYS_BELOW else max(2, n_rows // 50))


def learn(context: Context, told: Told, last: Lesson | None, is_short: bool = False) -> Lesson:
    """Learn hyperparameters, starting from the last ones unless an anchor was passed since.

    Args:
        context: what is learned from beside the rows.
        told: the rows.
        last: the last lesson.
        is_short: start from the last lesson wherever it was about the same, and look for noise at anchors alone.
    """
    n_rows = len(told.X)
    start, may_be_noisy = last, last is not None and last.n_rows // _NOISE_EVERY != n_rows // _NOISE_EVERY
    if last is not None and is_cold(last, told):
        start = last if is_short and last.is_of_values == told.has_enough_values else None
    elif is_short:
        may_be_noisy = False
    rng = context.draws.at(Purpose.FIT, n_rows)
    sets = _learned_from(context, told, rng)
    guidances = tuple(_guidance(context, told, data) for data in sets)
    starts = (None,) * len(sets) if start is None else start.learned
    learned = tuple(
        context.family.learn(unexplained(guidance, data), before, may_be_noisy, rng)
        for guidance, data, before in zip(guidances, sets, starts, strict=True)
    )
    success = None
    if context.models_success(told):
        success = learn_labels(labelled(context, told), None if start is None else start.success)
    return Lesson(learned, success, n_rows, told.has_enough_values, guidances)


def _learned_from(context: Context, told: Told, rng: np.random.Generator) -> list[Data]:
    """For each objective the rows to learn from, the same for all, and its targets there."""
    places, Y = context.lessons_of(told)
    Z = np.column_stack([targets(y) for y in Y.T])  # each column by itself
    seen = best_and_random(merit(Z), context.family.most_learned, rng)
    X = told.X[places[seen]]
    return [Data.of(X, z, context.space.n_choices) for z in Z[seen].T]


def labelled(context: Context, told: Told) -> Data:
    """Some rows, and as targets +1 where they succeeded, -1 where they failed."""
    # Failures come last in the order of values: so the best are kept, and some of all the others.
    rng = context.draws.at(Purpose.SUCCESS, len(told.X))
    seen = best_and_random(told.merit, _MOST_LABELS, rng)
    return Data.of(told.X[seen], np.where(told.succeeded[seen], 1.0, -1.0), context.space.n_choices)


def unexplained(guidance: Guidance | None, data: Data) -> Data:
    """The data with what the guidance leaves of the targets."""
    return data if guidance is None else replace(data, y=data.y - guidance.value(data.X))


def _guidance(context: Context, told: Told, judged: Data) -> Guidance | None:
    """What earlier tasks add to the mean of an objective, judged by some rows and its targets there."""
    if context.source is None or not told.has_enough_values:
        return None
    return context.source.guidance(told.X, told.merit, judged)


def is_source_trusted(context: Context, told: Told, n_rows: int) -> bool:
    """Whether the first `n_rows` rows, if there are that many, agree with what earlier tasks say of them."""
    if context.source is None or len(told.X) < n_rows:
        return False
    first = told.first(n_rows)
    places, Y = context.lessons_of(first)
    judged = Data.of(first.X[places], targets(merit(Y)), context.space.n_choices)
    return first.has_enough_values and context.source.is_trusted(first.X, first.merit, judged)
