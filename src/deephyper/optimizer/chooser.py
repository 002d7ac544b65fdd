"""How rows are chosen under the score of the next suggestion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from scipy.special import logsumexp

from .._arrays import Array
from .._draws import Purpose
from ..acquisition import MAXIMIZERS, Effort, Landscape, best_new_rows, block_of_new_rows, drawn_rows
from ..space import Space
from .settings import Settings
from .strategy import Choice
from .thrift import Thrift

# A portfolio judges its members by their newest nominees.
MOST_NOMINATIONS = 100


@final
@dataclass(frozen=True, eq=False)
class LandscapeChooser:
    """Chooses rows under a score; see `strategy.Chooser`.

    Args:
        settings: how the search decides.
        space: what may be tried, and how it is drawn from.
        landscape: the score.
        number: of the next suggestion.
        rng: this suggestion's own.
        known: keys of the rows that must not be chosen.
        nominees: what each acquisition of a portfolio would have suggested so far, (k, acquisitions, d).
        n_pending: how many rows are open.
        thrift: what has to be saved.
    """

    settings: Settings
    space: Space
    landscape: Landscape
    number: int
    rng: np.random.Generator
    known: set[bytes]
    nominees: Array
    n_pending: int
    thrift: Thrift

    @property
    def can_share(self) -> bool:
        return self.settings.shares_candidates

    def best(self, n: int) -> Choice:
        if len(self.settings.acquisitions) > 1:
            return self._nominated()
        return Choice(self._best_rows(self.landscape, n))

    def drawn(self, n: int) -> Choice:
        return Choice(drawn_rows(self.landscape, self.space, self.known, self.rng, self._effort, n))

    def sharing(self, n: int) -> Choice:
        kappas = np.array([self.landscape.aim.kappa, *(self._kappa(self.number + k) for k in range(1, n))])
        return Choice(block_of_new_rows(self.landscape, kappas, self.space, self.known, self.rng, self._effort))

    @property
    def _effort(self) -> Effort:
        """How hard to look: what the user has chosen is kept."""
        effort = self.settings.effort
        return self.thrift.of(effort) if effort == self.settings.maximizer.usual else effort

    def _kappa(self, number: int) -> float:
        """Kappa of the suggestion with this number."""
        rng = self.settings.draws.at(Purpose.SUGGESTION, number)
        return self.settings.schedule(number - self.settings.n_design, rng)[0]

    def _best_rows(self, landscape: Landscape, n: int) -> Array:
        settings = self.settings
        is_looked_for = self.number % settings.maximize_every == 0
        maximizer = settings.maximizer if is_looked_for else MAXIMIZERS["sampling"]
        return best_new_rows(landscape, self.space, self.known, self.rng, maximizer, self._effort, n)

    def _nominated(self) -> Choice:
        """The suggestion of one acquisition of a portfolio: likely one whose earlier suggestions are now believed good.

        Source: Hoffman, Brochu & de Freitas (2011), GP-Hedge, algorithm 1 with eta = 1; gains are computed again from
        the newest model instead of being summed as they were believed at the time.
        """
        landscapes = [self.landscape.with_acquisition(acquisition) for acquisition in self.settings.acquisitions]
        nominees = [self._best_rows(landscape, 1) for landscape in landscapes]
        if not all(map(len, nominees)):
            return Choice(nominees[0])
        gains = self._gains()
        chosen = int(self.rng.choice(len(nominees), p=np.exp(gains - logsumexp(gains))))
        return Choice(nominees[chosen], np.concatenate(nominees))

    def _gains(self) -> Array:
        """What is now believed of all that each acquisition has nominated, summed, (acquisitions,)."""
        k, n, d = self.nominees.shape
        if not k:
            return np.zeros(n)
        gains: Array = self.landscape.expected_merit(self.nominees.reshape(-1, d)).reshape(k, n).sum(axis=0)
        return gains
