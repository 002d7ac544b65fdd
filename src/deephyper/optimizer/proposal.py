"""From what is known to what should be tried next, as a pure function: it may run in any thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, final

import numpy as np

from .._arrays import Array
from .._draws import Purpose
from .._threads import limited
from ..acquisition import Aim, Landscape, any_new
from ..space import Walkers, row_keys
from ..transfer import Source
from .chooser import LandscapeChooser
from .interruptions import Moment, interruptions
from .model import Model, prior_beliefs, told_model
from .opening import Opening, Step, Turn
from .plateau import Plateau
from .settings import Settings
from .thrift import THRIFTS
from .told import Told

# Learned length scales can collapse: then the search hardly moves any more. A suggestion of the prior's model frees it.
# The share is chosen in docs/benchmarks.md, "What decided the defaults", first line.
_PRIOR_SHARE = 0.1
_N_MAXIMA, _MAXIMA_FROM = 16, 300
# Evaluated rows from which legal ones are looked for where draws find none.
_MOST_STARTS = 200


@final
@dataclass(frozen=True, eq=False)
class Snapshot:
    """Everything that a proposal depends on.

    Args:
        settings: what does not change.
        told: what has come back.
        pending: rows asked and not told, in order, (p, d).
        known: keys of all rows that must not come again: told, pending, or spent without having taught anything; and
            how often each was.
        n_asked: how many rows were asked.
        nominees: what each acquisition of a portfolio would have suggested so far, (k, acquisitions, d).
        feasible: places known to be legal, as shares of the priors, (k, d), where draws are hardly ever legal.
        n_volunteered: how many rows were told without having been asked; they stand in for initial suggestions.
        model: the newest model, perhaps of fewer rows.
        source: what is known of earlier tasks.
        thrift: how much has to be saved, a place in `THRIFTS`; 0 for nothing.
    """

    settings: Settings
    told: Told
    pending: Array
    known: Mapping[bytes, int]
    n_asked: int
    nominees: Array
    feasible: Array
    n_volunteered: int = 0
    model: Model | None = None
    source: Source | None = None
    thrift: int = 0


@final
@dataclass(frozen=True, eq=False)
class Proposals:
    """What should be tried next.

    Args:
        rows: canonical, legal, new rows, the first suggestion first, (k, d).
        first: number of the first suggestion.
        n_told: how many told rows the proposals know.
        model: the model behind them; None where none was needed.
        nominees: what each acquisition of a portfolio would have suggested, (k, acquisitions, d).
        feasible: places known to be legal now, as shares of the priors, (k, d).
        n_wanted: how many rows were wanted.
        n_steps: in how many steps they were found; a step finds one row, or several that belong together.
        thrift: how much was saved, as in the snapshot.
    """

    rows: Array
    first: int
    n_told: int
    feasible: Array = field(repr=False)
    model: Model | None = field(default=None, repr=False)
    nominees: Array | None = field(default=None, repr=False)
    n_wanted: int = 0
    n_steps: int = 0
    thrift: int = 0


class Propose(Protocol):
    """What `propose` is."""

    def __call__(self, snapshot: Snapshot, n: int, is_wanted: Callable[[], bool] = ...) -> Proposals:
        """Propose at most n rows."""


def propose(snapshot: Snapshot, n: int, is_wanted: Callable[[], bool] = lambda: True) -> Proposals:
    """Propose at most n rows, none of them told or pending.

    There are fewer only when nothing is left, or when `is_wanted` says that no more are wanted.
    """
    # Its matrices are small, and the other cores belong to the evaluations. A seed also fixes proposals only with a
    # fixed number of threads, which decides how sums are split, and so their last digits.
    with limited(snapshot.settings.n_threads):
        return _Proposing(snapshot, n).proposals(is_wanted)


class _Proposing:
    """One call of `propose`: what it knows, and how that grows with every suggestion.

    Args:
        snapshot: what was known before.
        n: how many suggestions are wanted.
    """

    def __init__(self, snapshot: Snapshot, n: int):
        self._snapshot, self._settings, self._n = snapshot, snapshot.settings, n
        # It remembers, for this call alone, where legal rows are found: so the function stays pure.
        self._walkers = Walkers(snapshot.feasible)
        given, told = self._settings.initial_rows, snapshot.told.X[-_MOST_STARTS:]
        known = np.concatenate((given, told)) if len(given) else told
        self._space = self._settings.space.walked_by(self._walkers, known)
        self._context = self._settings.context(snapshot.source)
        self._told = self._context.read(snapshot.told)
        self._plateau = Plateau.of(self._told, self._settings.draws)
        self._opening = Opening(self._settings, self._context, snapshot.n_volunteered)
        self._known = set() if self._settings.may_repeat else set(snapshot.known)
        self._model = snapshot.model
        self._pending = snapshot.pending
        self._nominees: list[Array] = []
        self._thrift = THRIFTS[snapshot.thrift]

    def proposals(self, is_wanted: Callable[[], bool]) -> Proposals:
        """Suggest until there are enough, or nothing is left."""
        first, n_steps = self._snapshot.n_asked, 0
        while (n_left := self._n - len(self._found)) > 0 and is_wanted():
            rows = self._next_rows(first + len(self._found), n_left)
            n_steps += 1
            if not len(rows):
                break
            if not self._settings.may_repeat:
                self._known.update(row_keys(rows))
            self._pending = np.concatenate((self._pending, rows))
        nominees = np.array(self._nominees) if self._nominees else None
        n_told, thrift, feasible = len(self._snapshot.told.X), self._snapshot.thrift, self._walkers.shares
        return Proposals(self._found, first, n_told, feasible, self._model, nominees, self._n, n_steps, thrift)

    @property
    def _found(self) -> Array:
        found: Array = self._pending[len(self._snapshot.pending) :]
        return found

    def _next_rows(self, index: int, n: int) -> Array:
        """The next suggestions, at most n, the first one with a number, (k, d); (0, d) when nothing is left."""
        step = self._opening.step(index, n, self._told, self._pending, self._n_times)
        if step.row is not None:
            return step.row
        if step.turn is Turn.DESIGN:
            return self._design_rows(step, index)
        rows = self._model_rows(index, n)
        return rows if len(rows) else any_new(self._space, self._known, self._rng(index))

    def _n_times(self, key: bytes) -> int:
        """How often the row with this key was suggested already."""
        return self._snapshot.known.get(key, 0) + row_keys(self._found).count(key)

    def _told_model(self) -> Model:
        """The model of everything that has come back."""
        if self._model is None or self._model.n_told != len(self._told.X):
            self._model = told_model(self._context, self._model, self._told, self._thrift.growth)
        return self._model

    def _design_rows(self, step: Step, index: int) -> Array:
        """Rows of the design, (k, d), random ones in place of illegal or known ones; fewer when nothing is left."""
        settings, space = self._settings, self._space
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

    def _model_rows(self, index: int, n: int) -> Array:
        """The next suggestions of the model, at most n, (k, d); (0, d) when no candidate is new."""
        settings, snapshot, rng = self._settings, self._snapshot, self._rng(index)
        model = self._told_model()
        model = settings.strategy.aware(self._context, model, self._told, snapshot.pending, self._pending)
        self._model = model
        rules = interruptions(self._moment(index))
        for rule in rules:
            model = rule.model(model)
        landscape = self._landscape(model, index, rng, is_freed=any(rule.frees for rule in rules))
        for rule in rules:
            if (row := rule.row(landscape)) is not None:
                return row
        n_pending = len(self._pending)
        chooser = LandscapeChooser(
            settings, self._space, landscape, index, rng, self._known, snapshot.nominees, n_pending, self._thrift
        )
        choice = settings.strategy.choose(chooser, min((rule.n_before(n) for rule in rules), default=n))
        if choice.nominees is not None:
            self._nominees.append(choice.nominees)
        return choice.rows

    def _moment(self, index: int) -> Moment:
        """What the rules look at when the suggestion with a number is made."""
        settings, raw = self._settings, self._snapshot.told
        known, plateau = self._known, self._plateau
        return Moment(settings, self._context, self._space, raw, self._told, plateau, self._pending, known, index)

    def _landscape(self, model: Model, index: int, rng: np.random.Generator, is_freed: bool) -> Landscape:
        """The score of the suggestion with a number."""
        settings = self._settings
        kappa, xi = settings.schedule(index - settings.n_design, rng)
        # Some rules serve the same end.
        is_prior = rng.random() < _PRIOR_SHARE and not is_freed
        beliefs = prior_beliefs(self._context, model, self._told) if is_prior else model.beliefs
        landscape = Landscape(beliefs, settings.acquisitions[0], Aim(kappa, xi), model.success, model.worst)
        if not any(acquisition.needs_reached for acquisition in settings.acquisitions):
            return landscape
        return landscape.informed(self._space.sample(_MAXIMA_FROM, rng), _N_MAXIMA, rng)
