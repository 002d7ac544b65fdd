"""From objectives to the targets that a model learns: failures filled in, the power transform, mean 0 and variance 1.

A power above 1 squeezes the tail of bad values, so that a few terrible ones do not flatten the differences among the good.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._arrays import Array

_POWERS = np.linspace(-2.0, 6.0, 33)
_SMALLEST_VARIANCE = 1e-20
# More values than these tell nothing more about location, scale and shape.
_MOST_VALUES = 1_000


@dataclass(frozen=True)
class Warp:
    """From objectives to targets, in the order of the objectives; make one with `Warp.of`.

    Args:
        worst: what a failed evaluation counts as.
        unit: largest absolute value: 1e300 would overflow the variance.
        centre: mean of the values, in that unit.
        spread: their standard deviation; 0 where nothing can be told apart, and then the values are only centred.
        power: of the transform; None for the identity.
        warped_centre: mean of what the transform gives.
        warped_spread: its standard deviation.
    """

    worst: float
    unit: float
    centre: float
    spread: float
    power: float | None
    warped_centre: float
    warped_spread: float

    @classmethod
    def of(cls, y: Array) -> Warp:
        """Learn it from objectives, (n,), higher is better; a failed evaluation is NaN."""
        is_value = np.isfinite(y)
        worst = float(np.min(y, where=is_value, initial=np.inf)) if is_value.any() else 0.0
        values = np.where(is_value, y, worst)
        unit = max(float(np.max(np.abs(values), initial=0.0)), float(np.finfo(float).tiny))
        values = _thinned(values / unit)
        centre = float(values.mean()) if len(values) else 0.0
        if len(values) < 3 or np.ptp(values) == 0.0:
            return cls(worst, unit, centre, 0.0, None, 0.0, 1.0)
        spread = float((values - centre).std())
        z = (values - centre) / spread
        power = best_power(z)
        warped = z if power is None else yeo_johnson(z, np.array(power))
        return cls(worst, unit, centre, spread, power, float(warped.mean()), float((warped - warped.mean()).std()))

    def __call__(self, y: Array) -> Array:
        """Targets of objectives, (n,) -> (n,)."""
        centred = np.where(np.isfinite(y), y, self.worst) / self.unit - self.centre
        if self.spread == 0.0:
            return centred
        z = centred / self.spread
        warped = z if self.power is None else yeo_johnson(z, np.array(self.power))
        targets: Array = (warped - self.warped_centre) / self.warped_spread
        return targets


def targets(y: Array) -> Array:
    """Turn objectives into targets.

    Args:
        y: objectives, (n,), higher is better; a failed evaluation is NaN.

    Returns:
        Targets, (n,), in the order of the objectives; all zero where nothing can be told apart.
    """
    return Warp.of(y)(y)


def _thinned(values: Array) -> Array:
    """Of very many values, some evenly spaced in their order, the extremes among them."""
    if len(values) <= _MOST_VALUES:
        return values
    places = np.round(np.linspace(0, len(values) - 1, _MOST_VALUES)).astype(np.intp)
    thinned: Array = np.sort(values)[places]
    return thinned


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
