"""A surrogate whose mean starts from what earlier tasks say: it learns only how this task differs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

import numpy as np

from .._arrays import Array
from ..surrogate import Beliefs, Data, Posterior, Slopes, Surrogate
from .guide import Guide


@final
@dataclass(frozen=True, eq=False)
class Guidance:
    """A weighted sum of guides.

    Args:
        guides: one per earlier task.
        weights: of each, (k,), not negative, in units of the targets.
    """

    guides: tuple[Guide, ...]
    weights: Array

    def value(self, X: Array) -> Array:
        """The sum at rows (n, d), (n,)."""
        total = np.zeros(len(X))
        for guide, weight in self._used():
            total += weight * guide.value(X)
        return total

    def gradient(self, X: Array) -> tuple[Array, Array]:
        """The sum at rows (n, d), (n,), and its slopes, (n, d)."""
        total, slopes = np.zeros(len(X)), np.zeros(X.shape)
        for guide, weight in self._used():
            value, slope = guide.gradient(X)
            total += weight * value
            slopes += weight * slope
        return total, slopes

    def _used(self) -> list[tuple[Guide, float]]:
        return [(guide, float(weight)) for guide, weight in zip(self.guides, self.weights, strict=True) if weight > 0.0]


@final
@dataclass(frozen=True, eq=False)
class Guided:
    """A surrogate of what the guidance leaves unexplained, and the guidance added to its mean.

    Args:
        inner: the surrogate of the differences.
        guidance: what is added.
        rows: told rows, (N, d).
    """

    inner: Surrogate
    guidance: Guidance
    rows: Array

    @property
    def has_slopes(self) -> bool:
        return self.inner.has_slopes

    def predict(self, X: Array) -> Posterior:
        return _raised(self.inner.predict(X), self.guidance.value(X))

    def gradient(self, X: Array) -> tuple[Posterior, Slopes]:
        posterior, slopes = self.inner.gradient(X)
        value, slope = self.guidance.gradient(X)
        return _raised(posterior, value), replace(slopes, mean=slopes.mean + slope)

    def at(self, X: Array) -> GuidedBeliefs:
        return GuidedBeliefs(self.inner.at(X), self.guidance.value(X))

    def with_pending(self, P: Array) -> Guided:
        return replace(self, inner=self.inner.with_pending(P))

    def with_told(self, data: Data) -> Guided:
        unexplained = replace(data, y=data.y - self.guidance.value(data.X))
        return Guided(self.inner.with_told(unexplained), self.guidance, data.X)

    def fitted(self) -> tuple[Array, Array]:
        return self.rows, self.predict(self.rows).mean


@final
@dataclass(frozen=True, eq=False)
class GuidedBeliefs:
    """The belief of a guided surrogate at fixed rows, while some of them become pending.

    Args:
        inner: the belief about the differences.
        value: the guidance at the rows, (n,).
    """

    inner: Beliefs
    value: Array

    @property
    def posterior(self) -> Posterior:
        return _raised(self.inner.posterior, self.value)

    def count_on(self, place: int) -> None:
        self.inner.count_on(place)


def _raised(posterior: Posterior, value: Array) -> Posterior:
    return replace(posterior, mean=posterior.mean + value)
