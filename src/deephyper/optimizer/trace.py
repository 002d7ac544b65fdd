"""What an optimizer went through from one suggestion to the next, in order, so that it can go through it again."""

from __future__ import annotations

from typing import NamedTuple, final


class Step(NamedTuple):
    """One thing that was done: a verb, and whole numbers that say how. `docs/architecture.md` lists the verbs."""

    verb: str
    numbers: tuple[int, ...] = ()


@final
class Trace:
    """Notes what is done to an optimizer; each suggestion takes along what was noted since the one before it.

    Whatever a proposal depends on is decided by the steps so far, or is itself noted here. So a decision that depends
    on measured times must be a step, or a number of one.
    """

    def __init__(self) -> None:
        self._steps: list[Step] = []

    def note(self, verb: str, *numbers: int) -> None:
        """Note one thing that was done."""
        self._steps.append(Step(verb, numbers))

    def take(self) -> tuple[Step, ...]:
        """Return what was noted since the last call."""
        steps, self._steps = self._steps, []
        return tuple(steps)
