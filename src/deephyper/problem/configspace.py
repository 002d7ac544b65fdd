"""ConfigurationSpace -> Space: the one file that knows both.

Conditions and forbidden clauses are ConfigSpace's own, and are asked through its checks of whole arrays: one
`Configuration` object costs 0.1 ms, so none is made for a candidate.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ConfigSpace as CS
import numpy as np
from ConfigSpace.conditions import AndConjunction, Conjunction
from ConfigSpace.hyperparameters import (
    BetaFloatHyperparameter,
    BetaIntegerHyperparameter,
    CategoricalHyperparameter,
    Constant,
    FloatHyperparameter,
    Hyperparameter,
    IntegerHyperparameter,
    NormalFloatHyperparameter,
    NormalIntegerHyperparameter,
    OrdinalHyperparameter,
)

from .. import space as numeric
from .._arrays import Array, Mask
from .._cells import scalar
from ..space import Dimension, Space
from .constraint import Constraint, ConstraintFn
from .sampler import Sampler, SamplingFn

Quantile = Callable[[Array], Array]


def space_of(
    config_space: CS.ConfigurationSpace,
    names: Sequence[str],
    constraint_fn: ConstraintFn | None = None,
    sampling_fn: SamplingFn | None = None,
) -> Space:
    """Turn a declaration into a space of rows.

    Args:
        config_space: hyperparameters, conditions and forbidden clauses.
        names: the hyperparameters in order of definition.
        constraint_fn: from a table with a column per hyperparameter, empty where it is inactive, to the allowed rows.
        sampling_fn: draws that many configurations.
    """
    rules = _Rules(config_space, [dimension_of(config_space[name]) for name in names])
    active = rules.active if config_space.conditions else None
    unruled = Space(rules.dimensions, active)
    constraint = None if constraint_fn is None else Constraint(constraint_fn)

    def legal(X: Array) -> Mask:
        allowed = ~rules.forbidden(X)
        if constraint is not None and allowed.any():
            allowed[allowed] = constraint.allows(unruled.value_columns(X[allowed]))
        return allowed

    is_ruled = bool(config_space.forbidden_clauses) or constraint_fn is not None
    sampler = None if sampling_fn is None else Sampler(sampling_fn, unruled)

    def defaults() -> Array:
        return unruled.encode([{name: config_space[name].default_value for name in names}])

    return Space(rules.dimensions, active, legal if is_ruled else None, sampler, starts=defaults)


def dimension_of(hyperparameter: Hyperparameter[Any, Any]) -> Dimension:
    """Turn one hyperparameter into a dimension; what has a single value becomes a constant."""
    name, quantile = hyperparameter.name, _quantile(hyperparameter)
    if isinstance(hyperparameter, Constant):
        return numeric.Constant(name, scalar(hyperparameter.value))
    if isinstance(hyperparameter, (FloatHyperparameter, IntegerHyperparameter)):
        kind = numeric.Real if isinstance(hyperparameter, FloatHyperparameter) else numeric.Integer
        return kind(name, hyperparameter.lower, hyperparameter.upper, _is_log(hyperparameter), quantile)
    if isinstance(hyperparameter, OrdinalHyperparameter):
        sequence = [scalar(choice) for choice in hyperparameter.sequence]
        return numeric.Ordinal(name, sequence, quantile) if len(sequence) > 1 else numeric.Constant(name, sequence[0])
    if isinstance(hyperparameter, CategoricalHyperparameter):
        choices = [scalar(choice) for choice in hyperparameter.choices]
        return numeric.Categorical(name, choices, quantile) if len(choices) > 1 else numeric.Constant(name, choices[0])
    raise TypeError(
        f"HpProblem: hyperparameters of type {type(hyperparameter).__name__} are not supported (got {name!r})."
    )


def _is_log(hyperparameter: Any) -> bool:
    return bool(getattr(hyperparameter, "log", False))


def _quantile(hyperparameter: Any) -> Quantile | None:
    """The prior's quantile function, from shares to values (to indices for choices); None where it is uniform."""
    if isinstance(hyperparameter, CategoricalHyperparameter):
        return None if hyperparameter.weights is None else _weighted(np.asarray(hyperparameter.probabilities, float))
    if isinstance(hyperparameter, (NormalFloatHyperparameter, NormalIntegerHyperparameter)):
        return _truncated_normal(hyperparameter)
    if isinstance(hyperparameter, (BetaFloatHyperparameter, BetaIntegerHyperparameter)):
        return _beta(hyperparameter)
    return None


def _weighted(probabilities: Array) -> Quantile:
    edges = np.cumsum(probabilities)[:-1]
    return lambda share: np.searchsorted(edges, share, side="right").astype(float)


def _truncated_normal(hyperparameter: Any) -> Quantile:
    from scipy.stats import truncnorm

    t, back = (np.log, np.exp) if _is_log(hyperparameter) else (_identity, _identity)
    mean, lower, upper = t(hyperparameter.mu), t(hyperparameter.lower), t(hyperparameter.upper)
    # On a log scale sigma is a width at mu.
    std = (t(hyperparameter.mu + hyperparameter.sigma) - mean) or hyperparameter.sigma
    low, high = (lower - mean) / std, (upper - mean) / std

    def quantile(share: Array) -> Array:
        with np.errstate(all="ignore"):
            drawn = np.asarray(truncnorm.ppf(share, low, high, loc=mean, scale=std), float)
        # Where the bell is as good as flat, or the bounds lie in its farthest tail, scipy gives no numbers.
        limit = lower + share * (upper - lower) if high - low < 1.0 else np.clip(mean, lower, upper)
        return np.asarray(back(np.where(np.isfinite(drawn), drawn, limit)), float)

    return quantile


def _beta(hyperparameter: Any) -> Quantile:
    from scipy.stats import beta

    t, back = (np.log, np.exp) if _is_log(hyperparameter) else (_identity, _identity)
    low, width = t(hyperparameter.lower), t(hyperparameter.upper) - t(hyperparameter.lower)
    return lambda share: np.asarray(
        back(low + width * beta.ppf(share, hyperparameter.alpha, hyperparameter.beta)), float
    )


def _identity(value: Any) -> Any:
    return value


class _Rules:
    """What a ConfigurationSpace allows, asked on rows of cells."""

    def __init__(self, config_space: CS.ConfigurationSpace, dimensions: Sequence[Dimension]):
        self.dimensions = tuple(dimensions)
        self._config_space = config_space
        self._place = {d.name: k for k, d in enumerate(self.dimensions)}
        columns = [d.name for d in self.dimensions if not isinstance(d, numeric.Constant)]
        self._column = {name: j for j, name in enumerate(columns)}
        # ConfigSpace lists parents before their children.
        self._conditions: dict[str, list[Any]] = {name: [] for name in config_space}
        for condition in config_space.conditions:
            self._conditions[condition.child.name].append(condition)
        self._parents = {name for condition in config_space.conditions for name in parent_names(condition)}

    def active(self, X: Array) -> Mask:
        """Which hyperparameters are active in snapped rows, (n, len(dimensions)); a child needs an active parent."""
        active = np.ones((len(X), len(self.dimensions)), bool)
        vectors = self._vectors(X, self._parents, active)
        for name, conditions in self._conditions.items():
            for condition in conditions:
                active[:, self._place[name]] &= self._holds(condition, vectors, active)
        return active

    def forbidden(self, X: Array) -> Mask:
        """Which canonical rows a forbidden clause rules out, (n,)."""
        clauses = self._config_space.forbidden_clauses
        forbidden = np.zeros(len(X), bool)
        if clauses:
            vectors = self._vectors(X, set(self._place), self.active(X))
            for clause in clauses:
                forbidden |= clause.is_forbidden_vector_array(vectors)
        return forbidden

    def _holds(self, condition: Any, vectors: Array, active: Mask) -> Mask:
        if isinstance(condition, Conjunction):
            parts = [self._holds(part, vectors, active) for part in condition.components]
            combine = np.logical_and if isinstance(condition, AndConjunction) else np.logical_or
            return np.asarray(combine.reduce(parts), bool)
        satisfied = np.asarray(condition.satisfied_by_vector_array(vectors), bool)
        return satisfied & active[:, self._place[condition.parent.name]]

    def _vectors(self, X: Array, names: set[str], active: Mask) -> Array:
        """ConfigSpace's vectors, (number of hyperparameters, n); NaN where inactive, and for those not in `names`."""
        vectors = np.full((len(self.dimensions), len(X)), np.nan)
        for name in names:
            dimension = self.dimensions[self._place[name]]
            cells = X[:, self._column[name]] if name in self._column else np.zeros(len(X))
            vector = self._vector(name, dimension, cells)
            vectors[self._config_space.index_of[name]] = np.where(active[:, self._place[name]], vector, np.nan)
        return vectors

    def _vector(self, name: str, dimension: Dimension, cells: Array) -> Array:
        if isinstance(self._config_space[name], Constant):
            return np.ones_like(cells)  # where a choice that is alone has its index, 0
        if isinstance(dimension, (numeric.Categorical, numeric.Constant)):
            return cells
        if isinstance(dimension, numeric.Ordinal):
            return np.floor(cells * dimension.n_levels)
        return np.asarray(self._config_space[name].to_vector(np.array(dimension.decode(cells))), float)


def parent_names(condition: Any) -> list[str]:
    """The hyperparameters that a condition looks at."""
    if isinstance(condition, Conjunction):
        return [name for part in condition.components for name in parent_names(part)]
    return [condition.parent.name]
