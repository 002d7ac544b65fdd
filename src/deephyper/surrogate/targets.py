"""From objectives to the targets that a model learns: the power transform, then mean 0 and variance 1.

A power above 1 squeezes the tail of bad values, so that a few terrible ones do not flatten the differences among the
good. Where they are so terrible that the better half of the values looks like a single value beside them, no power
helps. Then the better half alone decides the location and the scale of the values, before the transform squeezes the
rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._arrays import Array

_POWERS = np.linspace(-2.0, 6.0, 33)
_SMALLEST_VARIANCE = 1e-20
# More values than these tell nothing more about location, scale and shape.
_MOST_VALUES = 1_000
# The better half spans less than this share of the standard deviation where a few values are far worse than all others.
# A search that has nearly converged must not be mistaken for that: its better half may span a fiftieth. One of few
# values has hardly converged, so there a wider half counts as narrow (docs/decisions/first-suggestions.md).
_NARROW, _NARROW_OF_FEW, _FEW = 0.01, 0.15, 40
# Half of normal values lie within 1.35 standard deviations around their median.
_WIDTH_OF_HALF = 1.35
# Standardised values below this are all equally terrible; their powers would overflow.
_FARTHEST = -1e8


@dataclass(frozen=True)
class Warp:
    """From objectives to targets, in the order of the objectives; make one with `Warp.of`.

    Args:
        unit: largest absolute value: 1e300 would overflow the variance.
        centre: location of the values, in that unit.
        spread: their scale; 0 where nothing can be told apart, and then the values are only centred.
        power: of the transform; None for the identity.
        warped_centre: mean of what the transform gives.
        warped_spread: its standard deviation.
    """

    unit: float
    centre: float
    spread: float
    power: float | None
    warped_centre: float
    warped_spread: float

    @classmethod
    def of(cls, y: Array) -> Warp:
        """Learn it from objectives, (n,), higher is better."""
        unit = max(float(np.max(np.abs(y), initial=0.0)), float(np.finfo(float).tiny))
        values = _thinned(y / unit)
        centre = float(values.mean()) if len(values) else 0.0
        if len(values) < 3 or np.ptp(values) == 0.0:
            return cls(unit, centre, 0.0, None, 0.0, 1.0)
        centre, spread = _location_and_scale(values)
        z = _standardised(values - centre, spread)
        power = best_power(z)
        warped = z if power is None else yeo_johnson(z, np.array(power))
        return cls(unit, centre, spread, power, float(warped.mean()), float((warped - warped.mean()).std()))

    def __call__(self, y: Array) -> Array:
        """Targets of objectives, (n,) -> (n,)."""
        centred = y / self.unit - self.centre
        if self.spread == 0.0:
            return centred
        z = _standardised(centred, self.spread)
        warped = z if self.power is None else yeo_johnson(z, np.array(self.power))
        targets: Array = (warped - self.warped_centre) / self.warped_spread
        return targets

    def back(self, targets: Array) -> Array:
        """Objectives of targets, (n,) -> (n,); infinite where no objective has such a target."""
        # Infinite ones are wanted; terrible ones may be beyond the numbers that there are.
        with np.errstate(over="ignore"):
            if self.spread == 0.0:
                return np.asarray(self.unit * (self.centre + targets))
            warped = self.warped_centre + self.warped_spread * targets
            z = warped if self.power is None else yeo_johnson_back(warped, self.power)
            return np.asarray(self.unit * (self.centre + self.spread * z))


def targets(y: Array) -> Array:
    """Turn objectives into targets.

    Args:
        y: objectives, (n,), higher is better.

    Returns:
        Targets, (n,), in the order of the objectives; all zero where nothing can be told apart.
    """
    return Warp.of(y)(y)


def _standardised(centred: Array, spread: float) -> Array:
    # Beside the lowest number that there is, good values may span less than the smallest one.
    with np.errstate(over="ignore"):
        standardised: Array = np.maximum(centred / spread, _FARTHEST)
    return standardised


def _thinned(values: Array) -> Array:
    """Of very many values, some evenly spaced in their order, the extremes among them."""
    if len(values) <= _MOST_VALUES:
        return values
    places = np.round(np.linspace(0, len(values) - 1, _MOST_VALUES)).astype(np.intp)
    thinned: Array = np.sort(values)[places]
    return thinned


def _location_and_scale(values: Array) -> tuple[float, float]:
    """Mean and standard deviation; where a few values are far worse than all others, those of the better half."""
    centre, spread = float(values.mean()), float((values - values.mean()).std())
    median, upper_quartile, best = np.quantile(values, [0.5, 0.75, 1.0])
    narrow = _NARROW_OF_FEW if len(values) < _FEW else _NARROW
    if 0.0 < best - median < narrow * spread:
        return float(upper_quartile), float(best - median) / _WIDTH_OF_HALF
    return centre, spread


def best_power(z: Array) -> float | None:
    """The power that makes standardised values, (n,), most nearly normal.

    It maximises the profile likelihood over a grid from -2 to 6; None if no power gives a finite, positive variance.

    Source: Yeo & Johnson (2000).
    """
    variance = yeo_johnson(z, _POWERS[:, None]).var(axis=1)
    is_usable = np.isfinite(variance) & (variance > _SMALLEST_VARIANCE)
    if not is_usable.any():
        return None
    jacobian = (_POWERS - 1.0) * np.sum(np.sign(z) * np.log1p(np.abs(z)))
    likelihood = np.full(len(_POWERS), -np.inf)
    likelihood[is_usable] = -0.5 * len(z) * np.log(variance[is_usable]) + jacobian[is_usable]
    return float(_POWERS[np.argmax(likelihood)])


def yeo_johnson(z: Array, power: Array) -> Array:
    """The transform of `z` by `power`; the shapes broadcast.

    Both branches are sign(z) ((1 + |z|)^e - 1) / e, with e the power where z >= 0, and 2 minus the power elsewhere.

    Source: Yeo & Johnson (2000).
    """
    exponent = np.where(z >= 0.0, power, 2.0 - power)
    log_size = np.log1p(np.abs(z))
    is_log = exponent == 0.0
    curved = np.expm1(exponent * log_size) / np.where(is_log, 1.0, exponent)
    transformed: Array = np.sign(z) * np.where(is_log, log_size, curved)
    return transformed


def yeo_johnson_back(transformed: Array, power: float) -> Array:
    """The inverse of the transform by one power; infinite where the transform never comes."""
    exponent = np.where(transformed >= 0.0, power, 2.0 - power)
    is_log = exponent == 0.0
    inner = exponent * np.abs(transformed)
    is_reached = inner > -1.0
    log_size = np.log1p(np.where(is_reached, inner, 0.0)) / np.where(is_log, 1.0, exponent)
    size = np.expm1(np.where(is_log, np.abs(transformed), log_size))
    back: Array = np.sign(transformed) * np.where(is_reached, size, np.inf)
    return back
