"""Forests of regression trees: extremely randomized, random, bagged, on random subspaces; one fit with four settings.

    symbol        meaning
    mu_t, v_t     mean and variance of the targets in the leaf of tree t that a row falls into
    mean          average of mu_t
    std^2         variance of mu_t over the trees: what further evaluations can remove
    noise_std^2   average of v_t: what they cannot

Source: the law of total variance; Hutter, Xu, Hoos & Leyton-Brown (2014), section 4.3.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .._arrays import Array
from .regression import SMALLEST_STD, Predictor, Regressor, clone_with
from .surrogate import Posterior

# Name of the scikit-learn class, and what is set beyond its defaults.
FORESTS: dict[str, tuple[str, dict[str, Any]]] = {
    "ET": ("ExtraTreesRegressor", {}),
    "RF": ("RandomForestRegressor", {"max_features": "sqrt"}),
    "TB": ("RandomForestRegressor", {"max_features": 1.0}),
    "RS": ("RandomForestRegressor", {"max_features": "sqrt", "bootstrap": False}),
}


def forest(name: str, settings: Mapping[str, Any]) -> Regressor:
    """A regressor that grows a forest.

    Args:
        name: one of FORESTS.
        settings: further arguments of scikit-learn's class.
    """
    from sklearn import ensemble

    class_name, own = FORESTS[name]
    unseeded = getattr(ensemble, class_name)(**{"n_estimators": 100, **own, **settings})

    def fit(features: Array, y: Array, seed: int) -> Predictor:
        grown = clone_with(unseeded, random_state=seed).fit(features, y)
        leaves = [(tree.tree_.value[:, 0, 0], tree.tree_.impurity) for tree in grown.estimators_]

        def predict(features: Array) -> Posterior:
            places = grown.apply(features)
            means = np.array([value[leaf] for (value, _), leaf in zip(leaves, places.T, strict=True)])
            variances = np.array([impurity[leaf] for (_, impurity), leaf in zip(leaves, places.T, strict=True)])
            std = np.maximum(means.std(axis=0), SMALLEST_STD)
            return Posterior(means.mean(axis=0), std, np.sqrt(np.maximum(variances.mean(axis=0), 0.0)))

        return predict

    return fit
