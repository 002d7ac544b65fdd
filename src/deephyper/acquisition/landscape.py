"""What the maximizer climbs: the score of rows under what is believed, and how likely they succeed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import final

import numpy as np

from .._arrays import Array
from ..moo import merit
from ..surrogate import Beliefs, Posterior, SuccessModel, Surrogate
from .functions import Acquisition, Aim, Score, plausible_maxima

# A standard deviation that is next to none, and can be divided by.
_CERTAIN = 1e-6
# A share that is next to none, and has a logarithm.
_IMPOSSIBLE = 1e-12


def best_rows(beliefs: Sequence[Surrogate], n: int) -> Array:
    """The rows learned from that are believed to be the best, best first, at most n of them, (n, d).

    Args:
        beliefs: one for each objective; all have learned from the same rows.
        n: how many rows.
    """
    rows, merits = fitted(beliefs)
    best: Array = rows[np.argsort(-merits, kind="stable")[:n]]
    return best


def fitted(beliefs: Sequence[Surrogate]) -> tuple[Array, Array]:
    """The rows learned from, (N, d), and what they are believed to be ranked by, (N,)."""
    fits = [belief.fitted() for belief in beliefs]
    return fits[0][0], merit(np.column_stack([mean for _, mean in fits]))


@final
@dataclass(frozen=True, eq=False)
class Landscape:
    """The score of one suggestion, as a function of rows.

    Where a row may fail, it keeps a share w of its score (see `SuccessModel`), and is worth w times its score and 1 - w
    times that of the worst value seen; where the score is the logarithm of a gain, log w is added (Gelbart et al. 2014,
    eq. 3, has the probability of success there: a failure gains nothing).

    Nobody looks at the beliefs but this class, and only this class knows how many objectives there are.

    Args:
        beliefs: what is believed of each objective, pending rows included, (m,).
        acquisition: turns the belief into a score.
        aim: what the acquisition depends on beside the belief.
        success: how likely evaluations succeed; all do if None.
        worst: the lowest target of each objective, (m,).
    """

    beliefs: tuple[Surrogate, ...]
    acquisition: Acquisition
    aim: Aim
    success: SuccessModel | None = None
    worst: Array = field(default_factory=lambda: np.zeros(1))

    @property
    def has_slopes(self) -> bool:
        """Whether `gradient` can be called."""
        return all(belief.has_slopes for belief in self.beliefs)

    def best_rows(self, n: int) -> Array:
        """The evaluated rows that are believed to be the best, best first, at most n of them, (n, d)."""
        return best_rows(self.beliefs, n)

    def fitted(self) -> tuple[Array, Array]:
        """The evaluated rows that are learned from, (N, d), and what they are believed to be ranked by, (N,)."""
        return fitted(self.beliefs)

    def expected_merit(self, X: Array) -> Array:
        """What rows (n, d) are expected to be ranked by, (n,)."""
        return merit(np.column_stack([belief.predict(X).mean for belief in self.beliefs]))

    def informed(self, anywhere: Array, n_maxima: int, rng: np.random.Generator) -> Landscape:
        """The same, with an aim that knows what is reached already and what the maximum may be.

        Args:
            anywhere: rows of the whole space, (n, d).
            n_maxima: how many plausible maxima to draw.
            rng: draws them.
        """
        (belief,), top = self.beliefs, self.best_rows(1)
        best = float(belief.predict(top).mean[0])
        maxima = plausible_maxima(belief.predict(np.concatenate((anywhere, top))), best, n_maxima, rng)
        return replace(self, aim=replace(self.aim, best=best, maxima=maxima))

    def with_acquisition(self, acquisition: Acquisition) -> Landscape:
        """The same belief and aim under another acquisition."""
        return replace(self, acquisition=acquisition)

    def under(self, kappas: Array) -> Landscape:
        """The same with a kappa for every row that is scored, (n,)."""
        return replace(self, aim=replace(self.aim, kappa=kappas))

    def value(self, X: Array) -> Array:
        """Score of rows (n, d), (n,)."""
        return self._worth([belief.predict(X) for belief in self.beliefs], self._share(X), self.aim)

    def gradient(self, X: Array) -> tuple[Array, Array]:
        """Score of rows (n, d), (n,), and its slopes, (n, d), zero in categorical columns."""
        # The chain rule: score in belief, belief in row.
        ((posterior, slopes),) = (belief.gradient(X) for belief in self.beliefs)
        score = self._score([posterior], self.aim)
        value, slope = score.value, score.d_mean[:, None] * slopes.mean + score.d_std[:, None] * slopes.std
        if self.success is not None:
            share, share_slope = self.success.share_gradient(X)
            if self.acquisition.is_logarithm:
                slope = slope + share_slope / (share + _IMPOSSIBLE)[:, None]
            else:
                above_floor = value - self._floor(self.aim)
                slope = share[:, None] * slope + share_slope * above_floor[:, None]
            value = self._counting_failures(value, share, self.aim)
        return value, slope

    def at(self, X: Array) -> Outlook:
        """The score of rows (n, d) under any kappa, to which pending ones among them can be added cheaply."""
        share = self._share(X)

        def value(posteriors: list[Posterior], kappa: float) -> Array:
            return self._worth(posteriors, share, replace(self.aim, kappa=kappa))

        return Outlook([belief.at(X) for belief in self.beliefs], value)

    def _share(self, X: Array) -> Array | None:
        """Which part of their score rows (n, d) keep, (n,); None where all is kept."""
        return None if self.success is None else self.success.share(X)

    def _score(self, posteriors: Sequence[Posterior], aim: Aim) -> Score:
        """The score of what is believed of all objectives at n rows."""
        (posterior,) = posteriors
        return self.acquisition(posterior, aim)

    def _worth(self, posteriors: Sequence[Posterior], share: Array | None, aim: Aim) -> Array:
        """The score of n rows, (n,), which may fail."""
        value = self._score(posteriors, aim).value
        return value if share is None else self._counting_failures(value, share, aim)

    def _counting_failures(self, value: Array, share: Array, aim: Aim) -> Array:
        """Scores of rows that succeed, (n,), as scores of rows that keep a share of it, (n,), since they may fail."""
        if self.acquisition.is_logarithm:
            return value + np.log(share + _IMPOSSIBLE)
        floor = self._floor(aim)
        counted: Array = floor + share * (value - floor)
        return counted

    def _floor(self, aim: Aim) -> Array:
        """Score of what is known to be as bad as the worst value, (1,) or (n,)."""
        shape = np.broadcast_shapes((1,), np.shape(aim.kappa))
        certain = np.full(shape, _CERTAIN)
        return self._score([Posterior(np.full(shape, worst), certain) for worst in self.worst], aim).value


@final
@dataclass(frozen=True, eq=False)
class Outlook:
    """Scores of fixed rows, while one after the other of them becomes pending; made by `Landscape.at`.

    Args:
        beliefs: what is believed of each objective at these rows.
        score: from the posteriors of all objectives and a kappa to the scores, (n,).
    """

    beliefs: Sequence[Beliefs]
    score: Callable[[list[Posterior], float], Array]

    def value(self, kappa: float) -> Array:
        """The scores as they are now, (n,)."""
        return self.score([belief.posterior for belief in self.beliefs], kappa)

    def count_on(self, place: int) -> None:
        """Let the row with this index be pending."""
        for belief in self.beliefs:
            belief.count_on(place)
