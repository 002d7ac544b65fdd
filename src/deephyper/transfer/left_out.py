"""How well a Gaussian process predicts each of its values from all others.

    symbol   meaning
    K        covariance of the rows with noise on its diagonal
    alpha    K^-1 (y - m)
    y_i - mean_-i = alpha_i / (K^-1)_ii     what is left of value i when all others are known     R&W (5.12)

R&W: Rasmussen & Williams, Gaussian Processes for Machine Learning (2006).
"""

from __future__ import annotations

import numpy as np

from .._arrays import Array
from ..surrogate import GaussianProcess


def left_out_errors(process: GaussianProcess) -> Array:
    """What is left of every value when all others are known, (n,)."""
    errors: Array = process.alpha / np.square(process.inverse_factor).sum(axis=0)
    return errors
