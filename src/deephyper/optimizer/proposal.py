"""From what is known to what should be tried next, as a pure function: it may run in any thread."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .._arrays import Array
from .._draws import Draws, Purpose
from ..acquisition import ACQUISITIONS, Landscape, Prior, any_new, best_new_row, legal_rows
from ..space import Space, row_keys, sobol
from .model import Model, told_model, with_pending
from .threads import one_blas_thread

FEWEST_TOLD = 3
_MEAN_KAPPA = 1.8
_PRIOR_STRENGTH = 2.0


@dataclass(frozen=True, eq=False)
class Settings:
    """What does not change during a search.

    Args:
        space: what may be tried.
        draws: of this search.
        n_initial: number of the suggestion from which on the model may speak.
        initial_rows: canonical rows to suggest first, (k, d).
        kappa: how much the acquisition explores; drawn anew for every suggestion if None.
    """

    space: Space
    draws: Draws
    n_initial: int
    initial_rows: Array
    kappa: float | None

    @property
    def n_design(self) -> int:
        """How many suggestions are made without a model."""
        return max(self.n_initial, len(self.initial_rows))


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Everything that a proposal depends on.

    Args:
        settings: what does not change.
        X: told rows, (N, d).
        y: their objectives, (N,); NaN for a failed evaluation.
        pending: rows asked and not told, in order, (p, d).
        n_asked: how many rows were asked.
        model: the newest model, perhaps of fewer rows.
        prior: older belief in good places.
        spent: rows that taught nothing and must not come again, (s, d).
    """

    settings: Settings
    X: Array
    y: Array
    pending: Array
    n_asked: int
    model: Model | None = None
    prior: Prior | None = None
    spent: Array | None = None


@dataclass(frozen=True, eq=False)
class Proposals:
    """What should be tried next.

    Args:
        rows: canonical, legal, new rows, the first suggestion first, (k, d).
        first: number of the first suggestion.
        n_told: how many told rows the proposals know.
        model: the model behind them; None where none was needed.
    """

    rows: Array
    first: int
    n_told: int
    model: Model | None = field(default=None, repr=False)


def propose(snapshot: Snapshot, n: int) -> Proposals:
    """Propose at most n rows, none of them told or pending; fewer only when nothing is left."""
    with one_blas_thread():
        known = {*row_keys(snapshot.X), *row_keys(snapshot.pending)}
        known.update([] if snapshot.spent is None else row_keys(snapshot.spent))
        model, pending = snapshot.model, snapshot.pending
        for index in range(snapshot.n_asked, snapshot.n_asked + n):
            if _needs_model(snapshot, index, known):
                model = with_pending(_current(model, snapshot), pending)
                row = _model_row(snapshot, model, known, index)
            else:
                row = _design_row(snapshot.settings, known, index)
            if not len(row):
                break
            known.update(row_keys(row))
            pending = np.concatenate((pending, row))
    return Proposals(pending[len(snapshot.pending) :], snapshot.n_asked, len(snapshot.X), model)


def _needs_model(snapshot: Snapshot, index: int, known: set[bytes]) -> bool:
    is_design_over = index >= snapshot.settings.n_design and len(snapshot.X) >= FEWEST_TOLD
    return is_design_over and not len(_waiting(snapshot.settings, known))


def _waiting(settings: Settings, known: set[bytes]) -> Array:
    """The legal initial rows that are not known: not yet suggested, or cancelled, (k, d)."""
    rows = settings.initial_rows
    is_new = np.array([key not in known for key in row_keys(rows)], bool)
    return legal_rows(settings.space, rows[is_new])


def _current(model: Model | None, snapshot: Snapshot) -> Model:
    """The model of all told rows, made unless it is there."""
    if model is not None and model.n_told == len(snapshot.X):
        return model
    last = None if model is None else model.learned
    return told_model(last, snapshot.X, snapshot.y, snapshot.settings.space, snapshot.settings.draws)


def _model_row(snapshot: Snapshot, model: Model, known: set[bytes], index: int) -> Array:
    """The suggestion of the model with a number, (1, d); (0, d) when nothing is left."""
    rng = snapshot.settings.draws.at(Purpose.SUGGESTION, index)
    kappa = rng.exponential(_MEAN_KAPPA)
    if snapshot.settings.kappa is not None:
        kappa = snapshot.settings.kappa
    weight = prior_weight(len(snapshot.X))
    landscape = Landscape(model.surrogate, ACQUISITIONS["UCB"], kappa, snapshot.prior, weight)
    return best_new_row(landscape, snapshot.settings.space, known, rng)


def prior_weight(n_told: int) -> float:
    """How much the log density of a prior adds to the score; it fades as values come in.

    Source: Hvarfner et al. (2022), pi-BO, where the prior is raised to the power beta / n.
    """
    return _PRIOR_STRENGTH / max(n_told, 1)


def _design_row(settings: Settings, known: set[bytes], index: int) -> Array:
    """The suggestion with a number before the model speaks, (1, d); (0, d) when nothing is left."""
    waiting = _waiting(settings, known)
    if len(waiting):
        return waiting[:1]
    space, index_of_sequence = settings.space, max(0, index - len(settings.initial_rows))
    row = space.from_shares(sobol(index_of_sequence, 1, space.n_columns, settings.draws.at(Purpose.DESIGN)))
    if space.legal(row).all() and known.isdisjoint(row_keys(row)):
        return row
    return any_new(space, known, settings.draws.at(Purpose.SUGGESTION, index))
