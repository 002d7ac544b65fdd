"""From what is known to what should be tried next, as a pure function: it may run in any thread."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .._arrays import Array
from .._draws import Draws, Purpose
from ..acquisition import (
    ACQUISITIONS,
    LARGEST_BLOCK,
    Landscape,
    Prior,
    any_new,
    best_new_row,
    block_of_new_rows,
    legal_rows,
)
from ..space import Space, row_keys, sobol
from ..surrogate import SURROGATES, Family, Surrogate
from .model import Model, Told, n_choices_of, told_model, with_pending
from .threads import one_blas_thread

_MEAN_KAPPA = 1.8
_PRIOR_STRENGTH = 2.0
# From so many suggestions on it pays to share their candidates.
_FEWEST_SHARED = 4
# Learned length scales can collapse: then the search creeps for good. A suggestion of an unlearned model frees it.
_UNLEARNED_SHARE = 0.1


@dataclass(frozen=True, eq=False)
class Settings:
    """What does not change during a search.

    Args:
        space: what may be tried.
        draws: of this search.
        n_initial: number of the suggestion from which on the model may speak.
        initial_rows: canonical rows to suggest first, (k, d).
        kappa: how much the acquisition explores; drawn anew for every suggestion if None.
        family: of the surrogate.
    """

    space: Space
    draws: Draws
    n_initial: int
    initial_rows: Array
    kappa: float | None
    family: Family = SURROGATES["GP"]

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
        known: keys of all rows that must not come again: told, pending, or spent without having taught anything.
        n_asked: how many rows were asked.
        model: the newest model, perhaps of fewer rows.
        prior: older belief in good places.
    """

    settings: Settings
    X: Array
    y: Array
    pending: Array
    known: frozenset[bytes]
    n_asked: int
    model: Model | None = None
    prior: Prior | None = None

    @property
    def told(self) -> Told:
        """What a model is made of."""
        return Told(self.X, self.y, self.settings.space, self.settings.draws)


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
        known = set(snapshot.known)
        model, pending = snapshot.model, snapshot.pending
        index, end = snapshot.n_asked, snapshot.n_asked + n
        while index < end:
            if _needs_model(snapshot, index, known):
                model = with_pending(_current(model, snapshot), pending)
                rows = _model_rows(snapshot, model, known, index, end - index)
            else:
                rows = _design_row(snapshot.settings, known, index)
            if not len(rows):
                break
            known.update(row_keys(rows))
            pending = np.concatenate((pending, rows))
            index += len(rows)
    return Proposals(pending[len(snapshot.pending) :], snapshot.n_asked, len(snapshot.X), model)


def _needs_model(snapshot: Snapshot, index: int, known: set[bytes]) -> bool:
    is_design_over = index >= snapshot.settings.n_design and snapshot.told.can_be_modelled
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
    return told_model(snapshot.settings.family, model, snapshot.told)


def _model_rows(snapshot: Snapshot, model: Model, known: set[bytes], index: int, n: int) -> Array:
    """The next suggestions of the model, at most n, the first one with a number, (k, d); (0, d) when nothing is left."""
    settings = snapshot.settings
    rng = settings.draws.at(Purpose.SUGGESTION, index)
    kappa, is_unlearned = _kappa(settings, rng), rng.random() < _UNLEARNED_SHARE
    surrogate = _unlearned(snapshot, model) if is_unlearned else model.surrogate
    landscape = Landscape(
        surrogate,
        ACQUISITIONS["UCB"],
        kappa,
        snapshot.prior,
        prior_weight(len(snapshot.X)),
        model.success,
        model.worst,
    )
    if n < _FEWEST_SHARED:
        return best_new_row(landscape, settings.space, known, rng)
    others = (settings.draws.at(Purpose.SUGGESTION, k) for k in range(index + 1, index + min(n, LARGEST_BLOCK)))
    kappas = np.array([kappa, *(_kappa(settings, other) for other in others)])
    rows = block_of_new_rows(landscape, kappas, settings.space, known, rng)
    return rows if len(rows) else any_new(settings.space, known, rng)


def _kappa(settings: Settings, rng: np.random.Generator) -> float:
    drawn = rng.exponential(_MEAN_KAPPA)
    return drawn if settings.kappa is None else settings.kappa


def _unlearned(snapshot: Snapshot, model: Model) -> Surrogate:
    """What the model would be with the most probable hyperparameters before any data."""
    settings, seen = snapshot.settings, model.seen
    if settings.family.unlearned is None:
        return model.surrogate
    told = settings.family.unlearned(snapshot.X[seen], model.targets, n_choices_of(settings.space))
    return told.with_pending(model.pending)


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
