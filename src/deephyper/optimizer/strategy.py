"""Several workers at once: what a suggestion knows of those that are still open, and of those made with it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, Protocol, final

import numpy as np

from .._arrays import Array
from ..acquisition import LARGEST_BLOCK
from .context import Context
from .model import Model, with_lies, with_pending
from .thrift import Thrift
from .told import Told

# One row in this many changes next to nothing: docs/engine.md, "What runs counts".
_PENDING_PER_NEGLIGIBLE = 64

# From the targets so far, (n, m), to those that open rows are assumed to have, (m,).
Lie = Callable[[Array], Array]


def n_negligible(n_pending: int) -> int:
    """How many rows more or less do not change what is worth trying next while so many are pending."""
    return n_pending // _PENDING_PER_NEGLIGIBLE


class Choice(NamedTuple):
    """What was chosen.

    Args:
        rows: canonical, legal, new rows, (k, d).
        nominees: what each acquisition of a portfolio would have suggested, (acquisitions, d).
    """

    rows: Array
    nominees: Array | None = None


class Chooser(Protocol):
    """The ways to choose rows under the score of the next suggestion."""

    @property
    def n_pending(self) -> int:
        """How many rows are open."""

    @property
    def thrift(self) -> Thrift:
        """What has to be saved."""

    @property
    def can_share(self) -> bool:
        """Whether several suggestions may be found among common candidates."""

    def best(self, n: int) -> Choice:
        """The n best rows; a single one where there is a portfolio of acquisitions."""

    def drawn(self, n: int) -> Choice:
        """n rows, each drawn with a probability that grows with its score."""

    def sharing(self, n: int) -> Choice:
        """n rows among common candidates, each with its own kappa, and those before it pending."""


class Strategy(ABC):
    """How suggestions that are made together differ.

    Args:
        acquisition: the name of the only acquisition that it works with; None for any.

    Attributes:
        takes_several_of_one_score: whether several suggestions come from one score, so that a portfolio has nothing to
            choose for each.
        needs_different_kappas: whether only kappa tells suggestions apart: with a constant one they would be equal.
    """

    acquisition: str | None = None
    takes_several_of_one_score: ClassVar[bool] = False
    needs_different_kappas: ClassVar[bool] = False

    def aware(self, context: Context, model: Model, told: Told, before: Array, pending: Array) -> Model:
        """The model that knows of open rows as this strategy has it: they shrink doubt and leave the mean.

        Args:
            context: what the model depends on beside the rows.
            model: of everything that has come back.
            told: what has come back.
            before: the rows that were open before this call, (p, d).
            pending: these, and the suggestions of this call, (q, d).
        """
        return with_pending(model, pending)

    @abstractmethod
    def choose(self, chooser: Chooser, n: int) -> Choice:
        """The next suggestions of one call, at most n."""


@final
@dataclass(frozen=True)
class OneByOne(Strategy):
    """Each suggestion of a call is chosen by itself, with those before it open.

    Args:
        lie: what open rows are assumed to have come back with; None lets them be pending.

    Source: with a lie the constant liar of Ginsbourger, Le Riche & Carraro (2010).
    """

    lie: Lie | None = None

    def aware(self, context: Context, model: Model, told: Told, before: Array, pending: Array) -> Model:
        if self.lie is None:
            return with_pending(model, pending)
        return with_lies(context, model, told, pending, self.lie(model.targets))

    def choose(self, chooser: Chooser, n: int) -> Choice:
        return chooser.best(1)


@final
@dataclass(frozen=True)
class Sharing(Strategy):
    """The suggestions of a call are found among common candidates where that pays, else one by one.

    Each has its own kappa and knows those before it as pending.
    """

    def choose(self, chooser: Chooser, n: int) -> Choice:
        if n < chooser.thrift.fewest_shared or not chooser.can_share:
            return chooser.best(1)
        # More may share where so many are open that a few more do not matter.
        block = max(chooser.thrift.block, min(n_negligible(chooser.n_pending), LARGEST_BLOCK))
        return chooser.sharing(min(n, block))


@final
@dataclass(frozen=True)
class BestOfOne(Strategy):
    """The suggestions of a call are the best rows of one and the same score."""

    takes_several_of_one_score = True

    def choose(self, chooser: Chooser, n: int) -> Choice:
        return chooser.best(n)


@final
@dataclass(frozen=True)
class DrawnByScore(Strategy):
    """The suggestions of a call are drawn from one and the same score: the higher it is, the likelier."""

    takes_several_of_one_score = True

    def choose(self, chooser: Chooser, n: int) -> Choice:
        return chooser.drawn(n)


@final
@dataclass(frozen=True)
class OwnKappa(Strategy):
    """Each suggestion of a call is the best row under its own kappa, whatever the others of this call are.

    Source: Égelé et al. (2023).
    """

    acquisition: str | None = "UCB"
    needs_different_kappas = True

    def aware(self, context: Context, model: Model, told: Told, before: Array, pending: Array) -> Model:
        return with_pending(model, before)

    def choose(self, chooser: Chooser, n: int) -> Choice:
        return chooser.best(1)


def _each(statistic: Callable[[Array], float]) -> Lie:
    """The statistic of every column of targets."""
    return lambda targets: np.array([statistic(column) for column in targets.T])


STRATEGIES: dict[str, Strategy] = {
    "auto": Sharing(),
    "cl_min": OneByOne(_each(np.min)),
    "cl_mean": OneByOne(_each(np.mean)),
    "cl_max": OneByOne(_each(np.max)),
    "topk": BestOfOne(),
    "boltzmann": DrawnByScore(),
    "qUCB": OwnKappa("UCB"),
    "qUCBd": OwnKappa("UCBd"),
}
