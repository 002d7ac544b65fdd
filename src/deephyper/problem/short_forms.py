"""The short forms in which a user declares a hyperparameter, and what each of them means."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
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

from .._cells import cell
from .._checks import did_you_mean, is_bool, is_integer, is_number, known_names, quoted, shown
from .mistaken import line, of_arguments, of_mapping, of_other, of_tuple

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_LONGEST = 200
PRIORS = ("uniform", "log-uniform")
_NORMAL_KEYS = ("mu", "sigma", "lower", "upper")
# Rounding may move a bound by this share of the range, which nobody notices; the declared number is kept all the same.
_ROUNDING = 1e-6
_NORMAL = "{'mu': …, 'sigma': …, 'lower': …, 'upper': …}"
_ACCEPTED = (
    "(low, high), (low, high, 'log-uniform'), a list of choices, " + _NORMAL + ", "
    "a single value, or a ConfigSpace hyperparameter"
)


def hyperparameter_of(parameter: Any, name: str | None = None, default_value: Any = None) -> Hyperparameter[Any, Any]:
    """Turn a short form into a ConfigSpace hyperparameter.

    Args:
        parameter: a range, a list of choices, a normal distribution, a constant, or a ConfigSpace hyperparameter.
        name: what it is called; not needed with a ConfigSpace hyperparameter.
        default_value: its default; the middle of a range and the first of the choices if None.
    """
    if isinstance(parameter, Hyperparameter):
        return _as_it_is(parameter, name, default_value)
    if not isinstance(name, str) or not name:
        kind = ValueError if name is None or isinstance(name, str) else TypeError
        raise kind(
            f"HpProblem: a hyperparameter needs a name, a string that is not empty, got {name!r}."
            f"{of_arguments(parameter, name, default_value)}"
        )
    name = str(name)
    where = f"HpProblem: hyperparameter {name!r}"
    value, default_value = _without_numpy(parameter), _without_numpy(default_value)
    if isinstance(value, tuple):
        return _range(where, value, name, default_value)
    if isinstance(value, list):
        return _choices(where, value, name, default_value)
    if isinstance(value, Mapping):
        return _normal(where, value, name, default_value)
    if isinstance(value, (int, float, str, bool)):
        return _constant(where, value, name, default_value)
    raise TypeError(
        f"{where}: {shown(value, _LONGEST)} is no hyperparameter. Accepted are {_ACCEPTED}.{of_other(value, name)}"
    )


def _as_it_is(hyperparameter: Hyperparameter[Any, Any], name: str | None, default: Any) -> Hyperparameter[Any, Any]:
    if name not in (None, hyperparameter.name):
        raise ValueError(
            f"HpProblem: a ConfigSpace hyperparameter has its own name {hyperparameter.name!r}; leave out {name!r}."
        )
    if default is not None:
        raise ValueError(
            f"HpProblem: the ConfigSpace hyperparameter {hyperparameter.name!r} has its own default value "
            f"{hyperparameter.default_value!r}; leave out default_value={default!r}."
        )
    return hyperparameter


def refuse_choices(where: str, choices: Sequence[Any]) -> None:
    """Refuse choices that a table could not tell from another one, or from an empty cell."""
    texts: dict[str, Any] = {}
    for choice in choices:
        text = cell(choice)
        if not isinstance(choice, str) and _ADDRESS.search(text):
            raise ValueError(
                f"{where}: {choice!r} would be {text} in results.csv, with an address that is another one in every "
                f"process; give {type(choice).__name__} a __repr__ without it, or use names as choices, and look up "
                "what they mean in the run-function."
            )
        if text == "":
            raise ValueError(
                f"{where}: {choice!r} marks an inactive hyperparameter, so it cannot be a value; take None instead."
            )
        if text in texts:
            raise ValueError(
                f"{where}: {texts[text]!r} and {choice!r} would both be {text} in results.csv; leave one out."
            )
        texts[text] = choice


def _without_numpy(value: Any) -> Any:
    """Turn numpy's scalars into Python's, also inside of tuples and lists, and an array into a list.

    What holds none of them stays the user's own object.
    """
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    if type(value) not in (tuple, list):
        return value
    items = [_without_numpy(item) for item in value]
    is_same = all(python is item for python, item in zip(items, value, strict=True))
    return value if is_same else type(value)(items)


def _range(where: str, value: tuple[Any, ...], name: str, default: Any) -> Hyperparameter[Any, Any]:
    if len(value) not in (2, 3) or not all(is_number(bound) for bound in value[:2]):
        raise ValueError(
            f"{where}: a range is (low, high) or (low, high, 'log-uniform') with two numbers, got {value!r}."
            f"{of_tuple(value, name)}"
        )
    low, high = value[:2]
    prior = value[2] if len(value) == 3 else "uniform"
    if not isinstance(prior, str) or prior not in PRIORS:
        raise ValueError(
            f"{where}: the third item of a range must be one of {quoted(PRIORS)}, got {prior!r}."
            f"{did_you_mean(prior, PRIORS)}{of_tuple(value, name)}"
        )
    if not (_is_finite(low) and _is_finite(high)):
        raise ValueError(f"{where}: the bounds of a range must be finite, got {value!r}.")
    if low > high:
        swapped = line(repr((high, low, *value[2:])), name)
        raise ValueError(f"{where}: the low bound {low} must not be above the high bound {high}; swap them: {swapped}.")
    if prior == "log-uniform" and low <= 0:
        raise ValueError(
            f"{where}: a log-uniform range must begin above zero, got low {low}; raise it or use 'uniform', such as "
            f"{line(repr((_above_zero(low, high), high, prior)) if high > 0 else repr((low, high)), name)}."
        )
    is_whole = is_integer(low) and is_integer(high)
    _check_default(where, default, low, high, is_whole)
    if low == high:
        return Constant(name, low)
    kind = UniformIntegerHyperparameter if is_whole else UniformFloatHyperparameter
    with _in_one_sentence(where, value):
        made: Hyperparameter[Any, Any] = kind(name, low, high, default_value=default, log=prior == "log-uniform")
        return _with_all_digits(made, lower=low, upper=high, default_value=None if is_whole else default)


def _choices(where: str, value: list[Any], name: str, default: Any) -> Hyperparameter[Any, Any]:
    if not value:
        raise ValueError(f"{where}: a list of choices must hold at least one, got an empty list.")
    for choice in _repeated(value):
        raise ValueError(f"{where}: the choices must all be different, and {choice!r} equals an earlier one.")
    refuse_choices(where, value)
    same = [choice for choice in value if choice == default and is_bool(choice) == is_bool(default)]
    if default is not None and not same:
        raise ValueError(f"{where}: the default value must be one of {shown(value, _LONGEST)}, got {default!r}.")
    default = same[0] if same else value[0]
    if all(is_number(choice) for choice in value):
        return OrdinalHyperparameter(name, _Distinct(value), default_value=default)
    return CategoricalHyperparameter(name, value, default_value=default)


def _constant(where: str, value: Any, name: str, default: Any) -> Hyperparameter[Any, Any]:
    refuse_choices(where, [value])
    if default is not None and default != value:
        raise ValueError(f"{where}: a constant is its own default value; leave out default_value={default!r}.")
    return Constant(name, value)


def _normal(where: str, value: Mapping[str, Any], name: str, default: Any) -> Hyperparameter[Any, Any]:
    if hint := of_mapping(value, name):
        raise TypeError(f"{where}: {shown(dict(value), _LONGEST)} is no normal distribution, {_NORMAL}.{hint}")
    known_names(where, "key of a normal distribution", value, _NORMAL_KEYS)
    missing = [key for key in _NORMAL_KEYS if not is_number(value.get(key))]
    if missing:
        raise ValueError(
            f"{where}: a normal distribution needs the numbers mu, sigma, lower and upper; {missing[0]!r} is missing."
        )
    mu, sigma, lower, upper = (_without_numpy(value[key]) for key in _NORMAL_KEYS)
    if not all(_is_finite(number) for number in (mu, sigma, lower, upper)):
        raise ValueError(
            f"{where}: mu, sigma, lower and upper of a normal distribution must be finite, got {dict(value)!r}."
        )
    if lower >= upper or sigma <= 0:
        raise ValueError(f"{where}: a normal distribution needs lower < upper and sigma > 0, got {dict(value)!r}.")
    whole = all(is_integer(number) for number in (mu, lower, upper))
    _check_default(where, default, lower, upper, whole)
    kind = NormalIntegerHyperparameter if whole else NormalFloatHyperparameter
    with _in_one_sentence(where, dict(value)):
        made: Hyperparameter[Any, Any] = kind(name, mu=mu, sigma=sigma, lower=lower, upper=upper, default_value=default)
        if whole:
            return _with_all_digits(made, lower=lower, upper=upper)
        return _with_all_digits(made, lower=lower, upper=upper, mu=mu, sigma=sigma, default_value=default)


def _above_zero(low: Any, high: Any) -> Any:
    """A low bound that a logarithm can take."""
    return 1 if is_integer(low) and is_integer(high) and high > 1 else min(1e-6, high / 1e6)


def _is_finite(number: Any) -> bool:
    try:
        return math.isfinite(number)
    except OverflowError:  # a whole number beyond all floats
        return False


def _check_default(where: str, default: Any, low: Any, high: Any, is_whole: bool) -> None:
    if default is None:
        return
    if not (is_number(default) and low <= default <= high):
        raise ValueError(f"{where}: the default value must lie in [{low}, {high}], got {default!r}.")
    if is_whole and default != round(default):
        raise ValueError(f"{where}: the default value of a range of whole numbers must be one, got {default!r}.")


class _Distinct(list[Any]):
    """Numbers that are known to be all different.

    ConfigSpace looks each of them up with `index`, which would take minutes for 30,000 of them.
    """

    def __init__(self, numbers: Sequence[Any]):
        super().__init__(numbers)
        self._places = {number: place for place, number in enumerate(numbers)}

    def index(self, value: Any, *bounds: Any) -> int:
        return self._places[value]


def _repeated(choices: Sequence[Any]) -> Iterator[Any]:
    """The choices that equal an earlier one, found without comparing every pair where that can be avoided."""
    seen: set[Any] = set()
    unhashable: list[Any] = []
    for choice in choices:
        try:
            is_repeated = choice in seen
            seen.add(choice)
        except TypeError:  # a list or a dictionary
            is_repeated = False
            unhashable.append(choice)
        if is_repeated or (unhashable and choice in [*unhashable[:-1]]):
            yield choice


def _with_all_digits(hyperparameter: Any, **declared: Any) -> Hyperparameter[Any, Any]:
    """Give a ConfigSpace hyperparameter back the numbers that were declared, which it rounds to 13 decimals.

    Else a bound such as 2 / 3 would lie outside of the range that was declared.

    Raises:
        ValueError: rounding has changed what is meant.
    """
    width = declared["upper"] - declared["lower"]
    for what, number in declared.items():
        if number is None:
            continue
        is_relative = what == "sigma" or (hyperparameter.log and what in ("lower", "upper"))
        allowed = _ROUNDING * (abs(number) if is_relative else width)
        if not (math.isfinite(width) and abs(getattr(hyperparameter, what) - number) <= allowed):
            raise ValueError(f"{what} becomes {getattr(hyperparameter, what)}")
        setattr(hyperparameter, what, type(getattr(hyperparameter, what))(number))
    exact: Hyperparameter[Any, Any] = hyperparameter
    return exact


@contextmanager
def _in_one_sentence(where: str, value: Any) -> Iterator[None]:
    """Say in one sentence what ConfigSpace cannot hold: it keeps 64-bit whole numbers, 13 decimals of other numbers."""
    try:
        with np.errstate(all="ignore"):
            yield
    except (ValueError, TypeError, ArithmeticError) as error:
        raise ValueError(
            f"{where}: the range {value!r} is too wide or too narrow for ConfigSpace, which keeps 64-bit whole numbers "
            "and 13 decimals; express it in another unit, or declare its exponent e and compute 10 ** e in the "
            "run-function."
        ) from error
