"""A choice is not given up after one bad value: now and then a suggestion is made for the sake of one choice.

One Gaussian process of all rows has one variance for all choices, and it is that of the choice with many rows. So a
choice whose only value is bad looks as if tuning it could not help. But what a choice is worth shows only when its
hyperparameters have been tuned a little. Therefore every choice stays open until a number of rows in a row have brought
it nothing better; the more hyperparameters it has, the more rows. While some choice is open, one suggestion in ten is
for an open one, and every second one once the best value is settled. Measured in docs/decisions/choices.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

import numpy as np

from .._arrays import Array, Indices, Mask
from .._draws import Draws, Purpose
from ..acquisition import Landscape, around, first_new, legal_rows, prior_cells
from ..space import Branches, Space
from ..surrogate import PLAIN, Data, Hyperparameters, condition, targets, usual
from .told import Told

# So many suggestions are for a choice, after so many of the model: early ones know too little to doubt it.
_SHARE, _FULL_AFTER = 0.1, 20
# Where the best value rises by less than this share of its distance to the median, there is time for other choices.
_LITTLE, _SHARE_WHEN_SETTLED = 0.01, 0.5
_N_ANYWHERE = _N_AROUND = 300
# A hyperparameter that is hardly ever active needs more draws, but at most so many times as many.
_MOST_DRAWS = 10
# With fewer own rows there is nothing to draw around.
_N_PARENTS, _FEWEST_PARENTS = 6, 3
_N_MAXIMA = 16
# Of a choice that is never legal no row is found; then it is the next one's turn.
_MOST_TRIED = 3


@final
@dataclass(frozen=True)
class Branch:
    """A choice of a categorical hyperparameter, with what is to be tuned there.

    Args:
        column: of the hyperparameter.
        cell: index of the choice.
        n_numbers: how many numeric hyperparameters are active with it, in the mean.
        n_own: how many of them are not active with every other choice.
        awake: in which share of the draws the hyperparameter is active.
    """

    column: int
    cell: int
    n_numbers: float
    n_own: float
    awake: float

    def holds(self, space: Space, X: Array) -> Mask:
        """Which rows (n, d) have made this choice, (n,)."""
        made: Mask = space.active(X)[:, self.column] & (X[:, self.column] == self.cell)
        return made


@final
@dataclass(frozen=True, eq=False)
class Plan:
    """Which choices a suggestion may be for; make one with `plan`.

    Args:
        is_turn: whether this suggestion is for one of them.
        branches: open choices, first those that have waited the shortest time for something better.
        rng: this suggestion's own.
        share: of suggestions that are for an open choice, now.
    """

    is_turn: bool
    branches: tuple[Branch, ...]
    rng: np.random.Generator
    share: float


def plan(space: Space, told: Told, pending: Array, draws: Draws, number: int, place: int) -> Plan | None:
    """Who is served by the suggestion with a number; None if no choice is open.

    Args:
        space: what may be tried.
        told: what has come back.
        pending: rows that are open, (p, d): they count as if they had brought nothing.
        draws: of the search.
        number: of the suggestion.
        place: of the suggestion among those of the model, from 0.
    """
    if not space.is_categorical.any() or not told.has_enough_values:
        return None
    rng = draws.at(Purpose.CHOICE, number)
    share = _SHARE_WHEN_SETTLED if _is_settled(space, told) else _SHARE
    is_turn = _is_turn(rng, place, share)
    branches = _open_branches(space, told, pending, rng)
    return Plan(is_turn, branches, rng, share) if branches else None


def _is_settled(space: Space, told: Told) -> bool:
    """Whether the newest rows, as many as it takes to tune the best one a little, have hardly raised the best value."""
    values = told.merit
    best = int(np.nanargmax(values))
    n_numbers = int((space.active(told.X[[best]])[0] & ~space.is_categorical).sum())
    earlier = np.nan_to_num(values[: -1 - 2 * n_numbers], nan=-np.inf).max(initial=-np.inf)
    with np.errstate(over="ignore"):
        return bool(values[best] - earlier < _LITTLE * (values[best] - np.nanmedian(values)))


def _is_turn(rng: np.random.Generator, place: int, share: float) -> bool:
    return bool(rng.random() < share * min(1.0, (place + 1) / _FULL_AFTER))


def n_before_next_turn(plan: Plan, draws: Draws, number: int, place: int, n: int) -> int:
    """How many of n suggestions, the first of which has this number and place, come before a turn of a choice."""
    turns = (k for k in range(1, n) if _is_turn(draws.at(Purpose.CHOICE, number + k), place + k, plan.share))
    return next(turns, n)


def _open_branches(space: Space, told: Told, pending: Array, rng: np.random.Generator) -> tuple[Branch, ...]:
    """Some open choices, the most urgent first; chance decides between equals."""
    branches = space.branches
    waited = _waited(space, branches, told, pending)
    best = told.X[[int(np.nanargmax(told.merit))]]
    is_of_best = space.active(best)[0, branches.columns] & (best[0, branches.columns] == branches.cells)
    is_patient = waited < 1.0 + branches.n_numbers + branches.n_own
    is_open = is_patient & ~is_of_best & (branches.awake > 0.0)
    mixed = rng.permutation(np.flatnonzero(is_open))
    urgent = mixed[np.argsort(waited[mixed] / (1.0 + branches.n_numbers[mixed]), kind="stable")[:_MOST_TRIED]]
    sizes = (branches.n_numbers, branches.n_own, branches.awake)
    return tuple(
        Branch(int(branches.columns[k]), int(branches.cells[k]), *(float(size[k]) for size in sizes)) for k in urgent
    )


def _waited(space: Space, branches: Branches, told: Told, pending: Array) -> Array:
    """How many rows have come with every choice since its best one, (K,); all if none has a value, -1 if none came."""
    X = np.concatenate((told.X, pending))
    values = np.concatenate((np.nan_to_num(told.merit, nan=-np.inf), np.full(len(pending), -np.inf)))
    is_active, waited = space.active(X), np.full(len(branches.cells), -1.0)
    for j in np.flatnonzero(space.is_categorical):
        rows = np.flatnonzero(is_active[:, j])
        cells, counts = _since_best(X[rows, j], values[rows])
        waited[np.searchsorted(branches.columns, j) + cells] = counts
    return waited


def _since_best(cells: Array, values: Array) -> tuple[Indices, Array]:
    """The different cells, (k,), and how many rows with each come after the best one with it, (k,)."""
    if not len(cells):
        return np.empty(0, np.intp), np.empty(0)
    order = np.argsort(cells, kind="stable")
    cells, values = cells[order], values[order]
    starts = np.flatnonzero(np.append(True, np.diff(cells) != 0))
    sizes = np.diff(np.append(starts, len(cells)))
    best = np.maximum.reduceat(values, starts)
    place = np.arange(len(cells)) - np.repeat(starts, sizes)
    first_best = np.minimum.reduceat(np.where(values == np.repeat(best, sizes), place, len(cells)), starts)
    waited = np.where(np.isneginf(best), sizes, sizes - 1 - first_best)
    return cells[starts].astype(np.intp), waited.astype(float)


def row_for(plan: Plan, space: Space, landscape: Landscape, told: Told, pending: Array, known: set[bytes]) -> Array:
    """The next row of an open choice, (1, d); (0, d) when no new one is found.

    Args:
        plan: which choice.
        space: what may be tried.
        landscape: the score that is learned from all rows.
        told: what has come back.
        pending: rows that are open, (p, d).
        known: keys of the rows that must not be returned.
    """
    for branch in plan.branches:
        row = _row_of(branch, space, landscape, told, pending, known, plan.rng)
        if len(row):
            break
    return row


def _row_of(
    branch: Branch,
    space: Space,
    landscape: Landscape,
    told: Told,
    pending: Array,
    known: set[bytes],
    rng: np.random.Generator,
) -> Array:
    """The next row of one choice, (1, d); (0, d) when no new one is found.

    The more of what is tuned belongs to this choice alone, the likelier its rows are looked at by themselves; else what
    was learned of all rows says where to look.
    """
    is_own = branch.holds(space, told.X) & told.succeeded
    is_alone = rng.random() * branch.n_numbers < branch.n_own
    parents = [_best(told, is_own)] if is_own.sum() >= _FEWEST_PARENTS else []
    if not is_alone:
        parents.append(landscape.best_rows(_N_PARENTS))
    rows = _candidates(space, branch, parents, rng)
    if is_alone and not is_own.any():
        return first_new(rows, known, 1)
    if is_alone:
        landscape = _own_landscape(branch, space, landscape, told, pending)
        if landscape.acquisition.needs_reached and len(rows):
            landscape = landscape.informed(rows, _N_MAXIMA, rng)
    order = np.argsort(-landscape.value(rows), kind="stable") if len(rows) else np.empty(0, np.intp)
    return first_new(rows[order], known, 1)


def _best(told: Told, is_wanted: Mask) -> Array:
    """Those of the wanted rows with the best values, the best first, (k, d)."""
    wanted = np.flatnonzero(is_wanted)
    rows: Array = told.X[wanted[np.argsort(-told.merit[wanted], kind="stable")[:_N_PARENTS]]]
    return rows


def _candidates(space: Space, branch: Branch, parents: list[Array], rng: np.random.Generator) -> Array:
    """Legal rows with a choice, drawn anywhere and around groups of good rows, (n, d)."""
    n = int(_N_ANYWHERE * min(_MOST_DRAWS, 1.0 / branch.awake))
    groups = [space.sample(n, rng), *(around(space, rows, _N_AROUND, rng) for rows in parents)]
    rows = legal_rows(space, np.concatenate([_choosing(space, branch, group, rng) for group in groups]))
    with_choice: Array = rows[branch.holds(space, rows)]
    return with_choice


def _choosing(space: Space, branch: Branch, rows: Array, rng: np.random.Generator) -> Array:
    """The rows with a choice, and what it wakes drawn from the priors, (n, d)."""
    rows = np.where(space.active(rows), rows, prior_cells(space, len(rows), rng))
    rows[:, branch.column] = branch.cell
    return space.canonical(rows)


def _own_landscape(branch: Branch, space: Space, landscape: Landscape, told: Told, pending: Array) -> Landscape:
    """The score by what the rows with a choice say by themselves; at least one of them has a value.

    All columns but those that are tuned with the choice are the same in these rows, and count for nothing.
    """
    is_own = branch.holds(space, told.X) & told.succeeded
    Z = np.column_stack([targets(y) for y in told.Y[is_own].T])
    theta = usual(PLAIN, max(1, round(branch.n_numbers))).theta
    hyperparameters = Hyperparameters(PLAIN, np.concatenate((np.full(space.n_columns, theta[0]), theta[-2:])))
    sets = [Data.of(told.X[is_own], z, space.n_choices) for z in Z.T]
    P = pending[branch.holds(space, pending)]
    beliefs = tuple(condition(hyperparameters, data).with_pending(P) for data in sets)
    return replace(landscape, beliefs=beliefs, worst=Z.min(axis=0))
