"""Regressors of scikit-learn: boosting of quantiles, and any whose `predict` takes `return_std`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .._arrays import Array
from .regression import SMALLEST_STD, Predictor, Regressor, clone_with
from .surrogate import Posterior

# Of a normal distribution these are the median and one standard deviation to both sides.
_QUANTILES = (0.1587, 0.5, 0.8413)

# Name of the scikit-learn class, of its argument for the quantile, and what is set beyond its defaults.
BOOSTED: dict[str, tuple[str, str, dict[str, Any]]] = {
    "GBRT": ("GradientBoostingRegressor", "alpha", {"n_estimators": 50, "loss": "quantile"}),
    "HGBRT": ("HistGradientBoostingRegressor", "quantile", {"max_iter": 50, "min_samples_leaf": 5, "loss": "quantile"}),
}


def boosted(name: str, settings: Mapping[str, Any]) -> Regressor:
    """A regressor that boosts three quantiles: the median is the mean, half the distance of the others the deviation.

    Args:
        name: one of BOOSTED.
        settings: further arguments of scikit-learn's class.
    """
    from sklearn import ensemble

    class_name, argument, own = BOOSTED[name]
    unseeded = getattr(ensemble, class_name)(**{**own, **settings})

    def fit(features: Array, y: Array, seed: int) -> Predictor:
        models = [clone_with(unseeded, random_state=seed, **{argument: q}).fit(features, y) for q in _QUANTILES]

        def predict(features: Array) -> Posterior:
            low, median, high = (model.predict(features) for model in models)
            return Posterior(median, np.maximum(0.5 * (high - low), SMALLEST_STD))

        return predict

    return fit


def external(estimator: Any) -> Regressor:
    """A regressor that fits copies of the user's estimator, whose `predict` takes `return_std`."""
    is_unseeded = estimator.get_params().get("random_state", "no such setting") is None

    def fit(features: Array, y: Array, seed: int) -> Predictor:
        own = clone_with(estimator, **({"random_state": seed} if is_unseeded else {})).fit(features, y)

        def predict(features: Array) -> Posterior:
            mean, std = own.predict(features, return_std=True)
            return Posterior(np.asarray(mean, float), np.maximum(np.asarray(std, float), SMALLEST_STD))

        return predict

    return fit


def ignorant(features: Array, y: Array, seed: int) -> Predictor:
    """A regressor that learns nothing: every row is as good as any other, so that suggestions are random ones."""
    return lambda features: Posterior(np.zeros(len(features)), np.ones(len(features)))
