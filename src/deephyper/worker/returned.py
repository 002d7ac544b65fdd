"""What a run-function returned: its objective as Python numbers, in plain containers, and packed so that it travels.

The user's own objects may do anything when they are looked at, pickled or rebuilt. All of that happens here, in the
worker and piece by piece, so that a bad piece costs nothing but itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from types import AsyncGeneratorType, GeneratorType
from typing import Any, NamedTuple, final

from ..errors import class_name, instead_of, reason

# What needs no care, which is nearly everything that run-functions return.
_LIGHT = frozenset((float, int, str, bool, type(None)))
_TEXT = frozenset((str,))
_OBJECTIVES = ("objective", "output")
# How much of a container that cannot be pickled is looked at piece by piece.
_MOST_PIECES, _MOST_LEVELS = 1000, 20


def understood(returned: Any, settle: Callable[[], None]) -> Any:
    """Turn what a run-function returned into Python numbers, or a dictionary with texts as keys.

    Objectives become Python numbers, of whatever library they are. What is no objective is left as it is.

    Args:
        returned: the value.
        settle: called before a look into containers, since the job may be in one: `RunningJob.settle`.

    Raises:
        TypeError: it is a generator, so the run-function has not run at all.
        BaseException: whatever an objective raises that is no Exception.
    """
    if type(returned) in _LIGHT:
        return returned
    settle()
    if not isinstance_of(returned, Mapping):
        if isinstance_of(returned, (GeneratorType, AsyncGeneratorType)):
            raise TypeError(
                "the run-function must return its objective, got a generator; remove 'yield' from it, or return "
                "what the generator gives last."
            )
        return _objective(returned)
    items = items_of(returned)
    metadata = items.get("metadata")
    if metadata is not None and isinstance_of(metadata, Mapping):
        items["metadata"] = items_of(metadata)
    for name in _OBJECTIVES:
        if name in items:
            items[name] = _objective(items[name])
    return items


def isinstance_of(value: Any, kind: type | tuple[type, ...]) -> bool:
    """Do as `isinstance`, but believe the type of a value rather than its `__class__`, which may lie or raise."""
    return issubclass(type(value), kind)


def items_of(mapping: Mapping[Any, Any]) -> dict[str, Any]:
    """Copy a mapping, with texts as keys; values that cannot be got are replaced by a text."""
    # Nearly all mappings end here.
    if type(mapping) is dict and _TEXT.issuperset(map(type, mapping)) and "".join(mapping).isascii():
        return mapping.copy()
    try:
        # Not the methods of a subclass, which may do anything.
        items = list(dict.items(mapping) if isinstance(mapping, dict) else dict(mapping).items())
    except Exception as error:
        return _what_can_be_got(mapping, error)
    return _with_texts_as_keys(items)


def _what_can_be_got(mapping: Mapping[Any, Any], error: Exception) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key in (*_OBJECTIVES, "metadata"):
        try:
            found[key] = mapping[key]
        except Exception:
            # It is missing, or cannot be got either; the text below tells what was raised at first.
            continue
    return {**found, "unreadable": instead_of(mapping, "its items cannot be read", error)}


def _with_texts_as_keys(items: list[tuple[Any, Any]]) -> dict[str, Any]:
    """Texts keep their names; another key whose text is taken already gets the name of its class behind it."""
    named = {encodable(key): value for key, value in items if type(key) is str}
    for key, value in items:
        if type(key) is not str:
            text = _key_text(key)
            while text in named:
                text = f"{text} ({class_name(key)})"
            named[text] = value
    return named


def _key_text(key: Any) -> str:
    try:
        return encodable(str.__str__(key) if isinstance_of(key, str) else str(key))
    except Exception as error:
        return instead_of(key, "as a name it has no text", error)


def encodable(text: str) -> str:
    """Replace halves of surrogate pairs, which no file can hold."""
    return text if text.isascii() else text.encode(errors="backslashreplace").decode()


# Objectives.


def _objective(value: Any) -> Any:
    if type(value) is float:
        return value
    if isinstance_of(value, str):
        return str.__str__(value)
    numbers = numbers_of(value)
    if numbers is None:
        return value
    several = tuple(numbers) if isinstance_of(value, tuple) else numbers
    return numbers[0] if len(numbers) == 1 else several


def numbers_of(value: Any) -> list[float] | None:
    """Give the floats of a number or of a sequence of numbers, of whatever library; None if it is neither."""
    try:
        listed = _of_python(value)
        numbers: Iterable[Any] = listed if isinstance_of(listed, (list, tuple)) else [listed]
        return [_float(number) for number in numbers] or None
    except OverflowError:  # a whole number beyond all floats
        return [math.inf]
    except Exception:
        # The user's object may raise anything here; in any case it is not a number.
        return None


def _of_python(value: Any) -> Any:
    """Turn an array or a scalar of whatever library into Python numbers and lists; return everything else as it is."""
    # Asked of the class, since an object may have a `__getattr__` that knows every name, or raises.
    turn = getattr(type(value), "tolist", None) or getattr(type(value), "item", None)
    return value if turn is None else turn(value)


def _float(value: Any) -> float:
    number = _of_python(value)
    if isinstance_of(number, (str, bytes)):
        raise TypeError("a text is no number")
    # Not the `__float__` of a subclass, which may do anything.
    return float.__float__(number) if isinstance_of(number, float) else float(number)


# Travelling.


class Parcel(NamedTuple):
    """A value on its way to another process.

    Args:
        payload: the pickled value.
        name: the name of its class.
    """

    payload: bytes
    name: str

    def unpacked(self) -> Any:
        """Rebuild the value, or give a text that says why it cannot be rebuilt."""
        import pickle

        try:
            return pickle.loads(self.payload)
        except BaseException as error:
            # Code of the user runs here, in a thread where no Ctrl-C arrives. It may raise anything.
            return f"<{self.name}: it cannot be rebuilt in the manager ({reason(error)})>"


def packed(returned: Any) -> Any:
    """Pack what a run-function returned, after `understood`: each piece in a parcel of its own."""
    return _each_piece(_packed_piece, returned)


def unpacked(returned: Any) -> Any:
    """Unpack what was packed."""
    return _each_piece(lambda piece: piece.unpacked() if type(piece) is Parcel else piece, returned)


def _each_piece(change: Callable[[Any], Any], returned: Any) -> Any:
    if type(returned) is not dict:
        return change(returned)
    changed = {key: change(value) for key, value in returned.items() if key != "metadata"}
    if "metadata" in returned:
        given = returned["metadata"]
        changed["metadata"] = {k: change(v) for k, v in given.items()} if type(given) is dict else change(given)
    return changed


def _packed_piece(value: Any) -> Any:
    # A list of such values, for example several objectives, travels as it is, too.
    if type(value) in _LIGHT or (type(value) in (list, tuple) and _LIGHT.issuperset(map(type, value))):
        return value
    try:
        return _parcel(value)
    except BaseException as error:
        described = _Described().of(value, error)
    return described if type(described) is str else _parcel(described)


def _parcel(value: Any) -> Parcel:
    import cloudpickle

    return Parcel(cloudpickle.dumps(value), class_name(value))


@final
class _Described:
    """A container of which only some pieces can be pickled, with a text in place of each of the others."""

    def __init__(self) -> None:
        self._n_pieces = 0

    def of(self, value: Any, error: BaseException, level: int = 0) -> Any:
        """Give the value with texts in it; the whole is a text if it is no container, or too large for this."""
        kind = type(value)
        self._n_pieces += len(value) if kind in (dict, list, tuple) else 0
        is_too_large = self._n_pieces > _MOST_PIECES or level >= _MOST_LEVELS
        if kind not in (dict, list, tuple) or is_too_large:
            return instead_of(value, "it cannot be pickled", error)
        if kind is dict:
            return {key: self._piece(item, level) for key, item in items_of(value).items()}
        return [self._piece(item, level) for item in value]

    def _piece(self, value: Any, level: int) -> Any:
        if type(value) in _LIGHT:
            return value
        try:
            _parcel(value)
        except BaseException as error:
            return self.of(value, error, level + 1)
        return value
