"""From objectives to the targets that a model learns: failures filled in, the power transform, mean 0 and variance 1.

A power above 1 squeezes the tail of bad values, so that a few terrible ones do not flatten the differences among the good.
"""

from __future__ import annotations

import numpy as np

from .._arrays import Array

_POWERS = np.linspace(-2.0, 6.0, 33)
_SMALLEST_VARIANCE = 1e-20


def targets(y: Array) -> Array:
    """Turn objectives into targets.

    Args:
        y: objectives, (n,), higher is better; a failed evaluation is NaN.

    Returns:
        Targets, (n,), in the order of the objectives; all zero where nothing can be told apart.
    """
    values = filled(y)
    # 1e300 would overflow the variance.
    values = values / max(float(np.max(np.abs(values), initial=0.0)), np.finfo(float).tiny)
    centred = values - values.mean() if len(values) else values
    if len(values) < 3 or np.ptp(values) == 0.0:
        return centred
    z = _standardised(centred)
    return _standardised(power_transformed(z))


def filled(y: Array) -> Array:
    """Give failed evaluations the worst value seen, or 0 if all failed, (n,) -> (n,)."""
    is_value = np.isfinite(y)
    worst = float(np.min(y, where=is_value, initial=np.inf))
    return np.where(is_value, y, worst if is_value.any() else 0.0)


def power_transformed(z: Array) -> Array:
    """Transform standardised values by the power that makes them most nearly normal, (n,) -> (n,).

    The power maximises the profile likelihood over a grid from -2 to 6; if no power gives a finite, positive variance,
    the values stay as they are.

    Source: Yeo & Johnson (2000).
    """
    candidates = yeo_johnson(z, _POWERS[:, None])
    variance = candidates.var(axis=1)
    is_usable = np.isfinite(variance) & (variance > _SMALLEST_VARIANCE)
    if not is_usable.any():
        return z
    jacobian = (_POWERS - 1.0) * np.sum(np.sign(z) * np.log1p(np.abs(z)))
    likelihood = np.full(len(_POWERS), -np.inf)
    likelihood[is_usable] = -0.5 * len(z) * np.log(variance[is_usable]) + jacobian[is_usable]
    best: Array = candidates[np.argmax(likelihood)]
    return best


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


def _standardised(values: Array) -> Array:
    centred = values - values.mean()
    std = centred.std()
    scaled: Array = centred / std if std > 0.0 else centred
    return scaled
