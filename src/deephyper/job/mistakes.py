"""What a run-function returned by mistake, in words that say what to return instead."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Set
from typing import Any

from .._checks import quoted

_LONGEST = 80  # characters of a value
_MOST_KEYS = 8


def in_words(returned: Any) -> str:
    """Say what was returned instead of an objective, and what to return: it goes on after "returned"."""
    if isinstance(returned, Mapping) and not {"objective", "output"} & {*returned}:
        return _without_objective(returned)
    if isinstance(returned, Mapping):
        return f"a dictionary whose objective is {_of_value(returned.get('objective', returned.get('output')))}"
    return _of_value(returned)


def _without_objective(returned: Mapping[Any, Any]) -> str:
    keys = [str(key) for key in returned]
    near = next((key for key in keys if key.lower() in ("loss", "error", "score", "accuracy", "value", "y")), None)
    sign = "-" if near is not None and near.lower() in ("loss", "error") else ""
    write = f"{{'objective': {'value' if near is None else sign + near}}}, higher is better"
    had = f"with the keys {quoted(keys[:_MOST_KEYS])}" if keys else "and nothing else"
    return f"a dictionary without 'objective', {had}: return {write}"


def _of_value(value: Any) -> str:
    if value is None:
        return "None: is a return missing?"
    if isinstance(value, str) and value.startswith("<") and value.endswith(">"):
        # What a worker has written in place of an object that cannot travel.
        return f"{_short(value)[1:-1]}: return a number, or several in a tuple"
    if isinstance(value, (str, bytes)):
        return (
            f"the text {_short(value)}: return a number; only a text that begins with 'F' is taken, as the reason of a "
            "failure"
        )
    if inspect.isgenerator(value) or inspect.isasyncgen(value):
        return "a generator: is there a yield instead of a return?"
    if inspect.isawaitable(value):
        return "something that nobody awaited: is an await missing?"
    if isinstance(value, Set):
        return f"a set, {_short(value)}, which has no order: return a tuple"
    if isinstance(value, (list, tuple)) and len(value) == 2 and isinstance(value[1], Mapping):
        return f"{_short(value)}: return {{'objective': value, 'metadata': {{…}}}}"
    if isinstance(value, (list, tuple)):
        return f"{_short(value)}: return a number, or several in a tuple"
    if isinstance(value, type) or callable(value):
        return f"{_short(value)}, which can be called: are brackets missing?"
    return f"{_short(value)} of type {type(value).__name__}: return a number, or several in a tuple"


def _short(value: Any) -> str:
    try:
        text = " ".join(repr(value).split())
    except Exception as error:  # the user's object may raise anything here
        text = f"an object whose repr raises {type(error).__name__}"
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
