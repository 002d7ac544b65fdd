"""How much of what earlier tasks say holds here, judged by this task's own values.

    symbol   meaning
    z        targets told so far, (n,)
    G        what each of k guides says at the told rows, (n, k)
    model    z = m + G a + e, e a Gaussian process with the hyperparameters expected before any data, covariance K
    prior    a_j ~ N(1 / k, 0.5^2 / k), cut off below 0: the opposite of what a source says is never used
    a        the most probable weights: generalised least squares with the prior as further rows   R&W section 2.7

R&W: Rasmussen & Williams, Gaussian Processes for Machine Learning (2006).
"""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import lsq_linear

from .._arrays import Array
from ..surrogate import PLAIN, Data, condition, usual

_EXPECTED, _SPREAD = 1.0, 0.5
_LARGEST = 1.5
_NOISE = 1e-2
_MEAN_PRECISION = 0.01


def weights_of(G: Array, data: Data) -> Array:
    """The weights a, (k,), each between 0 and 1.5.

    Args:
        G: what the guides say at the told rows, (n, k).
        data: the told rows and their targets z.
    """
    k, z = G.shape[1], data.y
    # Once multiplied by the inverse of K's factor, the differences are independent.
    whiten = condition(usual(PLAIN, data.X.shape[1], math.log(_NOISE)), data).inverse_factor
    columns = whiten @ np.column_stack((np.ones(len(z)), G))
    precisions = np.sqrt(np.append(_MEAN_PRECISION, np.full(k, k / _SPREAD**2)))
    design = np.concatenate((columns, np.diag(precisions)))
    observed = np.concatenate((whiten @ z, [0.0], np.full(k, precisions[-1] * _EXPECTED / k)))
    low, high = np.append(-np.inf, np.zeros(k)), np.append(np.inf, np.full(k, _LARGEST))
    weights: Array = np.clip(lsq_linear(design, observed, bounds=(low, high)).x[1:], 0.0, _LARGEST)
    return weights
