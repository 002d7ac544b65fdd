"""The short forms in which a user declares a hyperparameter, and what each of them means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from ConfigSpace.hyperparameters import (
    CategoricalHyperparameter,
    Constant,
    Hyperparameter,
    NormalFloatHyperparameter,
    NormalIntegerHyperparameter,
    OrdinalHyperparameter,
    UniformFloatHyperparameter,
    UniformIntegerHyperparameter,
)

from .._checks import is_integer, is_number, known_names, one_of

PRIORS = ("uniform", "log-uniform")
_NORMAL_KEYS = ("mu", "sigma", "lower", "upper")
_ACCEPTED = (
    "(low, high), (low, high, 'log-uniform'), a list of choices, {'mu': …, 'sigma': …, 'lower': …, 'upper': …}, a single value, "
    "or a ConfigSpace hyperparameter"
)


def hyperparameter_of(value: Any, name: str | None, default_value: Any = None) -> Hyperparameter[Any, Any]:
    """Turn a short form into a ConfigSpace hyperparameter.

    Args:
        value: a range, a list of choices, a normal distribution, a constant, or a ConfigSpace hyperparameter as it is.
        name: what it is called; not needed with a ConfigSpace hyperparameter.
        default_value: its default; the middle of a range and the first of the choices if None.
    """
    if isinstance(value, Hyperparameter):
        return _as_it_is(value, name)
    if not isinstance(name, str) or not name:
        raise ValueError(f"HpProblem: a hyperparameter needs a name, a string that is not empty, got {name!r}.")
    where = f"HpProblem: hyperparameter {name!r}"
    value, default_value = _plain(value), _plain(default_value)
    if isinstance(value, tuple):
        return _range(where, value, name, default_value)
    if isinstance(value, list):
        return _choices(where, value, name, default_value)
    if isinstance(value, Mapping):
        return _normal(where, value, name, default_value)
    if isinstance(value, (int, float, str, bool)):
        return Constant(name, value)
    raise TypeError(f"{where}: {value!r} is no hyperparameter. Accepted are {_ACCEPTED}.")


def _as_it_is(hyperparameter: Hyperparameter[Any, Any], name: str | None) -> Hyperparameter[Any, Any]:
    if name not in (None, hyperparameter.name):
        raise ValueError(f"HpProblem: a ConfigSpace hyperparameter has its own name {hyperparameter.name!r}; leave out {name!r}.")
    return hyperparameter


def _plain(value: Any) -> Any:
    """Python scalars for numpy's, also inside of tuples and lists; an array becomes a list."""
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    if type(value) in (tuple, list):
        return type(value)(_plain(item) for item in value)
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return value


def _range(where: str, value: tuple[Any, ...], name: str, default: Any) -> Hyperparameter[Any, Any]:
    if len(value) not in (2, 3) or not all(is_number(bound) for bound in value[:2]):
        raise ValueError(f"{where}: a range is (low, high) or (low, high, 'log-uniform') with two numbers, got {value!r}.")
    low, high = value[:2]
    prior = value[2] if len(value) == 3 else "uniform"
    one_of(where, "the third item of a range", prior, PRIORS)
    if not np.isfinite([low, high]).all():
        raise ValueError(f"{where}: the bounds of a range must be finite, got {value!r}.")
    if low > high:
        raise ValueError(f"{where}: the low bound {low} must not be above the high bound {high}; swap them.")
    if prior == "log-uniform" and low <= 0:
        raise ValueError(f"{where}: a log-uniform range must begin above zero, got low {low}; raise it or use 'uniform'.")
    if default is not None and not (is_number(default) and low <= default <= high):
        raise ValueError(f"{where}: the default value must lie in [{low}, {high}], got {default!r}.")
    if low == high:
        return Constant(name, low)
    kind = UniformIntegerHyperparameter if is_integer(low) and is_integer(high) else UniformFloatHyperparameter
    return kind(name, low, high, default_value=default, log=prior == "log-uniform")


def _choices(where: str, value: list[Any], name: str, default: Any) -> Hyperparameter[Any, Any]:
    if not value:
        raise ValueError(f"{where}: a list of choices must hold at least one, got an empty list.")
    for i, choice in enumerate(value):
        if choice in value[:i]:
            raise ValueError(f"{where}: the choices must all be different, and {choice!r} equals an earlier one.")
    if default is not None and default not in value:
        raise ValueError(f"{where}: the default value must be one of {value!r}, got {default!r}.")
    default = value[0] if default is None else default
    if all(is_number(choice) for choice in value):
        return OrdinalHyperparameter(name, value, default_value=default)
    return CategoricalHyperparameter(name, value, default_value=default)


def _normal(where: str, value: Mapping[str, Any], name: str, default: Any) -> Hyperparameter[Any, Any]:
    known_names(where, "key of a normal distribution", value, _NORMAL_KEYS)
    missing = [key for key in _NORMAL_KEYS if not is_number(value.get(key))]
    if missing:
        raise ValueError(
            f"{where}: a normal distribution needs the numbers mu, sigma, lower and upper; {missing[0]!r} is missing."
        )
    mu, sigma, lower, upper = (value[key] for key in _NORMAL_KEYS)
    if lower >= upper or sigma <= 0:
        raise ValueError(f"{where}: a normal distribution needs lower < upper and sigma > 0, got {dict(value)!r}.")
    if default is not None and not (is_number(default) and lower <= default <= upper):
        raise ValueError(f"{where}: the default value must lie in [{lower}, {upper}], got {default!r}.")
    whole = all(is_integer(number) for number in (mu, lower, upper))
    kind = NormalIntegerHyperparameter if whole else NormalFloatHyperparameter
    return kind(name, mu=mu, sigma=sigma, lower=lower, upper=upper, default_value=default)
