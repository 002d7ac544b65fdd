"""What the model says to people, in the units of the objective: what it believes of rows, and which one is the best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from .._arrays import Array, Indices
from ..surrogate import Warp
from .context import Context
from .model import Model, grown_model
from .told import Told


@final
@dataclass(frozen=True, eq=False)
class Belief:
    """What is believed of the objective at n rows, without the noise of evaluations.

    Args:
        mean: the objective at the mean of the targets, (n,): it is as likely to be higher as to be lower.
        std: half the distance of the objectives one standard deviation of the targets above and below, (n,).
    """

    mean: Array
    std: Array


@final
@dataclass(frozen=True)
class Recommended:
    """An evaluated row.

    Args:
        place: its place among all that were told.
        value: what is believed of it; while nothing can be said, what was observed.
    """

    place: int
    value: float


def can_believe(told: Told) -> bool:
    """Whether there are enough values, and any differences between them, to believe anything of other rows."""
    return told.has_enough_values and not told.is_flat


def believed(context: Context, model: Model, told: Told, X: Array) -> Belief:
    """What a model of all told rows says of rows (n, d), whatever is pending."""
    posterior = model.settled[0].predict(X)
    y = context.lessons_of(told)[1][:, 0]
    low, high = (_objectives(y, posterior.mean + side * posterior.std) for side in (-1.0, 1.0))
    return Belief(_objectives(y, posterior.mean), 0.5 * high - 0.5 * low)


def recommended(context: Context, model: Model | None, told: Told) -> Recommended | None:
    """The evaluated row of which most is believed; None before any has a value.

    Args:
        context: what the model depends on beside the rows.
        model: the newest one, perhaps of fewer rows. It grows by the others, but learns nothing beyond them: this must
            cost little.
        told: everything that came back.
    """
    observed = told.merit
    if not told.n_values:
        return None
    if model is None or not model.lesson.is_of_values or not can_believe(told):
        best = int(np.nanargmax(observed))
        return Recommended(best, float(observed[best]))
    places, means = _means(context, model, told)
    is_value = told.succeeded[places]
    places, means = places[is_value], means[is_value]
    # Where nothing tells rows apart, what was observed does; of equal ones the first is taken.
    best = int(np.lexsort((-places, observed[places], means))[-1])
    value = _objectives(context.lessons_of(told)[1][:, 0], means[best : best + 1])
    return Recommended(int(places[best]), float(value[0]))


def _means(context: Context, model: Model, told: Told) -> tuple[Indices, Array]:
    """Places of evaluated rows, (n,), and the mean of the targets at each, (n,)."""
    if context.family.has_slopes:
        grown = grown_model(context, model, told)
        return grown.seen, grown.settled[0].fitted()[1]
    # What has no slopes would have to be fitted again to grow, so it predicts the newest rows instead.
    places = np.flatnonzero(told.succeeded)
    return places, model.settled[0].predict(told.X[places]).mean


def _objectives(y: Array, targets: Array) -> Array:
    """Objectives of targets, (n,), by the warp of the learned ones, (N,).

    The warp hardly tells terrible values apart, so its inverse is steep there. Nothing is believed to be farther from
    the learned values than they span.
    """
    largest = float(np.finfo(float).max)
    with np.errstate(over="ignore"):
        low, high = float(y.min()), float(y.max())
        low, high = max(2.0 * low - high, -largest), min(2.0 * high - low, largest)
    return np.clip(Warp.of(y).back(targets), low, high)
