"""The one place that turns values into plain JSON data and into the text of a CSV cell, and back."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

_FUNCTIONS = (FunctionType, BuiltinFunctionType, MethodType)
_PLAIN_TYPES = frozenset((int, float, str, bool, type(None)))
_TEXT = frozenset((str,))


def scalar(value: Any) -> Any:
    """Turn a scalar of numpy or another array library into a Python scalar; return everything else unchanged."""
    if type(value) in _PLAIN_TYPES or not hasattr(value, "tolist"):
        return value
    return value.tolist() if getattr(value, "shape", None) == () else value


def plain(value: Any) -> Any:
    """Turn a value into plain JSON data that shares nothing mutable with it.

    Arrays and scalars of numpy and other libraries (anything with `tolist`) become lists and Python scalars, tuples
    become lists, and mappings become dictionaries with texts as keys. Everything else becomes a text.
    """
    # Most values end here. It must be fast, since every evaluation is turned into a record.
    if type(value) in _PLAIN_TYPES:
        return value
    try:
        return _plain(value)
    except RecursionError:  # a container that holds itself
        return _text(value)


def _plain(value: Any) -> Any:
    kind = type(value)
    if kind in _PLAIN_TYPES:
        return value
    if kind is dict:
        if _PLAIN_TYPES.issuperset(map(type, value.values())) and _TEXT.issuperset(map(type, value)):
            return value.copy()
        return {_key(key): _plain(item) for key, item in value.items()}
    if kind in (list, tuple):
        return [_plain(item) for item in value]
    return _unusual(value)


def _unusual(value: Any) -> Any:
    """Turn a value of none of the usual types into plain data: an array, a subclass, or an object unknown to JSON."""
    if hasattr(value, "tolist"):
        try:
            return _plain(value.tolist())
        except RecursionError:
            raise
        except Exception:
            # `tolist` is code of the user's object, which may raise anything.
            return _text(value)
    if isinstance(value, (list, tuple)):
        return _plain(list(value))
    if isinstance(value, Mapping):
        return _plain(dict(value))
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int(value)
    return float(value) if isinstance(value, float) else _text(value)


def _key(key: Any) -> str:
    """The text that JSON writes for a key."""
    if type(key) is str:
        return key
    key = plain(key)
    return key if isinstance(key, str) else json.dumps(key)


def _text(value: Any) -> str:
    try:
        # The text of a function holds its address, which is another one in every process.
        return _name_of(value) or str(value)
    except Exception:
        # The `__str__` of the user's object raises, or the object is nested too deeply.
        return f"<{type(value).__name__}>"


def _name_of(value: Any) -> str:
    """Where a function, or a method of a class or module, is found by its name; empty for everything else."""
    if not isinstance(value, _FUNCTIONS):
        return ""
    owner = getattr(value, "__self__", None)
    if owner is not None and not isinstance(owner, (type, ModuleType)):
        return ""
    return f"{value.__module__}.{value.__qualname__}"


def cell(value: Any) -> str:
    """Write one value as the text of a CSV cell.

    That is JSON, with as many digits as a float needs to be read back exactly. A text that cannot be mistaken for JSON
    is written without quotes. NaN is an empty cell. What JSON does not know is written as `str` shows it.
    """
    if type(value) is float and math.isfinite(value):
        # A short cut for most cells. The code below would give the same text, ten times slower.
        return repr(value)
    if hasattr(value, "tolist"):
        value = plain(value)
    if isinstance(value, float) and math.isnan(value):
        return ""
    if value is None or isinstance(value, (bool, int, float, list, tuple, Mapping)):
        try:
            return json.dumps(value, default=plain)
        except (TypeError, ValueError, RecursionError):  # odd keys, a container that holds itself, too many levels
            pass
    text = _text(value)
    return text if _is_safe_bare(text) else json.dumps(text)


def value_of(text: str) -> Any:
    """Read the text of a CSV cell. This is the inverse of `cell`, except that tuples come back as lists."""
    if text == "":
        return math.nan
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _is_safe_bare(text: str) -> bool:
    """Whether a text is read back unchanged without quotes.

    An empty text and JSON are not. Nor is half of a surrogate pair, which no file can hold.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return value_of(text) is text
