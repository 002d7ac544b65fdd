"""Checks of user input. Every message says where, what is accepted, what came, and what to do."""

from __future__ import annotations

import difflib
import functools
import importlib.util
import inspect
import math
import numbers
import re
import sys
import warnings
from collections.abc import Callable, Iterable, Mapping
from types import FrameType
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

_LONGEST_VALUE = 500  # characters of a value in a sentence


def quoted(names: Iterable[object]) -> str:
    """Write names as a list in a sentence: 'a', 'b', 'c'."""
    return ", ".join(repr(str(name)) for name in names)


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """Ask " Did you mean …?" with the most similar known name in any case of letters; empty if none is similar."""
    by_small_letters = {each.lower(): each for each in known}
    near = difflib.get_close_matches(str(name).lower(), by_small_letters, n=1, cutoff=0.5)
    return f" Did you mean {by_small_letters[near[0]]!r}?" if near else ""


def shown(value: Any, longest: int = _LONGEST_VALUE) -> str:
    """Show a value in a sentence: on one line, and cut where it is long."""
    text = " ".join(repr(value).split())
    return text if len(text) <= longest else text[:longest] + "…"


def got(value: Any) -> str:
    """Say what came instead of what was needed: "got 3 of type int"."""
    if isinstance(value, type):
        return f"got the class {value.__name__}"
    return f"got {shown(value)} of type {type(value).__name__}"


def one_of(
    where: str, what: str, value: Any, accepted: Iterable[str], called_here: Callable[[str], str] | None = None
) -> None:
    """Raise ValueError for a value that is none of the accepted names.

    Args:
        where: whose value it is.
        what: what it is.
        value: what the user passed.
        accepted: the names.
        called_here: gives the name here of what has another name elsewhere, or the option to which it belongs, with
            its value; an empty text for others.
    """
    names = list(accepted)
    if not isinstance(value, str) or value not in names:
        here = called_here(value) if isinstance(value, str) and called_here is not None else ""
        # The name of a value, or of another option with its value.
        meant = here if "=" in here else repr(here) if here in names else ""
        hint = f" Did you mean {meant}?" if meant else did_you_mean(value, names)
        raise ValueError(f"{where}: {what} must be one of {quoted(names)}, got {shown(value)}.{hint}")


def known_names(
    where: str, what: str, names: Iterable[str], accepted: Iterable[str], instead_of: Callable[[str], str] | None = None
) -> None:
    """Raise TypeError for the first name that is not accepted, and suggest a similar one.

    Args:
        where: whose names they are.
        what: what they are names of.
        names: what the user passed.
        accepted: the known names.
        instead_of: says what to write instead of a name that is known from elsewhere; an empty text for others.
    """
    accepted = list(accepted)
    for name in names:
        if name not in accepted:
            if instead_of is not None and (instead := instead_of(name)):
                raise TypeError(f"{where}: unknown {what} {name!r}; {instead}.")
            raise TypeError(
                f"{where}: unknown {what} {name!r}; accepted are {quoted(accepted)}.{did_you_mean(name, accepted)}"
            )


def instance_of(where: str, what: str, value: Any, kind: type | tuple[type, ...], accepted: str) -> None:
    """Raise TypeError for a value that is not of a type; `accepted` describes the type in words."""
    if not isinstance(value, kind):
        is_class_of_it = isinstance(value, type) and issubclass(value, kind)
        hint = f" Make an object of it: {value.__name__}()." if is_class_of_it else ""
        raise TypeError(f"{where}: {what} must be {accepted}, {got(value)}.{hint}")


def function(where: str, what: str, value: Any, accepted: str) -> None:
    """Raise TypeError for a value that cannot be called; `accepted` describes what is needed."""
    if not callable(value):
        raise TypeError(f"{where}: {what} must be {accepted}, {got(value)}.")


def is_number(value: Any) -> bool:
    """Whether this is a real number and no bool; numpy scalars count."""
    return isinstance(value, numbers.Real) and not is_bool(value)


def is_bool(value: Any) -> bool:
    """Whether this is a bool of Python or numpy, found without importing numpy, since workers import this module."""
    return isinstance(value, bool) or type(value).__name__ in ("bool_", "bool")


def yes_or_no(where: str, what: str, value: Any) -> bool:
    """Return a bool of Python or numpy as one of Python; raise TypeError if it is none."""
    if not is_bool(value):
        raise TypeError(f"{where}: {what} must be True or False, {got(value)}.")
    return bool(value)


def is_integer(value: Any) -> bool:
    """Whether this is a whole number and no bool; numpy scalars count."""
    return isinstance(value, numbers.Integral) and not is_bool(value)


def is_whole(value: Any) -> bool:
    """Whether this is a whole number, written as one or as a float such as 1e3."""
    return is_integer(value) or (is_number(value) and math.isfinite(value) and value == int(value))


def count(where: str, what: str, value: Any, at_least: int = 1) -> int:
    """Return a whole number as an int; raise ValueError if it is none or below `at_least`."""
    if not is_integer(value) or value < at_least:
        raise ValueError(
            f"{where}: {what} must be a whole number of at least {at_least}, got {shown(value)}.{_as_number(value)}"
        )
    return int(value)


def byte_count(where: str, what: str, value: Any) -> int:
    """Return a number of bytes as an int, of 0.5 * 1024**3 too; raise ValueError if it is none or below 1."""
    return count(where, what, int(value) if is_number(value) and 1 <= value < math.inf else value)


def seconds(where: str, what: str, value: Any) -> float:
    """Return a number of seconds as a float; raise ValueError if it is not positive and finite."""
    if not is_number(value) or not math.isfinite(value) or value <= 0:
        raise ValueError(
            f"{where}: {what} must be a positive number of seconds, or None for no limit, got {shown(value)}."
            f"{_as_seconds(value)}"
        )
    return float(value)


def amounts(where: str, what: str, given: Any, example: str) -> dict[str, float]:
    """Return amounts by name as a dictionary; None stands for none of anything.

    Args:
        where: whose they are.
        what: what they are called.
        given: what the user passed.
        example: a name that would be one.
    """
    if given is None:
        return {}
    instance_of(where, what, given, Mapping, f"a mapping of names to amounts, for example {{{example!r}: 1}}")
    for name, amount in given.items():
        if not is_number(amount) or not 0 < amount < math.inf:
            raise ValueError(
                f"{where}: each amount in {what} must be a positive number, {name!r} is {shown(amount)}; items that "
                f"are lent one by one go by queued(…)(run, queue=[…])."
            )
    return {str(name): float(amount) for name, amount in given.items()}


def require(where: str, package: str, extra: str) -> None:
    """Raise ImportError, with what to install, for a package that comes with an extra and is not there.

    Args:
        where: who needs it.
        package: under which name it is imported.
        extra: of this package.
    """
    if importlib.util.find_spec(package) is None:
        raise ImportError(f"{where}: it needs the package {package}; pip install 'deephyper[{extra}]'.", name=package)


def _as_number(value: Any) -> str:
    """The number that somebody may have meant by a text, as a sentence; empty if there is none."""
    try:
        number = float(value) if isinstance(value, str) else math.nan
    except ValueError:
        return ""
    return f" Write {int(number)}, without quotes." if number.is_integer() and number >= 1 else ""


_UNITS = {"s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "hour": 3600, "hours": 3600, "d": 86400, "day": 86400}


def _as_seconds(value: Any) -> str:
    """The number of seconds that somebody may have meant by a text or a time span; empty if there is none."""
    if hasattr(value, "total_seconds") and value.total_seconds() > 0:
        return f" Write {value.total_seconds():g}."
    if not isinstance(value, str):
        return ""
    if (clock := re.fullmatch(r"\s*(\d+):(\d\d):(\d\d)\s*", value)) is not None:
        return f" Write {int(clock[1]) * 3600 + int(clock[2]) * 60 + int(clock[3])}."
    found = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([a-z]*)\s*", value.lower())
    if found is None or (found[2] or "s") not in _UNITS:
        return ""
    return f" Write {float(found[1]) * _UNITS[found[2] or 's']:g}."


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn the user, at the line of the first caller that is not of this package."""
    frame: FrameType | None = sys._getframe(1)
    level = 2
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] == __package__:
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)


def by_name(sentences: Mapping[str, str]) -> dict[str, str]:
    """Turn a table of sentences, each with the names for which it stands in one text, into sentences by name."""
    return {name: sentence for sentence, names in sentences.items() for name in names.split()}


def options_of(function: Callable[..., Any]) -> list[str]:
    """List the names of a function's arguments, without `self`, `*args` and `**kwargs`."""
    catch_alls = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    return [
        name
        for name, p in inspect.signature(function).parameters.items()
        if name != "self" and p.kind not in catch_alls
    ]


def known_options(
    where: str,
    given: Mapping[str, Any],
    function: Callable[..., Any],
    left_out: Iterable[str] = (),
    instead_of: Callable[[str], str] | None = None,
) -> None:
    """Raise TypeError for a keyword argument that a function does not take, and suggest a similar name."""
    if any(p.kind is inspect.Parameter.VAR_KEYWORD for p in inspect.signature(function).parameters.values()):
        return
    accepted = [name for name in options_of(function) if name not in set(left_out)]
    known_names(where, "option", given, accepted, instead_of)


def explained(
    example: str, instead_of: Callable[[str], str] | None = None
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a method that says what to write when it is called with arguments that it does not take.

    Args:
        example: a call as it is meant.
        instead_of: says what to write instead of an argument's name that is known from elsewhere.
    """

    def decorated(method: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(method)
        n_needed = sum(p.default is p.empty and p.kind is not p.VAR_KEYWORD for p in signature.parameters.values())
        n_taken = sum(p.kind is p.POSITIONAL_OR_KEYWORD for p in signature.parameters.values())

        @functools.wraps(method)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            # Most calls; to bind them as well would take longer than some of these methods.
            if not kwargs and n_needed <= len(args) <= n_taken:
                return method(*args, **kwargs)
            try:
                signature.bind(*args, **kwargs)
            except TypeError as error:
                is_bound = bool(args) and "self" in signature.parameters
                where = f"{type(args[0]).__name__}.{method.__name__}" if is_bound else method.__qualname__
                unknown = next((name for name in kwargs if name not in signature.parameters), None)
                raise TypeError(f"{where}: {_what_to_write(error, unknown, signature, example, instead_of)}") from None
            return method(*args, **kwargs)

        return checked

    return decorated


def _what_to_write(
    error: TypeError,
    unknown: str | None,
    signature: inspect.Signature,
    example: str,
    instead_of: Callable[[str], str] | None,
) -> str:
    """Say why a call does not fit a signature, and what to write.

    Args:
        error: why it does not fit.
        unknown: the first name that the signature does not have, None if it has all.
        signature: what is accepted.
        example: a call as it is meant.
        instead_of: as of `explained`.
    """
    if unknown is None:
        return f"{error}; write {example}."
    if instead_of is not None and (instead := instead_of(unknown)):
        return f"unknown option {unknown!r}; {instead}."
    return f"unknown option {unknown!r}; write {example}.{did_you_mean(unknown, signature.parameters)}"
