"""Makes the suggestions of a recorded search again: by the same steps, and on its way also where they differ."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Any, NamedTuple, Protocol, final

from .._arrays import Array
from ..optimizer import BayesianOptimizer, Proposals, Settings, Snapshot, Step, Suggestion, propose


class Guide(Protocol):
    """Knows the recorded search that is followed."""

    def n_steps(self, call: int) -> int | None:
        """After how many steps a call of `propose` ended early; None if it did not, or if nobody knows."""

    def instead(self, call: int, place: int, proposed: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Hear what was proposed in a row of a call, and say what was evaluated instead of it; None if it is the same.

        Rows that were never handed out are the same.
        """


class Repeated(NamedTuple):
    """A suggestion that was made again.

    Args:
        number: how many suggestions were made before it.
        call: which call of `propose` has made it.
        place: which row of that call it is.
        n_told: how many results it knew; None where it asks for none.
        metadata: by which the proposer recognizes its job.
    """

    number: int
    call: int
    place: int
    n_told: int | None
    metadata: dict[str, Any]


class Again(ABC):
    """Repeats what was asked of a proposer; the proposer itself is told results as usual."""

    @abstractmethod
    def repeat(self, step: Step) -> None:
        """Do again what was done.

        Raises:
            ValueError: the step is not known here, or makes no sense now.
        """

    @abstractmethod
    def hand_out(self) -> Repeated | None:
        """The next suggestion; None if there is none, so that something else must have been done."""


@final
class OptimizerAgain(Again):
    """Repeats what was asked of an optimizer.

    Args:
        guide: knows the recorded search.
        settings: how the optimizer decides.
        configurations: from rows, (n, d), to their configurations.
        recognized: from a row that is handed out, (d,), to the metadata by which its job is recognized.
    """

    def __init__(
        self,
        guide: Guide,
        settings: Settings,
        configurations: Callable[[Array], Sequence[Mapping[str, Any]]],
        recognized: Callable[[Array], dict[str, Any]],
    ):
        self._guide, self._space = guide, settings.space
        self._configurations, self._recognized = configurations, recognized
        self.optimizer = BayesianOptimizer(settings, self._propose)
        self._n_calls = 0
        self._snapshot: Snapshot | None = None
        self._fresh: list[Suggestion] = []

    def repeat(self, step: Step) -> None:
        match step:
            case ("ask", (n,)):
                self._fresh += self.optimizer.suggest(n)
            case ("prepare", numbers):
                self._snapshot = self.optimizer.snapshot(*numbers)
            case ("ready", (n,)) if self._snapshot is not None:
                self.optimizer.install(self._propose(self._snapshot, n))
            case ("drop", ()):
                self.optimizer.drop_ready()
            case ("cut", (_, _)):
                pass  # It belongs to an earlier call, and the guide knows of it.
            case _:
                raise ValueError(f"the step {step} cannot be repeated")

    def hand_out(self) -> Repeated | None:
        given = self._fresh or self.optimizer.take_ready(1)
        if not given:
            return None
        suggestion = given.pop(0)
        number, call, place, _ = suggestion.origin
        return Repeated(number, call, place, suggestion.n_told, self._recognized(suggestion.row))

    def _propose(self, snapshot: Snapshot, n: int, is_wanted: Callable[[], bool] = lambda: True) -> Proposals:
        """Propose as it was done, and go on with what was evaluated then."""
        call, self._n_calls = self._n_calls, self._n_calls + 1
        n_steps = self._guide.n_steps(call)
        if n_steps is not None:
            steps = count()
            proposals = propose(snapshot, n, lambda: next(steps) < n_steps)
        else:
            proposals = propose(snapshot, n)
        rows = proposals.rows.copy()
        for place, proposed in enumerate(self._configurations(rows)):
            instead = self._guide.instead(call, place, proposed)
            if instead is not None:
                rows[place] = self._space.encode([instead])[0]
        return replace(proposals, rows=rows)
