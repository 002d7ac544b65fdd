"""The one place that turns values into plain JSON data and into the text of a CSV cell, and back."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import lru_cache
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

from .errors import instead_of

_FUNCTIONS = (FunctionType, BuiltinFunctionType, MethodType)
_PLAIN_TYPES = frozenset((int, float, str, bool, type(None)))
_TEXT = frozenset((str,))
_CERTAINLY_SHOWN = _PLAIN_TYPES - {int}

# Python refuses to write whole numbers of more than 4,300 digits as text.
_MOST_BITS = 14_000
_TOO_DEEP = "it is nested too deeply, or holds itself"


def scalar(value: Any) -> Any:
    """Turn a scalar of numpy or another array library into a Python scalar; return everything else unchanged."""
    if type(value) in _PLAIN_TYPES or not hasattr(type(value), "tolist"):
        return value
    try:
        return value.tolist() if getattr(value, "shape", None) == () else value
    except BaseException:
        # Code of the user's object. Whatever it raises, the object is no scalar of an array library.
        return value


def plain(value: Any) -> Any:
    """Turn a value into plain JSON data that shares nothing mutable with it.

    Arrays and scalars of numpy and other libraries (anything with `tolist`) become lists and Python scalars, tuples
    become lists, and mappings become dictionaries with texts as keys. Everything else becomes a text. Where the value
    itself raises, a text says so.
    """
    # Most values end here. It must be fast, since every evaluation is turned into a record.
    if type(value) in _PLAIN_TYPES and type(value) is not int:
        return value
    try:
        return _plain(value)
    except RecursionError:  # a container that holds itself, or too many levels
        return _text(value)


def _plain(value: Any) -> Any:
    kind = type(value)
    if kind is int:
        return value if value.bit_length() < _MOST_BITS else instead_of(value, "it has too many digits")
    if kind in _PLAIN_TYPES:
        return value
    if kind is dict:
        if _PLAIN_TYPES.issuperset(kinds := set(map(type, value.values()))) and _TEXT.issuperset(map(type, value)):
            return value.copy() if int not in kinds else {key: _plain(item) for key, item in value.items()}
        return {_key(key): _plain(item) for key, item in value.items()}
    if kind in (list, tuple):
        return [_plain(item) for item in value]
    try:
        return _unusual(value)
    except RecursionError:
        raise
    except BaseException as error:
        # Code of the user's object has raised.
        return instead_of(value, "it cannot be turned into plain data", error)


def _unusual(value: Any) -> Any:
    """Turn a value of none of the usual types into plain data: an array, a subclass, or an object unknown to JSON."""
    # Nothing is asked of the object itself but by the methods of its class: its `__class__` and `__getattr__` may lie.
    kind = type(value)
    if hasattr(kind, "tolist"):
        try:
            return _plain(value.tolist())
        except RecursionError:
            raise
        except Exception:
            return _text(value)
    if issubclass(kind, (list, tuple)):
        return _plain([*(list if issubclass(kind, list) else tuple).__iter__(value)])
    if issubclass(kind, dict):
        return _plain(dict(dict.items(value)))
    if issubclass(kind, Mapping):
        return _plain(dict(value))
    if issubclass(kind, str):
        return str.__str__(value)
    if issubclass(kind, int):
        return _plain(int.__int__(value))
    return float.__float__(value) if issubclass(kind, float) else _text(value)


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
    except RecursionError:
        return instead_of(value, _TOO_DEEP)
    except BaseException as error:
        # The `__str__` of the user's object may raise anything, for example SystemExit.
        return instead_of(value, "it has no text", error)


def showable(value: Any) -> Any:
    """Return a value unchanged if a table can show it; otherwise plain data with texts in place of what it cannot."""
    kind = type(value)
    if kind in _PLAIN_TYPES and kind is not int:
        return value
    try:
        # What exactly is wrong is found out by `plain`, piece by piece.
        return value if _can_be_shown(value) else plain(value)
    except BaseException:
        return plain(value)


def _can_be_shown(value: Any) -> bool:
    kind = type(value)
    if kind in (dict, list, tuple, set, frozenset):
        pieces = [*value, *value.values()] if kind is dict else value
        return _CERTAINLY_SHOWN.issuperset(map(type, pieces)) or all(map(_can_be_shown, pieces))
    # pandas asks for all of these, and believes what an object says of its class.
    hasattr(value, "__next__")
    repr(value)
    str(value)
    return value.__class__ is kind


def _name_of(value: Any) -> str:
    """Where a function, or a method of a class or module, is found by its name; empty for everything else."""
    if not (issubclass(type(value), _FUNCTIONS) or _wraps_a_function(value)):
        return ""
    owner = getattr(value, "__self__", None)
    if owner is not None and not isinstance(owner, (type, ModuleType)):
        return ""
    return f"{value.__module__}.{value.__qualname__}"


def _wraps_a_function(value: Any) -> bool:
    """Whether an object carries the name of a function that it wraps, as `functools.wraps` gives it to it.

    The object itself is not asked, since it may answer anything.
    """
    try:
        attributes = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return False
    return not issubclass(type(value), type) and type(attributes.get("__qualname__")) is str


# States, choices and failures are short, and the same ones come again and again.
_SHORT, _LARGE = 40, 1 << 63


def cell(value: Any) -> str:
    """Write one value as the text of a CSV cell.

    That is JSON, with as many digits as a float needs to be read back exactly. A text that cannot be mistaken for JSON
    is written without quotes. NaN is an empty cell. What JSON does not know is written as `str` shows it.
    """
    kind = type(value)
    # Short cuts for most cells. The code below would give the same text, ten times slower.
    if kind is float and math.isfinite(value):
        return repr(value)
    if kind is int and abs(value) < _LARGE:
        return repr(value)
    if kind is str and len(value) <= _SHORT:
        return _short_cell(value)
    if hasattr(kind, "tolist"):
        value = plain(value)
        kind = type(value)
    if issubclass(kind, float) and math.isnan(float.__float__(value)):
        return ""
    if value is None or issubclass(kind, (bool, int, float, list, tuple, Mapping)):
        try:
            return json.dumps(value, default=plain)
        except BaseException:
            # Odd keys, a container that holds itself, too many levels, or what the user's own containers raise.
            pass
    text = _text(value)
    return text if _is_safe_bare(text) else json.dumps(text)


@lru_cache(maxsize=1024)
def _short_cell(text: str) -> str:
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
