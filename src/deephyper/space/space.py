"""A search space as rows of numbers: one column per hyperparameter, constants left out."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import product
from typing import Any, final

import numpy as np

from .._arrays import Array, Indices, Mask
from .branches import DRAWS, Branches, branches_of, unconditional_branches
from .choices import Constant
from .dimension import Dimension
from .feasible import BELOW_ONE, Ground, Walkers, is_thin
from .seeking import sought

# A finite space with at most this many combinations is written out, so that it can be proposed to its last point.
LARGEST_GRID = 50_000
_SAMPLING_ROUNDS = 14
_HALVINGS = 54
_HOPELESS = 60_000


@final
class Space:
    """Ordered dimensions, what makes them active, and what is legal.

    A row is canonical when its cells stand for values and its inactive cells hold their imputed value; two canonical
    rows are the same configuration exactly when they are equal.

    Args:
        dimensions: all hyperparameters, in order of definition.
        active: from snapped rows (n, d) to the mask (n, len(dimensions)) of active hyperparameters; all are if None.
        legal: from canonical rows (n, d) to the mask (n,) of allowed ones; all are if None.
        sampler: the user's function that draws `size` configurations; independent draws from the priors if None.
        walkers: legal rows to walk from where draws are hardly ever legal; draws alone if None.
        starts: gives rows, (k, d), that may be legal where draws hardly ever are, such as the defaults.

    Attributes:
        columns: the dimensions that have a column, in order; a constant has none.
        names: of all hyperparameters, in order of definition.
        n_columns: d, how many cells a row has.
        is_categorical: which columns hold the index of a choice, (d,).
        is_continuous: which columns take any value in [0, 1], (d,).
        n_choices: number of choices of every column, 0 for a numeric one, (d,).
        n_combinations: product of the numbers of values, at least the number of configurations; infinity if a column is
            continuous.
    """

    def __init__(
        self,
        dimensions: Sequence[Dimension],
        active: Callable[[Array], Mask] | None = None,
        legal: Callable[[Array], Mask] | None = None,
        sampler: Callable[[int], Sequence[Mapping[str, Any]]] | None = None,
        walkers: Walkers | None = None,
        starts: Callable[[], Array] | None = None,
    ):
        self.dimensions = tuple(dimensions)
        self.columns = tuple(d for d in self.dimensions if not isinstance(d, Constant))
        self.names = [d.name for d in self.dimensions]
        self.n_columns = len(self.columns)
        self.is_categorical: Mask = np.array([d.is_categorical for d in self.columns], bool)
        self.is_continuous: Mask = np.array([d.is_continuous for d in self.columns], bool)
        n_choices = [int(d.n_levels) if d.is_categorical else 0 for d in self.columns]
        self.n_choices: Indices = np.array(n_choices, np.intp)
        self.n_combinations = math.prod((float(d.n_levels) for d in self.columns), start=1.0)
        places = [k for k, d in enumerate(self.dimensions) if not isinstance(d, Constant)]
        self._column_places: Indices = np.array(places, np.intp)
        self._imputed: Array = np.array([d.imputed for d in self.columns])
        self._active, self._legal = active, legal
        self._sampler, self._walkers, self._starts = sampler, walkers, starts

    def drawn_near(self, X: Array, width: float, weight: float) -> Space:
        """The same space with other priors: a mixture, in equal parts, of what lies near each of some rows.

        Args:
            X: rows, (k, d), k at least 1; NaN where a row says nothing: a column in which none says anything keeps its
                prior.
            width: of numeric columns, the standard deviation in u.
            weight: how many times as often as every other choice that of a row is drawn.
        """
        known = {column.name: cells[~np.isnan(cells)] for column, cells in zip(self.columns, X.T, strict=True)}
        dimensions = [
            dimension.drawn_near(known[dimension.name], width, weight)
            if len(known.get(dimension.name, ()))
            else dimension
            for dimension in self.dimensions
        ]
        return Space(dimensions, self._active, self._legal, self._sampler, starts=self._starts)

    def walked_by(self, walkers: Walkers, known: Array | None = None) -> Space:
        """The same space where, if draws are hardly ever legal, rows come from walks that start at legal ones.

        It stays as it is where everything is legal, where all configurations are written out, and where the user draws.

        Args:
            walkers: where the walks start.
            known: further rows that may be legal, (k, d), looked at where draws find too few.
        """
        if self._legal is None or self._sampler is not None or self.n_combinations <= LARGEST_GRID:
            return self
        further = np.empty((0, self.n_columns)) if known is None else known
        return Space(
            self.dimensions,
            self._active,
            self._legal,
            walkers=walkers,
            starts=lambda: np.concatenate((self._start_rows(), further)),
        )

    @property
    def is_conditional(self) -> bool:
        """Whether hyperparameters may be inactive."""
        return self._active is not None

    @cached_property
    def branches(self) -> Branches:
        """The choices of all categoricals, and what is to be tuned with each."""
        if not self.is_conditional:
            return unconditional_branches(self.n_choices)
        # What depends on the space alone must not depend on a seed, nor draw from the user's function.
        shares = np.random.default_rng(0).random((DRAWS, self.n_columns))
        rows = np.empty_like(shares)
        for j, dimension in enumerate(self.columns):
            rows[:, j] = dimension.from_share(shares[:, j])
        return branches_of(rows, self.n_choices, self.active)

    @property
    def has_sampler(self) -> bool:
        """Whether a function of the user's draws configurations, so that priors do not matter."""
        return self._sampler is not None

    def active(self, X: Array) -> Mask:
        """Which cells count, (n, d); the others belong to hyperparameters that their parents switch off."""
        return self._active_everywhere(X)[:, self._column_places]

    def legal(self, X: Array) -> Mask:
        """Which canonical rows no forbidden clause and no constraint rules out, (n,)."""
        if self._legal is None or not len(X):
            return np.ones(len(X), bool)
        return self._legal(X)

    def canonical(self, X: Array) -> Array:
        """Snap every cell to a value and impute the inactive ones, (n, d) -> (n, d)."""
        out = np.empty_like(X, dtype=float)
        for j, dimension in enumerate(self.columns):
            out[:, j] = dimension.snap(X[:, j])
        if self._active is not None:
            out = np.where(self.active(out), out, self._imputed)
        return out

    def from_shares(self, shares: Array) -> Array:
        """Turn uniform shares of the priors, (n, d) in [0, 1), into canonical rows."""
        X = np.empty_like(shares)
        for j, dimension in enumerate(self.columns):
            X[:, j] = dimension.from_share(shares[:, j])
        return self.canonical(X)

    def sample(self, n: int, rng: np.random.Generator) -> Array:
        """Draw legal rows from the priors, (n, d); fewer where the legal part is too small to be hit."""
        if self._sampler is not None:
            rows = _from_sampler(self, self._sampler, n)
            return rows[self.legal(rows)][:n]
        walkers = self._walkers
        if walkers is not None and walkers.can_walk:
            return walkers.walk(self._ground, n, rng)
        rows, shares, is_rare = _drawn(self, n, rng, gives_up=walkers is not None)
        if walkers is not None and is_rare:
            walkers.keep(shares)
            if len(rows) < n and not walkers.can_walk:
                self._seek(walkers, rng)
            if not len(walkers.shares):
                return self.sample_by_force(n, rng)
            if len(rows) < n:
                missing = walkers.walk(self._ground, n - len(rows), rng)
                return np.concatenate((rows, missing))
        return rows[:n]

    @property
    def _ground(self) -> Ground:
        return Ground(self.from_shares, self.legal, self.is_categorical)

    def _seek(self, walkers: Walkers, rng: np.random.Generator) -> None:
        """Give the walkers places that draws do not find."""
        starts = self._shares_of(self._start_rows())
        found = sought(self._ground, np.concatenate((walkers.shares, starts)), rng)
        if len(found):
            walkers.keep(found)
            walkers.spread(self._ground, rng)

    def _start_rows(self) -> Array:
        return np.empty((0, self.n_columns)) if self._starts is None else self._starts()

    def _shares_of(self, X: Array) -> Array:
        """Shares of the priors whose rows are these, (n, d) -> (n, d), as far as they can be told apart."""
        low, high = np.zeros(X.shape), np.ones(X.shape)
        for _ in range(_HALVINGS):
            middle = 0.5 * (low + high)
            for j, dimension in enumerate(self.columns):
                is_below = dimension.from_share(middle[:, j]) < X[:, j]
                low[:, j], high[:, j] = (
                    np.where(is_below, middle[:, j], low[:, j]),
                    np.where(is_below, high[:, j], middle[:, j]),
                )
        # A choice has an interval of shares, of which this is the lower end.
        return np.minimum(high, BELOW_ONE)

    def sample_by_force(self, n: int, rng: np.random.Generator) -> Array:
        """Draw as `sample` does, and never walk."""
        return _drawn(self, n, rng)[0][:n]

    @property
    def walks(self) -> bool:
        """Whether rows come from walks now, because draws are hardly ever legal."""
        return self._walkers is not None and self._walkers.can_walk

    @cached_property
    def grid(self) -> Array | None:
        """Every legal configuration of a small finite space, (m, d); None when there are too many to write out."""
        if self.n_combinations > LARGEST_GRID:
            return None
        levels = list(product(*(d.levels() for d in self.columns)))
        rows = np.array(levels, float).reshape(len(levels), self.n_columns)
        rows = np.unique(self.canonical(rows), axis=0)
        return rows[self.legal(rows)]

    def encode(self, configurations: Sequence[Mapping[str, Any]], where: str = "") -> Array:
        """Turn configurations into canonical rows, (n, d).

        Args:
            configurations: an inactive hyperparameter may be missing, or hold anything.
            where: the subject of an error, such as "CBO: initial_points[0]".

        Raises:
            ValueError: an active hyperparameter has no value, or one that it cannot take.
        """
        try:
            return _encoded(self, configurations)
        except ValueError as error:
            raise ValueError(f"{where}: {error}" if where else str(error)) from None

    def decode(self, X: Array) -> list[dict[str, Any]]:
        """Turn canonical rows into configurations of the active hyperparameters, in order of definition."""
        values = _values(self, X)
        active = self._active_everywhere(X)
        return [{d.name: values[k][i] for k, d in enumerate(self.dimensions) if active[i, k]} for i in range(len(X))]

    def read(self, configuration: Mapping[str, Any]) -> dict[str, Any]:
        """Give a configuration back with the user's own objects as values, in order of definition.

        Args:
            configuration: as it was, or as JSON has made it; an inactive hyperparameter may be missing, None or NaN.

        Raises:
            ValueError: a hyperparameter cannot take its value.
        """
        given = ((d, configuration.get(d.name, math.nan)) for d in self.dimensions)
        there = ((d, value) for d, value in given if not _is_nan(value) and (value is not None or _takes_none(d)))
        return {d.name: d.read(value) for d, value in there}

    def value_columns(self, X: Array) -> dict[str, list[Any]]:
        """Values of canonical rows, a list per hyperparameter, NaN where it is inactive."""
        active = self._active_everywhere(X)
        return {
            dimension.name: [
                value if is_active else math.nan for value, is_active in zip(values, active[:, k], strict=True)
            ]
            for k, (dimension, values) in enumerate(zip(self.dimensions, _values(self, X), strict=True))
        }

    def _active_everywhere(self, X: Array) -> Mask:
        if self._active is None:
            return np.ones((len(X), len(self.dimensions)), bool)
        return self._active(X)


def _drawn(space: Space, n: int, rng: np.random.Generator, gives_up: bool = False) -> tuple[Array, Array, bool]:
    """Legal rows, (k, d), with their shares of the priors, (k, d), and whether draws are hardly ever legal.

    Args:
        space: what is drawn from.
        n: how many rows are wanted.
        rng: draws.
        gives_up: end early where not one draw is legal, since there is a better way to look for legal rows.
    """
    found: list[tuple[Array, Array]] = []
    n_found, n_drawn, n_draws = 0, 0, n
    for _ in range(_SAMPLING_ROUNDS):
        shares = rng.random((n_draws, space.n_columns))
        rows = space.from_shares(shares)
        is_legal = space.legal(rows)
        found.append((rows[is_legal], shares[is_legal]))
        n_found, n_drawn = n_found + len(found[-1][0]), n_drawn + n_draws
        if n_found >= n or (gives_up and not n_found and n_drawn >= _HOPELESS):
            break
        n_draws = min(2 * n_draws, 20_000)
    # One round is the usual case, and needs no copy.
    rows, shares = found[0] if len(found) == 1 else (np.concatenate(parts) for parts in zip(*found, strict=True))
    return rows, shares, is_thin(n_found, n_drawn)


def _from_sampler(space: Space, sampler: Callable[[int], Sequence[Mapping[str, Any]]], n: int) -> Array:
    return space.encode(list(sampler(n)), "HpProblem: sampling function")


def _encoded(space: Space, configurations: Sequence[Mapping[str, Any]]) -> Array:
    X = np.empty((len(configurations), space.n_columns))
    is_missing = np.zeros(X.shape, bool)
    for j, dimension in enumerate(space.columns):
        given = [c.get(dimension.name) for c in configurations]
        X[:, j], is_missing[:, j] = _cells_of(dimension, given, space.is_conditional)
    X = space.canonical(X)
    if not is_missing.any():
        return X
    for i, j in np.argwhere(is_missing & space.active(X))[:1]:
        dimension = space.columns[j]
        value = configurations[i].get(dimension.name)
        if value is not None and not _is_nan(value):
            dimension.encode([value])  # says why it is none
        raise ValueError(
            f"hyperparameter {dimension.name!r} is active and has no value in {dict(configurations[i])!r}."
        )
    return X


def _cells_of(dimension: Dimension, given: Sequence[Any], is_conditional: bool) -> tuple[Array, Mask | np.bool_]:
    """The cells of one column, and which of its values are missing: a flag for each, or False for all."""
    there = [i for i, v in enumerate(given) if not (_is_nan(v) or (v is None and not _takes_none(dimension)))]
    try:
        encoded = dimension.encode([given[i] for i in there])
    except ValueError:
        if not is_conditional:
            raise
        # What is no value does no harm where the hyperparameter is inactive.
        there = [i for i in there if _takes(dimension, given[i])]
        encoded = dimension.encode([given[i] for i in there])
    if len(there) == len(given):
        return encoded, np.False_
    cells, is_missing = np.full(len(given), dimension.imputed), np.ones(len(given), bool)
    cells[there], is_missing[there] = encoded, False
    return cells, is_missing


def _takes(dimension: Dimension, value: Any) -> bool:
    try:
        dimension.encode([value])
    except ValueError:
        return False
    return True


def _values(space: Space, X: Array) -> list[list[Any]]:
    columns = iter(X.T)
    return [d.decode(np.zeros(len(X)) if isinstance(d, Constant) else next(columns)) for d in space.dimensions]


def row_keys(X: Array) -> list[bytes]:
    """A key for every row: equal canonical rows have equal keys."""
    return list(each_row_key(X))


def each_row_key(X: Array) -> Iterator[bytes]:
    """The same, one after the other, for whoever may need only the first ones."""
    # The sum turns -0.0 into 0.0, the same value with other bytes.
    return (row.tobytes() for row in np.ascontiguousarray(X, float) + 0.0)


def _takes_none(dimension: Dimension) -> bool:
    return any(choice is None for choice in getattr(dimension, "choices", ()))


def _is_nan(value: Any) -> bool:
    return isinstance(value, (float, np.floating)) and bool(np.isnan(value))
