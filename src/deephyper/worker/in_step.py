"""A dictionary of a class of its own that keeps a plain one in step."""

from __future__ import annotations

from collections.abc import Mapping
from functools import wraps
from typing import Any, Self

# What cannot be changed in place, which is nearly every value.
_LIGHT = frozenset((float, int, str, bool, type(None)))
_SOMETHING = {"": None}


class InStep(dict[str, Any]):
    """A dictionary that shows a plain one, `parameters`: whoever changes one of them has changed both.

    All methods work on the plain one. Code in C that looks into a dictionary without asking its methods, such as the
    test for emptiness of `json.dumps`, finds a copy here; it holds something even while the plain one is empty, since
    nobody tells when that is filled.

    Args:
        items: what the plain dictionary holds at first. Lists, dictionaries and sets among the values are copied, so
            that a change of them stays inside.
    """

    def __init__(self, items: Mapping[str, Any]):
        self._plain = plain = dict(items)
        if not _LIGHT.issuperset(map(type, plain.values())):
            self._plain = plain = {name: _own(value) for name, value in plain.items()}
        super().__init__(plain or _SOMETHING)

    @property
    def parameters(self) -> dict[str, Any]:
        """The configuration as a plain dictionary; what is written to it is seen by the job as well."""
        return self._plain

    @parameters.setter
    def parameters(self, items: Mapping[str, Any]) -> None:
        self._plain = dict(items)
        self._follow()

    def __eq__(self, other: object) -> bool:
        return self._plain == (other._plain if isinstance(other, InStep) else other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __ior__(self, others: Any) -> Self:  # type: ignore[override, misc]  # dict's own accepts several kinds as well
        self.update(others)
        return self

    def settle(self) -> None:
        """Bring the copy up to date, for code that asks no methods, before others get hold of this."""
        dict.clear(self)
        dict.update(self, self._plain)

    def _follow(self) -> None:
        dict.clear(self)
        dict.update(self, self._plain or _SOMETHING)


def _own(value: Any) -> Any:
    kind = type(value)
    if kind is list:
        return [_own(item) for item in value]
    if kind is dict:
        return {key: _own(item) for key, item in value.items()}
    return set(value) if kind is set else value


def _reading(name: str) -> Any:
    method = getattr(dict, name)

    @wraps(method)
    def read(self: InStep, *others: Any) -> Any:
        return method(self._plain, *others)

    return read


def _writing(name: str) -> Any:
    method = getattr(dict, name)

    @wraps(method)
    def write(self: InStep, *others: Any, **items: Any) -> Any:
        try:
            return method(self._plain, *others, **items)
        finally:
            self._follow()

    return write


for _name in ("__contains__", "__getitem__", "__iter__", "__reversed__", "__len__", "__repr__"):
    setattr(InStep, _name, _reading(_name))
for _name in ("__or__", "__ror__", "copy", "get", "items", "keys", "values"):
    setattr(InStep, _name, _reading(_name))
for _name in ("__setitem__", "__delitem__", "clear", "pop", "popitem", "setdefault", "update"):
    setattr(InStep, _name, _writing(_name))
