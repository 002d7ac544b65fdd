"""Which values an option accepts: how they are checked, and how the documentation describes them."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from .._checks import count, got, instance_of, is_integer, is_number, one_of, shown, yes_or_no
from .other_words import called_here


class Accepted(Protocol):
    """The values that an option accepts."""

    @property
    def text(self) -> str:
        """The accepted values in words, as Markdown."""

    def check(self, where: str, what: str, value: Any) -> Any:
        """Return the value as a Python object.

        Args:
            where: whose option it is, for messages.
            what: name of the option.
            value: what the user passed.

        Raises:
            ValueError: the value is not accepted.
            TypeError: the value has a wrong type.
        """


@dataclass(frozen=True)
class OneOf:
    """One of some names; on request also None."""

    names: Collection[str]
    or_none: bool = False

    @property
    def text(self) -> str:
        return ", ".join(f'`"{name}"`' for name in self.names) + (" or `None`" if self.or_none else "")

    def check(self, where: str, what: str, value: Any) -> Any:
        if value is None and self.or_none:
            return value
        one_of(where, what, value, self.names, called_here)
        return value


@dataclass(frozen=True)
class Whole:
    """A whole number; on request also None, or -1 with a meaning of its own."""

    at_least: int = 1
    or_none: bool = False
    minus_one: str = ""

    @property
    def text(self) -> str:
        others = (" or `None`" if self.or_none else "") + (f" or -1 for {self.minus_one}" if self.minus_one else "")
        return f"a whole number of at least {self.at_least}{others}"

    def check(self, where: str, what: str, value: Any) -> Any:
        if (value is None and self.or_none) or (self.minus_one and is_integer(value) and value == -1):
            return value
        what = f"{what} (or -1 for {self.minus_one})" if self.minus_one else what
        return count(where, what, value, self.at_least)


@dataclass(frozen=True)
class NotNegative:
    """A number of at least 0, or None."""

    text: str = "a number of at least 0 or `None`"

    def check(self, where: str, what: str, value: Any) -> Any:
        if value is not None and not (is_number(value) and 0 <= value < math.inf):
            raise ValueError(
                f"{where}: {what} must be a number of at least 0, or None for the usual, got {shown(value)}."
            )
        return None if value is None else float(value)


@dataclass(frozen=True)
class Flag:
    """True or False."""

    text: str = "`True` or `False`"

    def check(self, where: str, what: str, value: Any) -> Any:
        return yes_or_no(where, what, value)


@dataclass(frozen=True)
class OrNone:
    """An object of a type, or None."""

    kind: type
    text: str

    def check(self, where: str, what: str, value: Any) -> Any:
        if value is not None:
            instance_of(where, what, value, self.kind, self.text.replace("`", ""))
        return value


@dataclass(frozen=True)
class Configurations:
    """A list of configurations, or None; each of them is checked later, with the space."""

    text: str = "a list of configurations or `None`"

    def check(self, where: str, what: str, value: Any) -> Any:
        if value is None:
            return None
        accepted = f"{where}: {what} must be a list of configurations, or None, {got(value)}."
        if isinstance(value, Mapping):
            raise TypeError(f"{accepted} Write {what}=[{dict(value)!r}].")
        if hasattr(value, "to_dict"):
            raise TypeError(f"{accepted} Write {what}=table.to_dict('records'), with the hyperparameters as columns.")
        if isinstance(value, str) or not isinstance(value, Iterable):
            raise TypeError(f"{accepted} Write {what}=[{{'x': 0.5}}].")
        return list(value)


@dataclass(frozen=True)
class CheckedLater:
    """Any value: it can only be checked together with other options."""

    text: str

    def check(self, where: str, what: str, value: Any) -> Any:
        return value


def option(default: Any, accepted: Accepted, help_text: str, inside: str | None = None) -> Any:
    """Declare an option as the field of a frozen dataclass.

    Args:
        default: its default.
        accepted: the values that it accepts.
        help_text: one sentence about what it does.
        inside: name of the dictionary of which it is a key; None if it is an argument itself.
    """
    return dataclasses.field(default=default, metadata={"accepted": accepted, "help": help_text, "inside": inside})
