"""The surrogates that can be chosen by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .._arrays import Array, Indices
from .gaussian_process import GaussianProcess, condition
from .hyperparameters import PLAIN, Learned, learn, usual
from .surrogate import Surrogate


@dataclass(frozen=True)
class Family:
    """One kind of surrogate. What is learned of rows is the family's own affair; here it is only passed on.

    Args:
        learn: from rows (n, d), targets (n,), numbers of choices (d,), what was learned before or None, and whether the
            targets may be noisy, to what a model needs beyond the rows.
        condition: from what was learned, rows (n, d), targets (n,) and numbers of choices (d,) to a surrogate.
        unlearned: the same without having learned; None where there is no such model.
        most_learned: rows to learn from, at most.
        most_conditioned: rows that the surrogate sees, at most.
        has_slopes: whether the surrogate has gradients.
    """

    learn: Callable[[Array, Array, Indices, Any, bool], Any]
    condition: Callable[[Any, Array, Array, Indices], Surrogate]
    unlearned: Callable[[Array, Array, Indices], Surrogate] | None
    most_learned: int
    most_conditioned: int
    has_slopes: bool


def _condition_chosen(learned: Learned, X: Array, y: Array, n_choices: Indices) -> GaussianProcess:
    return condition(learned.chosen, X, y, n_choices)


def _condition_unlearned(X: Array, y: Array, n_choices: Indices) -> GaussianProcess:
    return condition(usual(PLAIN, X.shape[1]), X, y, n_choices)


SURROGATES = {
    "GP": Family(learn, _condition_chosen, _condition_unlearned, most_learned=128, most_conditioned=500, has_slopes=True),
}
