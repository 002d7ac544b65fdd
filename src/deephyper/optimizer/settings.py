"""What does not change during a search."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .._arrays import Array
from .._draws import Draws
from ..acquisition import ACQUISITIONS, MAXIMIZERS, Acquisition, Drawn, Effort, Maximizer, Schedule
from ..space import DESIGNS, Design, Space
from ..surrogate import GAUSSIAN_PROCESS, Family
from ..transfer import Source
from .context import Context, FailureRule
from .strategy import STRATEGIES, Strategy

# docs/engine.md, "The first eight suggestions".
N_INITIAL = 8
# How many of them are left beside the best rows of an earlier search, if there is one.
N_CONTROLS = 1


@dataclass(frozen=True, eq=False)
class Settings:
    """How a search decides; the defaults are those of `docs/engine.md`.

    Args:
        space: what may be tried.
        draws: of this search.
        n_initial: how many suggestions come from the design before the model chooses.
        n_controls: how many of them are made beside the best rows of an earlier task that is not distrusted.
        initial_rows: canonical rows to suggest before anything else, (k, d); they count as initial ones.
        design: spreads the initial suggestions.
        family: of the surrogate.
        acquisitions: how rows are scored; several are a portfolio, of which the one that has done best so far is the
            likeliest to be used.
        schedule: how much suggestions explore.
        strategy: how suggestions for several workers differ.
        maximizer: how the best row is looked for.
        effort: how hard.
        maximize_every: 3 means that every third suggestion is looked for in this way, and the others among drawn
            candidates.
        failures: what a failed evaluation means to the model.
        may_repeat: whether a row that is told or pending may be suggested again.
        n_threads: for linear algebra.
    """

    space: Space
    draws: Draws
    n_initial: int = N_INITIAL
    n_controls: int = N_CONTROLS
    initial_rows: Array = field(default_factory=lambda: np.empty((0, 0)))
    design: Design = DESIGNS["sobol"]
    family: Family = GAUSSIAN_PROCESS
    acquisitions: tuple[Acquisition, ...] = (ACQUISITIONS["UCB"],)
    schedule: Schedule = field(default_factory=Drawn)
    strategy: Strategy = STRATEGIES["auto"]
    maximizer: Maximizer = MAXIMIZERS["auto"]
    effort: Effort = MAXIMIZERS["auto"].usual
    maximize_every: int = 1
    failures: FailureRule = "model"
    may_repeat: bool = False
    n_threads: int = 1

    def context(self, source: Source | None) -> Context:
        """What a model depends on beside the evaluated rows."""
        return Context(self.space, self.draws, self.failures, self.family, source)

    @property
    def shares_candidates(self) -> bool:
        """Whether suggestions made together may be found among common candidates."""
        return self.maximizer is MAXIMIZERS["auto"] and self.maximize_every == 1 and len(self.acquisitions) == 1

    @property
    def n_design(self) -> int:
        """How many suggestions are made without a model."""
        return max(self.n_initial, len(self.initial_rows))
