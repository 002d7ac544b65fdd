"""What a run-function may return, and what it means. The only place that knows what a failure is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..errors import instead_of
from ..worker import isinstance_of, items_of, numbers_of
from .mistakes import in_words

Objective = float | tuple[float, ...] | str
"""One number, several numbers, or the reason of a failure: a string that begins with "F"."""

WORKER_DIED = "F_worker_died"
LIMITS = {"timeout": "F_timeout", "memory": "F_memory_limit_exceeded"}
"""The failure of an evaluation that took more than it may, by the limit that it broke."""
# The failures of a function that returned no objective, as opposed to the reason of a failure.
_NONE, _NO_NUMBER, _WRONG_NUMBER = "F_none", "F_not_a_number", "F_number_of_objectives"


# Every name is a column of the table, and a file of a million columns is of no use to anybody.
_MOST_NAMES = 1000


def is_failure(objective: object) -> bool:
    """True for the objective of an evaluation that failed."""
    return isinstance(objective, str)


def is_lost(objective: object) -> bool:
    """True for the objective of an evaluation whose worker was lost: nobody knows what it would have returned."""
    return isinstance(objective, str) and objective == WORKER_DIED


def is_reason(text: str) -> bool:
    """True for a text that may be an objective: the reason of a failure."""
    return text.startswith("F")


def number_of(value: Any) -> float:
    """Turn one objective, or a cell of its column, into a number; NaN for a failure and where there is none."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan


class Accepting(Protocol):
    """Whoever knows how many objectives a search has: `Objectives`."""

    def accepts(self, objective: Objective) -> bool:
        """True if an objective has the right number of numbers."""


@dataclass(frozen=True)
class Outcome:
    """A returned value understood.

    Args:
        objective: higher is better; a string that begins with "F" is a failure.
        metadata: what else the function returned, by name.
        crashed: the function raised, its worker died or it was killed, as opposed to a failure that it returned.
        mistake: what it returned instead of an objective, in words; empty if it returned one, or failed on purpose.
        returned: what it returned, as it is; `...` if that is unknown.
    """

    objective: Objective
    metadata: dict[str, Any] = field(default_factory=dict)
    crashed: bool = False
    mistake: str = ""
    returned: Any = field(default=..., compare=False, repr=False)

    @property
    def is_failure(self) -> bool:
        """True if there is no objective to learn from."""
        return is_failure(self.objective)

    @property
    def is_lost(self) -> bool:
        """True if the worker was lost, so that the evaluation may be tried again."""
        return is_lost(self.objective)

    @classmethod
    def parse(cls, returned: Any, objectives: Accepting | None = None) -> Outcome:
        """Understand what a run-function returned.

        Args:
            returned: a number, a sequence of numbers, "F…" (also one for each of several objectives, of which the first
                counts), or a mapping with `objective` (or `output`) and perhaps `metadata`.
            objectives: those of the search; any other number of objectives is a failure. None accepts every number.
        """
        metadata, value = {}, returned
        if isinstance_of(returned, Mapping):
            items = items_of(returned)
            metadata = _metadata(items)
            value = items.get("objective", items.get("output"))
        objective = _objective(value)
        if objectives is not None and not objectives.accepts(objective):
            words = f"{objective!r}, another number of objectives than before"
            return cls(_WRONG_NUMBER, metadata, mistake=words, returned=returned)
        is_mistake = objective in (_NONE, _NO_NUMBER) and _reason(value) is None
        return cls(objective, metadata, mistake=_mistake(returned) if is_mistake else "", returned=returned)

    @classmethod
    def raised(cls, name: str, traceback: str) -> Outcome:
        """The outcome of a function that raised an exception of that class name."""
        return cls(f"F_{name}", {"traceback": traceback}, crashed=True)

    @classmethod
    def killed(cls, limit: str, message: str, **found: Any) -> Outcome:
        """The outcome of an evaluation that was ended because it took more "timeout" or "memory" than it may."""
        return cls(LIMITS[limit], {"traceback": message, **found}, crashed=True)

    @classmethod
    def worker_died(cls, message: str) -> Outcome:
        """The outcome of an evaluation whose worker was lost."""
        return cls(WORKER_DIED, {"traceback": message}, crashed=True)


def _mistake(returned: Any) -> str:
    try:
        return in_words(items_of(returned) if isinstance_of(returned, Mapping) else returned)
    except BaseException as error:
        # The words are made of what the user's object says of itself.
        return instead_of(returned, "it cannot be described", error)


def _metadata(returned: Mapping[str, Any]) -> dict[str, Any]:
    """Everything but the objective. If `metadata` is no mapping, or one of too many names, it is kept as one value."""
    rest = {key: value for key, value in returned.items() if key not in ("objective", "output", "metadata")}
    given = returned.get("metadata")
    return {**_names("others", rest), **_names("metadata", {} if given is None else given)}


def _names(place: str, given: Any) -> dict[str, Any]:
    """Give the items of a mapping. Anything else, and a mapping of too many names, is one item named by its place."""
    if not isinstance_of(given, Mapping):
        return {place: given}
    items = items_of(given)
    return items if len(items) <= _MOST_NAMES else {place: items}


def _reason(value: Any) -> str | None:
    """The reason of a failure, alone or the first one in a sequence; None if there is none."""
    if isinstance_of(value, str):
        # Not the methods of a subclass, which may do anything.
        text = str.__str__(value)
        return text if is_reason(text) else None
    kind = next((kind for kind in (list, tuple) if isinstance_of(value, kind)), None)
    if kind is None:
        return None
    texts = (each for each in kind.__iter__(value) if isinstance_of(each, str))
    return next((reason for reason in map(_reason, texts) if reason is not None), None)


def _objective(value: Any) -> Objective:
    if (reason := _reason(value)) is not None:
        return reason
    numbers = numbers_of(value)
    if numbers is None:
        return _NONE if value is None else _NO_NUMBER
    if any(math.isnan(number) for number in numbers):
        return "F_nan"
    if any(math.isinf(number) for number in numbers):
        return "F_infinite"
    return numbers[0] if len(numbers) == 1 else tuple(numbers)
