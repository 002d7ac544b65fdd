"""Hyperparameters with so many choices that most are never tried: when to try one more, and when to tune the best.

Nothing is known of an untried choice but that it is one of many. So of k + 1 choices the last one is the best with
probability 1 / (k + 1), however their worths are distributed; and how far it then lies above the others is as far as
the best of the tried ones lie above the next one. More tuning gains what the model expects of it. The usual score would
tune a good choice to the last digit, since the model knows the good choice well and believes that all others vary as
little as its rows. Measured in docs/decisions/many-choices.md.

    symbol   meaning
    k        how many choices were tried, pending ones included
    b_i      mean of the best row with the i-th best choice
    m        the root of k, rounded up
    s        mean of b_1 ... b_m, less b_(m+1): the scale of the tail, if that is exponential
    gain     s / (k + 1), what an untried choice is expected to bring
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from .._arrays import Array, Mask
from .._draws import Draws, Purpose
from ..acquisition import ACQUISITIONS, Landscape, around
from ..space import Space

# Of a hyperparameter with fewer choices every one gets a turn soon: see choices.py.
_MANY = 100
# So many suggestions compare the two gains; the others are made as usual.
_SHARE = 2.0 / 3.0
_N_PARENTS, _N_AROUND = 6, 300


def is_comparing(space: Space, draws: Draws, number: int) -> bool:
    """Whether the suggestion with a number compares what an untried choice and more tuning are expected to gain."""
    return bool((space.n_choices > _MANY).any()) and bool(draws.at(Purpose.UNTRIED, number).random() < _SHARE)


def n_before_next_comparison(space: Space, draws: Draws, number: int, n: int) -> int:
    """How many of n suggestions, the first of which has this number, come before one that compares."""
    return next((k for k in range(1, n) if is_comparing(space, draws, number + k)), n)


def promises_more(space: Space, landscape: Landscape, tried: Array, draws: Draws, number: int) -> bool:
    """Whether an untried choice of some hyperparameter is expected to gain more than tuning is.

    Args:
        space: what may be tried.
        landscape: the score of the suggestion.
        tried: what has come back, and the rows that are open, (n, d).
        draws: of the search.
        number: of the suggestion.
    """
    rng = draws.at(Purpose.UNTRIED, number)
    rng.random()  # decided that this suggestion compares
    gain = max(_gain_of_untried(space, landscape, tried, int(j)) for j in np.flatnonzero(space.n_choices > _MANY))
    return gain > 0.0 and gain > _gain_of_tuning(space, landscape, tried, rng)


def _gain_of_untried(space: Space, landscape: Landscape, tried: Array, j: int) -> float:
    """Gain of the table of the module in a column; 0 where all choices were tried, or too few to tell."""
    n_tried = int(_is_tried(space, tried, j).sum())
    rows, merits = landscape.fitted()
    is_active = space.active(rows)[:, j]
    cells, merits = rows[is_active, j], merits[is_active]
    order = np.argsort(-merits, kind="stable")
    _, best = np.unique(cells[order], return_index=True)
    tops = np.sort(merits[order][best])[::-1]
    m = min(math.ceil(math.sqrt(n_tried)), len(tops) - 1)
    if m < 1 or n_tried == space.n_choices[j]:
        return 0.0
    return float(tops[:m].mean() - tops[m]) / (n_tried + 1)


def _gain_of_tuning(space: Space, landscape: Landscape, tried: Array, rng: np.random.Generator) -> float:
    """The largest expected improvement of rows around the best ones whose choices were all tried."""
    parents = landscape.best_rows(_N_PARENTS)
    rows = around(space, parents, _N_AROUND, rng)
    for j in np.flatnonzero(space.n_choices > _MANY):
        rows = rows[_is_tried(space, tried, int(j))[rows[:, j].astype(np.intp)] | ~space.active(rows)[:, j]]
    if not len(rows):
        return 0.0
    aim = replace(landscape.aim, xi=0.0, best=float(landscape.expected_merit(parents[:1])[0]))
    gains = replace(landscape, acquisition=ACQUISITIONS["EI"], aim=aim)
    return math.exp(float(gains.value(rows).max()))


def _is_tried(space: Space, tried: Array, j: int) -> Mask:
    """Which choices of a column some row has made, (k,)."""
    is_tried = np.zeros(space.n_choices[j], bool)
    is_tried[tried[space.active(tried)[:, j], j].astype(np.intp)] = True
    return is_tried
