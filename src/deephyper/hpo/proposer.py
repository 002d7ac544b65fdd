"""The base class of proposers, which decide what a search evaluates."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..evaluator import Evaluator
from ..job import Job, Objective
from ..results import Solution
from .again import Again, Guide


@dataclass(frozen=True)
class Trial:
    """A configuration to evaluate.

    Args:
        configuration: active hyperparameters and their values.
        metadata: what is known about it before it runs. Keys that begin with "_" are left out of the table.
        was_prepared: whether it was made while evaluations ran, so that no worker waited for it.
        is_cheaper: whether less was spent on it than usual, since workers would have waited.
    """

    configuration: dict[str, Any]
    metadata: dict[str, Any] = field(default_factory=dict)
    was_prepared: bool = False
    is_cheaper: bool = False


class Proposer(ABC):
    """Decides which configurations a search evaluates.

    Each search class has its own proposer, which is made before the first suggestion. All methods are called in one
    thread.
    """

    @abstractmethod
    def ask(self, n: int, evaluator: Evaluator | None) -> list[Trial]:
        """Suggest legal configurations.

        Args:
            n: how many. The list is shorter only if no other configuration is left or the evaluator's time is over.
            evaluator: the evaluator whose workers are free; None outside of a call of `search`.
        """

    @abstractmethod
    def tell(self, jobs: Sequence[Job]) -> None:
        """Learn from evaluations that have ended, failed or were cancelled, here or at other members of the search."""

    @abstractmethod
    def restore(self, jobs: Sequence[Job], n_asked: int) -> None:
        """Learn from the evaluations of an interrupted search.

        Args:
            jobs: jobs that have ended, in the order of the table, then jobs that came from `ask` and can still be told.
                Those of the last moments of a search that was killed have the metadata of their trials.
            n_asked: how many suggestions the interrupted search had made.
        """

    @property
    def memory(self) -> dict[str, Any]:
        """What `recall` needs beside the jobs to go on exactly, as plain JSON data; nothing by default."""
        return {}

    def recall(self, memory: Mapping[str, Any]) -> None:
        """Take over the memory of an interrupted search; called before `restore`. Does nothing by default."""

    def check(self, objective: Objective) -> None:
        """Raise an error for an objective from which this proposer cannot learn; accept all by default.

        Raises:
            ValueError: says why it cannot.
        """

    def prepare(self, evaluator: Evaluator) -> None:
        """Prepare suggestions; called when all workers are busy. Does nothing by default."""

    def rest(self) -> None:
        """Drop what is only needed while a search runs; called at the end of `search`. Does nothing by default."""

    def again(self, guide: Guide) -> Again:
        """Follow a recorded search; called before anything else. By default that is not possible.

        Raises:
            ValueError: says that it cannot be done.
        """
        raise ValueError(f"what {type(self).__name__} suggests is not recorded, and so cannot be made again")

    def recommended(self, jobs: Sequence[Job]) -> Solution | None:
        """What is believed to be the best among all evaluations that were told and these, which are about to be.

        None, by default, if this proposer has no model to believe in.
        """
        return None

    @property
    def reason_to_stop(self) -> str | None:
        """Why no more suggestions should be made; None to continue."""
        return None

    @property
    def source(self) -> object | None:
        """What became of the tables of earlier searches, for `statistics.source`; None if there were none."""
        return None
