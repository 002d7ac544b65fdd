"""What people write in place of a short form, and the line that they mean.

Every function returns a sentence that begins with a space, or an empty text where nobody can know what is meant.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from .._cells import scalar
from .._checks import by_name, is_integer, is_number

# A longer line would explain nothing.
_MOST_ITEMS = 8
# From what to write here to options of other libraries that say the same.
_KEYWORDS = by_name(
    {
        "add_hyperparameter((1e-5, 1e-1, 'log-uniform'), 'lr')": "log log_scale prior",
        "add_hyperparameter(list(range(10, 101, 10)), 'n')": "step steps q num",
        "add_hyperparameter((1, 9), 'n')": "low high lower upper min max bounds range",
        "add_hyperparameter(['sgd', 'adam'], 'optimizer')": "choices categories values sequence items",
        "add_hyperparameter((1, 9), 'n', default_value=3)": "default initial init",
    }
)
# From what to write here to attributes that a problem has elsewhere.
INSTEAD = by_name(
    {
        "; write problem.add_hyperparameter(value, name), where the value comes first": "add_dim",
        "; give the points to the search: CBO(problem, initial_points=[{'x': 0.5}])": (
            "add_starting_point references starting_point starting_point_asdict"
        ),
        "; the ConfigSpace is problem.space, and problem['x'] one of its hyperparameters": "config_space skopt_dims",
        "; the draws of problem.sample begin again with problem.set_seed(seed)": "rng",
    }
)
_GRID_VALUES = (tuple, list, set, frozenset, range, np.ndarray)


def line(value: str, name: object) -> str:
    """The line that declares a value, given as it is written in code."""
    return f"problem.add_hyperparameter({value}, {name!r})"


def of_keyword(keyword: str, given: Any, value: Any, name: Any) -> str:
    """What to write in place of an option of another library that was given beside a value and a name."""
    if isinstance(value, tuple) and len(value) == 2 and all(map(is_number, value)):
        if keyword in ("step", "q") and is_number(given) and given > 0:
            return f" Write {line(_steps(*value, given), name)}."
        if (keyword == "log" and given is True) or (isinstance(given, str) and "log" in given):
            return f" Write {_range(*value, True, name)}."
    return f" Write, for example, problem.{_KEYWORDS[keyword]}." if keyword in _KEYWORDS else ""


def of_arguments(value: Any, name: Any, default: Any) -> str:
    """What is meant by arguments whose name is no text: they may have another order."""
    if isinstance(value, str) and value and name is not None:
        meant = (name, default) if is_number(name) and is_number(default) else name
        return f" The value comes first, then the name: {line(_written(meant), value)}."
    if isinstance(default, str) and is_number(value) and is_number(name):
        return f" Low and high are one argument: {line(repr((value, name)), default)}."
    return f" Write {line(_written(value), 'x')}, for example." if isinstance(value, _GRID_VALUES) else ""


def of_tuple(value: tuple[Any, ...], name: str) -> str:
    """What is meant by a tuple that is no range."""
    choices = line(_written(list(value)), name)
    if len(value) == 3 and all(map(is_number, value)) and 0 < value[2] <= value[1] - value[0]:
        as_choices = "" if value[2] in value[:2] else f"; for choices {choices}"
        return f" For steps write {line(_steps(*value), name)}{as_choices}."
    if len(value) == 3 and all(map(is_number, value[:2])) and isinstance(value[2], str):
        return f" Write {_range(*value[:2], True, name)}." if "log" in value[2] else ""
    if len(value) > 2 or (value and not any(map(is_number, value))):
        return f" For choices write a list: {choices}."
    return ""


def of_other(value: Any, name: str) -> str:
    """What is meant by a value that is no short form."""
    if isinstance(value, range) and len(value):
        whole = line(repr((min(value), max(value))), name)
        return f" For whole numbers write {whole}; for choices {line(f'list({value!r})', name)}."
    if isinstance(value, (set, frozenset)):
        return f" For choices write a list, which has an order: {line(_written(_sorted(value)), name)}."
    choices = getattr(value, "choices", getattr(value, "categories", None))
    if isinstance(choices, (list, tuple)):
        return f" For choices write a list: {line(_written(list(choices)), name)}."
    if hasattr(value, "rvs") or _ends(value) is not None:
        return _of_distribution(value, name)
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes)):
        return f" For choices write a list: {line('list(…)', name)}."
    return ""


def of_mapping(value: Mapping[Any, Any], name: str) -> str:
    """What is meant by a dictionary that is no normal distribution."""
    for low, high in (("low", "high"), ("lower", "upper"), ("min", "max")):
        ends = (value.get(low), value.get(high))
        if all(map(is_number, ends)) and "mu" not in value and "sigma" not in value:
            return f" For a range write {_range(*ends, bool(value.get('log')), name)}."
    return of_grid(value)


def of_grid(value: Mapping[Any, Any]) -> str:
    """The loop that declares all of a dictionary of hyperparameters, as grid searches take it."""
    if not value or not all(isinstance(items, _GRID_VALUES) or hasattr(items, "rvs") for items in value.values()):
        return ""
    return (
        " If its keys are names of hyperparameters, declare each of them: "
        "for name, value in grid.items(): problem.add_hyperparameter(value, name)."
    )


def _of_distribution(value: Any, name: str) -> str:
    ends = _ends(value)
    if ends is None:
        bell = line("{'mu': …, 'sigma': …, 'lower': …, 'upper': …}", name)
        return f" Write its range, {line('(low, high)', name)}, or a normal distribution, {bell}."
    kind = f"{type(value).__name__} {getattr(getattr(value, 'dist', None), 'name', '')} {getattr(value, 'prior', '')}"
    is_log = getattr(value, "log", False) is True or "log" in kind.lower() or "reciprocal" in kind
    return f" Write its range: {_range(*ends, is_log, name)}."


def _range(low: Any, high: Any, is_log: bool, name: str) -> str:
    return line(repr((low, high, "log-uniform") if is_log and low > 0 else (low, high)), name)


def _ends(value: Any) -> tuple[Any, Any] | None:
    """Lowest and highest value of a distribution of another library; None where these are not finite or not known."""
    for one, other in (("low", "high"), ("lower", "upper")):
        ends = (getattr(value, one, None), getattr(value, other, None))
        if all(map(is_number, ends)):
            return ends
    ends = value.support() if hasattr(value, "rvs") and hasattr(value, "support") else (None, None)
    low, high = map(scalar, ends)
    return (low, high) if is_number(low) and is_number(high) and math.isfinite(high - low) else None


def _steps(low: Any, high: Any, step: Any) -> str:
    """A list of values from low to high."""
    if all(map(is_integer, (low, high, step))):
        return f"list(range({low}, {high + 1}, {step}))"
    n = round(abs((high - low) / step)) + 1 if step else 2
    return f"np.linspace({low}, {high}, {n})"


def _written(value: Any) -> str:
    """A value as in code; a long list is only hinted at."""
    is_long = isinstance(value, _GRID_VALUES) and len(value) > _MOST_ITEMS
    return f"{type(value).__name__}(…)" if is_long else repr(value)


def _sorted(value: Iterable[Any]) -> list[Any]:
    items = list(value)
    try:
        return sorted(items)
    except TypeError:  # of several types
        return items
