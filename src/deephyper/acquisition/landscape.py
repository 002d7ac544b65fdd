"""What the maximizer climbs: the score of rows under a surrogate, and how likely they succeed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from .._arrays import Array
from ..moo import merit
from ..surrogate import Posterior, SuccessModel, Surrogate
from .functions import Acquisition, Aim

# A standard deviation that is next to none, and can be divided by.
_CERTAIN = 1e-6
# A probability that is next to none, and has a logarithm.
_IMPOSSIBLE = 1e-12


def best_rows(beliefs: Sequence[Surrogate], n: int) -> Array:
    """The rows learned from that are believed to be the best, best first, at most n of them, (n, d).

    Args:
        beliefs: one for each objective; all have learned from the same rows.
        n: how many rows.
    """
    fits = [belief.fitted() for belief in beliefs]
    merits = merit(np.column_stack([mean for _, mean in fits]))
    rows: Array = fits[0][0][np.argsort(-merits, kind="stable")[:n]]
    return rows


@dataclass(frozen=True, eq=False)
class Landscape:
    """The score of one suggestion, as a function of rows.

    With p the probability of success, a row is worth p times its score and 1 - p times that of the worst value seen; where the
    score is the logarithm of a gain, log p is added (Gelbart et al. 2014, eq. 3: a failure gains nothing).

    Args:
        surrogate: the belief, pending rows included.
        acquisition: turns the belief into a score.
        aim: what the acquisition depends on beside the belief.
        success: how likely evaluations succeed; all do if None.
        worst: the lowest target.
    """

    surrogate: Surrogate
    acquisition: Acquisition
    aim: Aim
    success: SuccessModel | None = None
    worst: float = 0.0

    def value(self, X: Array) -> Array:
        """Score of rows (n, d), (n,)."""
        return self.outlook(X)(self.surrogate.predict(X), self.aim)

    def outlook(self, X: Array) -> Callable[[Posterior, Aim], Array]:
        """From belief at rows (n, d) and aim to their scores, (n,), for many beliefs and aims at the same rows."""
        probability = None if self.success is None else self.success.probability(X)

        def scores(posterior: Posterior, aim: Aim) -> Array:
            score = self.acquisition(posterior, aim).value
            if probability is not None and self.acquisition.is_logarithm:
                score = score + np.log(probability + _IMPOSSIBLE)
            elif probability is not None:
                floor = self._floor(aim)
                score = floor + probability * (score - floor)
            return score

        return scores

    def gradient(self, X: Array) -> tuple[Array, Array]:
        """Score of rows (n, d), (n,), and its slopes, (n, d), zero in categorical columns."""
        posterior, slopes = self.surrogate.gradient(X)
        score = self.acquisition(posterior, self.aim)
        value, slope = score.value, score.d_mean[:, None] * slopes.mean + score.d_std[:, None] * slopes.std
        if self.success is not None:
            probability, success_slope = self.success.gradient(X)
            if self.acquisition.is_logarithm:
                value = value + np.log(probability + _IMPOSSIBLE)
                slope = slope + success_slope / (probability + _IMPOSSIBLE)[:, None]
            else:
                floor = self._floor(self.aim)
                slope = probability[:, None] * slope + success_slope * (value - floor)[:, None]
                value = floor + probability * (value - floor)
        return value, slope

    def _floor(self, aim: Aim) -> Array:
        """Score of what is known to be as bad as the worst value, (1,) or (n,)."""
        shape = np.broadcast_shapes((1,), np.shape(aim.kappa))
        return self.acquisition(Posterior(np.full(shape, self.worst), np.full(shape, _CERTAIN)), aim).value
