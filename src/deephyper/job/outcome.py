"""What a run-function may return, and what it means. The only place that knows what a failure is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Objective = float | tuple[float, ...] | str
"""One number, several numbers, or the reason of a failure: a string that begins with "F"."""

WORKER_DIED = "F_worker_died"
LIMITS = {"timeout": "F_timeout", "memory": "F_memory_limit_exceeded"}
"""What an evaluation fails as that took more than it may."""


def is_failure(objective: object) -> bool:
    """True for the objective of an evaluation that failed."""
    return isinstance(objective, str)


def is_reason(text: str) -> bool:
    """True for a text that may be an objective: the reason of a failure."""
    return text.startswith("F")


@dataclass(frozen=True)
class Outcome:
    """A returned value understood.

    Args:
        objective: higher is better; a string that begins with "F" is a failure.
        metadata: what else is to be remembered, by name.
        crashed: the function raised, its worker died or it was killed, as opposed to a failure that it returned.
    """

    objective: Objective
    metadata: dict[str, Any] = field(default_factory=dict)
    crashed: bool = False

    @property
    def is_failure(self) -> bool:
        """True if there is no objective to learn from."""
        return is_failure(self.objective)

    @classmethod
    def parse(cls, returned: Any, n_objectives: int | None = None) -> Outcome:
        """Understand what a run-function returned.

        Args:
            returned: a number, a sequence of numbers, "F…", or a mapping with `objective` (or `output`) and perhaps `metadata`.
            n_objectives: how many objectives the evaluations before had; another number is a failure.
        """
        metadata: dict[str, Any] = {}
        if isinstance(returned, Mapping):
            metadata = _metadata(returned)
            returned = returned.get("objective", returned.get("output"))
        objective = _objective(returned)
        if not is_failure(objective) and n_objectives not in (None, n_objectives_of(objective)):
            objective = "F_number_of_objectives"
        return cls(objective, metadata)

    @classmethod
    def raised(cls, name: str, traceback: str) -> Outcome:
        """The outcome of a function that raised an exception of that class name."""
        return cls(f"F_{name}", {"traceback": traceback}, crashed=True)

    @classmethod
    def killed(cls, limit: str, message: str) -> Outcome:
        """The outcome of an evaluation that was ended because it took more "timeout" or "memory" than it may."""
        return cls(LIMITS[limit], {"traceback": message}, crashed=True)

    @classmethod
    def worker_died(cls, message: str) -> Outcome:
        """The outcome of an evaluation whose worker was lost."""
        return cls(WORKER_DIED, {"traceback": message}, crashed=True)


def n_objectives_of(objective: Objective) -> int:
    """How many numbers an objective that is no failure holds."""
    return len(objective) if isinstance(objective, tuple) else 1


def _metadata(returned: Mapping[Any, Any]) -> dict[str, Any]:
    """Everything but the objective; `metadata` that is no mapping counts as a value of that name."""
    rest = {key: value for key, value in returned.items() if key not in ("objective", "output", "metadata")}
    given = returned.get("metadata")
    named = given if isinstance(given, Mapping) else {} if given is None else {"metadata": given}
    return {str(key): value for key, value in {**rest, **named}.items()}


def _objective(value: Any) -> Objective:
    if isinstance(value, (str, bytes)):
        return value if isinstance(value, str) and is_reason(value) else "F_not_a_number"
    numbers = _numbers(value)
    if numbers is None:
        return "F_none" if value is None else "F_not_a_number"
    if any(math.isnan(number) for number in numbers):
        return "F_nan"
    if any(math.isinf(number) for number in numbers):
        return "F_infinite"
    return numbers[0] if len(numbers) == 1 else tuple(numbers)


def _numbers(value: Any) -> list[float] | None:
    """Floats out of a number or a sequence of numbers, of whatever library; None if it is neither."""
    try:
        # Arrays of every library turn themselves into Python numbers and lists.
        plain = value.tolist() if hasattr(value, "tolist") else value
        numbers = plain if isinstance(plain, (list, tuple)) else [plain]
        if any(isinstance(number, (str, bytes)) for number in numbers):
            return None
        return [float(number) for number in numbers] or None
    except OverflowError:  # a whole number beyond all floats
        return [math.inf]
    except Exception:
        # It is the user's object that raises here, whatever it likes; what it is not is a number.
        return None
