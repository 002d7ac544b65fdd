"""Surrogates that are fitted again to every set of rows: forests, boosting, and any scikit-learn regressor.

They have no slopes, and know nothing of pending rows. Near a pending row, at correlation c, their standard deviation
is shrunk by the factor 1 - c, with the Matern-5/2 correlation and the length scales that a Gaussian process expects
before any data.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, final

import numpy as np

from .._arrays import Array, Indices
from .data import Data
from .hyperparameters import PLAIN, usual
from .kernels import Codes
from .surrogate import Posterior, Slopes

# Some scores divide by standard deviations.
SMALLEST_STD = 1e-6
# From features (n, f) to the belief there.
Predictor = Callable[[Array], Posterior]
# From features (N, f) and targets (N,), and a seed, to a predictor.
Regressor = Callable[[Array, Array, int], Predictor]


def one_hot(X: Array, kinds: Indices, told: Array | None = None) -> Array:
    """Rows as features that any regressor understands: numeric columns, then a column per choice, (n, d) -> (n, f).

    Of a column with very many choices only those that occur in the told rows have a column, and one is for all others.
    """
    codes = Codes.of(X if told is None else told, kinds)
    X, kinds = codes(X), codes.kinds
    numeric = X[:, kinds == 0]
    choices = [X[:, j, None] == np.arange(kinds[j]) for j in np.flatnonzero(kinds)]
    return np.concatenate([numeric, *choices], axis=1).astype(float)


def estimator_settings(class_name: str) -> list[str]:
    """The names of the settings of a class of `sklearn.ensemble`, without its seed, which the search sets."""
    from sklearn import ensemble

    return [name for name in getattr(ensemble, class_name)().get_params() if name != "random_state"]


def clone_with(estimator: Any, **settings: Any) -> Any:
    """An unfitted copy of a scikit-learn estimator with other settings."""
    from sklearn.base import clone

    return clone(estimator).set_params(**settings)


@final
@dataclass(frozen=True, eq=False)
class Regression:
    """A regressor that has seen rows; make one with `regression`.

    Args:
        regressor: fits.
        seed: of its random draws.
        X: told rows, (N, d).
        predictor: fitted to them.
        kinds: number of choices of every column, 0 for a numeric one, (d,).
        pending: rows whose evaluation is under way, (p, d).
    """

    regressor: Regressor
    seed: int
    X: Array
    predictor: Predictor
    kinds: Indices
    pending: Array

    @property
    def has_slopes(self) -> bool:
        return False

    @cached_property
    def _told_mean(self) -> Array:
        return self.predictor(one_hot(self.X, self.kinds, self.X)).mean

    def predict(self, X: Array) -> Posterior:
        posterior = self.predictor(one_hot(X, self.kinds, self.X))
        if not len(self.pending):
            return posterior
        return _shrunk(posterior, (1.0 - self.correlations(X, self.pending)).prod(axis=1))

    def gradient(self, X: Array) -> tuple[Posterior, Slopes]:
        raise NotImplementedError("a regression has no slopes")

    def correlations(self, X: Array, P: Array) -> Array:
        """How close rows (n, d) are to rows (p, d), 1 where they are the same, (n, p)."""
        (kernel,) = usual(PLAIN, X.shape[1]).kernels(self.kinds, P)
        return np.minimum(kernel.between(X) / kernel.variance, 1.0)

    def at(self, X: Array) -> RegressionBeliefs:
        return RegressionBeliefs(self, X)

    def with_pending(self, P: Array) -> Regression:
        return replace(self, pending=np.concatenate((self.pending, P)))

    def with_told(self, data: Data) -> Regression:
        return regression(self.regressor, self.seed, data)

    def fitted(self) -> tuple[Array, Array]:
        return self.X, self._told_mean


@final
class RegressionBeliefs:
    """What a regression believes at fixed rows, while some of them become pending."""

    def __init__(self, surrogate: Regression, X: Array):
        self._surrogate, self._X = surrogate, X
        self._posterior = surrogate.predict(X)

    @property
    def posterior(self) -> Posterior:
        return self._posterior

    def count_on(self, place: int) -> None:
        correlations = self._surrogate.correlations(self._X, self._X[place : place + 1])[:, 0]
        self._posterior = _shrunk(self._posterior, 1.0 - correlations)


def _shrunk(posterior: Posterior, factor: Array) -> Posterior:
    return replace(posterior, std=np.maximum(posterior.std * factor, SMALLEST_STD))


def regression(regressor: Regressor, seed: int, data: Data) -> Regression:
    """Fit a regressor; it does not use stated variances.

    Args:
        regressor: fits.
        seed: of its random draws.
        data: rows and targets.
    """
    predictor = regressor(one_hot(data.X, data.kinds), data.y, seed)
    return Regression(regressor, seed, data.X, predictor, data.kinds, data.X[:0])
