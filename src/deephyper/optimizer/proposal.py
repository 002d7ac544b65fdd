"""From what is known to what should be tried next, as a pure function: it may run in any thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.special import logsumexp

from .._arrays import Array
from .._draws import Purpose
from ..acquisition import (
    LARGEST_BLOCK,
    MAXIMIZERS,
    USUAL_BLOCK,
    Aim,
    Landscape,
    any_new,
    best_new_rows,
    best_rows,
    block_of_new_rows,
    drawn_rows,
    plausible_maxima,
)
from ..space import row_keys
from ..surrogate import Surrogate
from ..transfer import Source
from .model import Model, prior_beliefs, told_model, with_lies, with_pending
from .opening import Opening, Step, Turn
from .settings import Settings
from .threads import blas_threads
from .told import Told

# From so many suggestions on it pays to share their candidates.
_FEWEST_SHARED = 4
_PENDING_PER_NEGLIGIBLE = 64
# Learned length scales can collapse: then the search creeps for good. A suggestion of the prior's model frees it.
_PRIOR_SHARE = 0.1
_N_MAXIMA, _MAXIMA_FROM = 16, 300
# A portfolio judges its members by their newest nominees.
MOST_NOMINATIONS = 100


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Everything that a proposal depends on.

    Args:
        settings: what does not change.
        told: what has come back.
        pending: rows asked and not told, in order, (p, d).
        known: keys of all rows that must not come again: told, pending, or spent without having taught anything.
        n_asked: how many rows were asked.
        n_volunteered: how many rows were told without having been asked; they stand in for initial suggestions.
        model: the newest model, perhaps of fewer rows.
        source: what is known of earlier tasks.
        nominees: what each acquisition of a portfolio would have suggested so far, (m, acquisitions, d).
    """

    settings: Settings
    told: Told
    pending: Array
    known: frozenset[bytes]
    n_asked: int
    n_volunteered: int = 0
    model: Model | None = None
    source: Source | None = None
    nominees: Array | None = None


@dataclass(frozen=True, eq=False)
class Proposals:
    """What should be tried next.

    Args:
        rows: canonical, legal, new rows, the first suggestion first, (k, d).
        first: number of the first suggestion.
        n_told: how many told rows the proposals know.
        model: the model behind them; None where none was needed.
        nominees: what each acquisition of a portfolio would have suggested, (m, acquisitions, d).
    """

    rows: Array
    first: int
    n_told: int
    model: Model | None = field(default=None, repr=False)
    nominees: Array | None = field(default=None, repr=False)


def n_negligible(n_pending: int) -> int:
    """How many rows more or less do not change what is worth trying next while so many are pending."""
    return n_pending // _PENDING_PER_NEGLIGIBLE


def propose(snapshot: Snapshot, n: int, is_wanted: Callable[[], bool] = lambda: True) -> Proposals:
    """Propose at most n rows, none of them told or pending; fewer only when nothing is left, or they are wanted no longer."""
    with blas_threads(snapshot.settings.n_threads):
        return _Proposing(snapshot, n).proposals(is_wanted)


class _Proposing:
    """One call of `propose`: what it knows, and how that grows with every suggestion.

    Args:
        snapshot: what was known before.
        n: how many suggestions are wanted.
    """

    def __init__(self, snapshot: Snapshot, n: int):
        self._snapshot, self._settings, self._n = snapshot, snapshot.settings, n
        self._context = self._settings.context(snapshot.source)
        self._opening = Opening(self._settings, self._context, snapshot.n_volunteered)
        self._known = set() if self._settings.may_repeat else set(snapshot.known)
        self._model = snapshot.model
        self._pending = snapshot.pending
        self._nominees: list[Array] = []

    def proposals(self, is_wanted: Callable[[], bool]) -> Proposals:
        """Suggest until there are enough, or nothing is left."""
        first = self._snapshot.n_asked
        while (n_left := self._n - len(self._found)) > 0 and is_wanted():
            rows = self._next_rows(first + len(self._found), n_left)
            if not len(rows):
                break
            if not self._settings.may_repeat:
                self._known.update(row_keys(rows))
            self._pending = np.concatenate((self._pending, rows))
        nominees = np.array(self._nominees) if self._nominees else None
        return Proposals(self._found, first, len(self._snapshot.told.X), self._model, nominees)

    @property
    def _found(self) -> Array:
        found: Array = self._pending[len(self._snapshot.pending) :]
        return found

    def _next_rows(self, index: int, n: int) -> Array:
        """The next suggestions, at most n, the first one with a number, (k, d); (0, d) when nothing is left."""
        step = self._opening.step(index, n, self._snapshot.told, self._pending, self._is_asked)
        if step.row is not None:
            return step.row
        if step.turn is Turn.DESIGN:
            return self._design_rows(step, index)
        rows = self._model_rows(self._told_model(), index, n)
        return rows if len(rows) else any_new(self._settings.space, self._known, self._rng(index))

    def _is_asked(self, key: bytes) -> bool:
        """Whether the row with this key was suggested already."""
        return key in self._snapshot.known or key in row_keys(self._found)

    def _told_model(self) -> Model:
        """The model of everything that has come back."""
        told = self._snapshot.told
        if self._model is None or self._model.n_told != len(told.X):
            self._model = told_model(self._context, self._model, told)
        return self._model

    def _design_rows(self, step: Step, index: int) -> Array:
        """Rows of the design, (k, d), each illegal or known one replaced by a random one; fewer when nothing is left."""
        settings, space = self._settings, self._settings.space
        rng = settings.draws.at(Purpose.DESIGN)
        spread = space.from_shares(settings.design(step.place, step.n, step.n_points, space.n_columns, rng))
        rows, known = [np.empty((0, space.n_columns))], set(self._known)
        for k, (row, is_legal) in enumerate(zip(spread, space.legal(spread), strict=True)):
            is_good = is_legal and known.isdisjoint(row_keys(row[None]))
            rows.append(row[None] if is_good else any_new(space, known, self._rng(index + k)))
            known.update(row_keys(rows[-1]))
        return np.concatenate(rows)

    def _rng(self, index: int) -> np.random.Generator:
        return self._settings.draws.at(Purpose.SUGGESTION, index)

    # Suggestions of the model.

    def _model_rows(self, model: Model, index: int, n: int) -> Array:
        """The next suggestions of the model, at most n, (k, d); (0, d) when no candidate is new."""
        settings, companions = self._settings, self._settings.strategy.companions
        rng = self._rng(index)
        landscape = self._landscape(self._aware_of_open_rows(model), index, rng)
        if companions == "drawn":
            return drawn_rows(landscape, settings.space, self._known, rng, settings.effort, n)
        if companions == "shared" and n >= _FEWEST_SHARED and settings.shares_candidates:
            aims = [
                landscape.aim,
                *(self._aim(k, self._rng(k)) for k in range(index + 1, index + min(n, self._largest_block))),
            ]
            kappas = np.array([aim.kappa for aim in aims])
            return block_of_new_rows(landscape, kappas, settings.space, self._known, rng, settings.effort)
        if len(settings.acquisitions) > 1:
            return self._nominated(landscape, index, rng)
        return self._best_rows(landscape, index, rng, n if companions == "best" else 1)

    @property
    def _largest_block(self) -> int:
        """How many suggestions may share their candidates: more where so many are open that a few more do not matter."""
        return int(np.clip(n_negligible(len(self._pending)), USUAL_BLOCK, LARGEST_BLOCK))

    def _aware_of_open_rows(self, model: Model) -> Model:
        """The model that knows of open rows in the way of the strategy."""
        strategy = self._settings.strategy
        if strategy.lie is not None:
            return with_lies(self._context, model, self._snapshot.told, self._pending, strategy.lie(model.targets))
        self._model = with_pending(
            model, self._snapshot.pending if strategy.companions == "own kappa" else self._pending
        )
        return self._model

    def _best_rows(self, landscape: Landscape, index: int, rng: np.random.Generator, n: int) -> Array:
        settings = self._settings
        is_looked_for = index % settings.maximize_every == 0
        maximizer = settings.maximizer if is_looked_for else MAXIMIZERS["sampling"]
        return best_new_rows(landscape, settings.space, self._known, rng, maximizer, settings.effort, n)

    def _nominated(self, landscape: Landscape, index: int, rng: np.random.Generator) -> Array:
        """The suggestion of one acquisition of a portfolio: likely one whose earlier suggestions are now believed to be good.

        Source: Hoffman, Brochu & de Freitas (2011), GP-Hedge, algorithm 1 with eta = 1; gains are recomputed from the newest
        model instead of being summed as they were believed at the time.
        """
        landscapes = [replace(landscape, acquisition=acquisition) for acquisition in self._settings.acquisitions]
        nominees = [self._best_rows(each, index, rng, 1) for each in landscapes]
        if not all(map(len, nominees)):
            return nominees[0]
        gains = self._gains(landscape.surrogate)
        chosen = int(rng.choice(len(nominees), p=np.exp(gains - logsumexp(gains))))
        self._nominees.append(np.concatenate(nominees))
        return nominees[chosen]

    def _gains(self, surrogate: Surrogate) -> Array:
        """What is now believed of all that each acquisition has nominated, summed, (acquisitions,)."""
        nominees = self._snapshot.nominees
        n = len(self._settings.acquisitions)
        if nominees is None or not len(nominees):
            return np.zeros(n)
        means: Array = surrogate.predict(nominees.reshape(-1, nominees.shape[2])).mean
        gains: Array = means.reshape(-1, n).sum(axis=0)
        return gains

    def _landscape(self, model: Model, index: int, rng: np.random.Generator) -> Landscape:
        """The score of the suggestion with a number."""
        snapshot, acquisition = self._snapshot, self._settings.acquisitions[0]
        aim = self._aim(index, rng)
        is_prior = rng.random() < _PRIOR_SHARE
        (surrogate,) = prior_beliefs(self._context, model, snapshot.told) if is_prior else model.beliefs
        if any(a.needs_reached for a in self._settings.acquisitions):
            aim = self._informed(aim, surrogate, rng)
        return Landscape(surrogate, acquisition, aim, model.success, float(model.worst[0]))

    def _aim(self, index: int, rng: np.random.Generator) -> Aim:
        kappa, xi = self._settings.schedule(index - self._settings.n_design, rng)
        return Aim(kappa, xi)

    def _informed(self, aim: Aim, surrogate: Surrogate, rng: np.random.Generator) -> Aim:
        """The aim with what is believed to be reached already, and what the maximum may be."""
        best = float(surrogate.predict(best_rows((surrogate,), 1)).mean[0])
        rows = np.concatenate((self._settings.space.sample(_MAXIMA_FROM, rng), best_rows((surrogate,), 1)))
        return replace(aim, best=best, maxima=plausible_maxima(surrogate.predict(rows), best, _N_MAXIMA, rng))
