"""The surrogates that can be chosen by name, and those that a user brings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from .data import Data
from .external import BOOSTED, boosted, external, ignorant
from .forest import FORESTS, forest
from .gaussian_process import GaussianProcess, condition
from .hyperparameters import PLAIN, Learned, learn, usual
from .regression import Regressor, estimator_settings, regression
from .surrogate import Surrogate


@dataclass(frozen=True)
class Family:
    """One kind of surrogate. Only the family itself understands what it learned; others pass it on.

    Args:
        learn: from data, what was learned before or None, whether the targets may be noisy, and a generator, to what a
            model needs beyond the data.
        condition: from what was learned and data to a surrogate.
        prior_model: like `condition`, with length scales and variances at their prior means (only the noise is
            learned); None where there is no such model.
        most_learned: rows to learn from, at most.
        most_conditioned: rows that the surrogate sees, at most.
        has_slopes: whether the surrogate has gradients.
    """

    learn: Callable[[Data, Any, bool, np.random.Generator], Any]
    condition: Callable[[Any, Data], Surrogate]
    prior_model: Callable[[Any, Data], Surrogate] | None
    most_learned: int
    most_conditioned: int
    has_slopes: bool


def _learn_covariance(data: Data, last: Learned | None, may_be_noisy: bool, rng: np.random.Generator) -> Learned:
    return learn(data, last, may_be_noisy)


def _condition_chosen(learned: Learned, data: Data) -> GaussianProcess:
    return condition(learned.chosen, data)


def _condition_prior(learned: Learned, data: Data) -> GaussianProcess:
    return condition(usual(PLAIN, data.X.shape[1], learned.chosen.theta[-1]), data)


def _forest(name: str, max_rows: int = 1_000, **settings: Any) -> Family:
    return refitted(forest(name, settings), max_rows)


def _boosted(name: str, max_rows: int = 1_000, **settings: Any) -> Family:
    return refitted(boosted(name, settings), max_rows)


# How many rows it sees: docs/engine.md, "The model"; what else was tried: the last lines of docs/benchmarks.md.
GAUSSIAN_PROCESS = Family(
    _learn_covariance, _condition_chosen, _condition_prior, most_learned=128, most_conditioned=500, has_slopes=True
)


def _draw_seed(data: Data, last: Any, may_be_noisy: bool, rng: np.random.Generator) -> int:
    return int(rng.integers(2**31))


def refitted(regressor: Regressor, most_rows: int = 1_000) -> Family:
    """The family of a regressor that is fitted again to every set of rows."""

    def fit(seed: int, data: Data) -> Surrogate:
        return regression(regressor, seed, data)

    return Family(_draw_seed, fit, None, most_learned=1, most_conditioned=most_rows, has_slopes=False)


def _gaussian_process(max_rows: int = GAUSSIAN_PROCESS.most_conditioned) -> Family:
    return replace(GAUSSIAN_PROCESS, most_conditioned=max_rows)


def _ignorant() -> Family:
    return refitted(ignorant)


# From further settings, as keyword arguments, to the family.
SURROGATES: dict[str, Callable[..., Family]] = {
    # A Gaussian process: of all rows while there are few, of the best and some others when there are many.
    "auto": _gaussian_process,
    "GP": _gaussian_process,
    **{name: partial(_forest, name) for name in FORESTS},
    **{name: partial(_boosted, name) for name in BOOSTED},
    "DUMMY": _ignorant,
}


def settings_of(name: str) -> list[str]:
    """The settings that a named surrogate takes."""
    if name in FORESTS:
        return ["max_rows", *estimator_settings(FORESTS[name][0])]
    if name in BOOSTED:
        return ["max_rows", *estimator_settings(BOOSTED[name][0])]
    return [] if name == "DUMMY" else ["max_rows"]


def family_of(model: Any, settings: Mapping[str, Any]) -> Family:
    """The family of a surrogate.

    Args:
        model: one of SURROGATES, or a scikit-learn regressor whose `predict` takes `return_std`.
        settings: further settings of a named one.

    Raises:
        TypeError: the surrogate does not know a setting.
    """
    return SURROGATES[model](**settings) if isinstance(model, str) else refitted(external(model))
