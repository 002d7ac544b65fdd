"""How much of what earlier tasks say holds here, judged by this task's own values.

    symbol   meaning
    z        targets told so far, (n,)
    G        what each of k guides says at the told rows, (n, k)
    model    z = m + G a + e, e a Gaussian process with the hyperparameters expected before any data, covariance K
    prior    a_j ~ N(c / k, 0.5^2 / k), c = 0.5 for a guide that has to help, else 1; cut off below 0: the opposite
             of what a source says is never used
    a        the most probable weights: generalised least squares with the prior as further rows   R&W section 2.7
    error    sum of squares of what is left of every value of z - G a when all others are known

A weight alone forgives too much: a few values hardly contradict a prior. So a guide that has to help is used only if
these values are predicted better from each other with it than without it. All values judge it, whether they were
leads, rows of the design or suggestions, and each new one judges again.

R&W: Rasmussen & Williams, Gaussian Processes for Machine Learning (2006).
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from scipy.optimize import lsq_linear

from .._arrays import Array, Mask
from ..surrogate import PLAIN, Data, condition, usual
from .left_out import left_out_errors

_EXPECTED, _EXPECTED_TO_HELP, _SPREAD = 1.0, 0.5, 0.5
_LARGEST = 1.5
_NOISE, _NOISE_OF_ERRORS = 1e-2, 0.1
_MEAN_PRECISION = 0.01


def expected_weights(has_to_help: Mask) -> Array:
    """What the weights of guides are expected to be before any value is seen, were each the only one, (k,)."""
    return np.where(has_to_help, _EXPECTED_TO_HELP, _EXPECTED)


def weights_of(G: Array, data: Data, has_to_help: Mask) -> Array:
    """The weights a, (k,), each between 0 and 1.5; 0 for a guide that has to help and does not.

    Args:
        G: what the guides say at the told rows, (n, k).
        data: the told rows and their targets z.
        has_to_help: which guides are used only while the values are predicted better with them, (k,).
    """
    expected, kept = expected_weights(has_to_help), np.arange(G.shape[1])
    weights = _most_probable(G, data, expected)
    while has_to_help[kept].any():
        # Without each of them; the others share what it explained.
        fewer = [kept[kept != guide] for guide in kept[has_to_help[kept]]]
        refitted = [_most_probable(G[:, others], data, expected[others]) for others in fewer]
        errors = [_error(G[:, others] @ a, data) for others, a in zip(fewer, refitted, strict=True)]
        best = int(np.argmin(errors))
        if errors[best] > _error(G[:, kept] @ weights, data):
            break
        kept, weights = fewer[best], refitted[best]
    all_weights = np.zeros(G.shape[1])
    all_weights[kept] = weights
    return all_weights


def _error(guidance: Array, data: Data) -> float:
    """How badly every value is predicted from the others, given what is added to the mean at each, (n,)."""
    process = condition(usual(PLAIN, data.X.shape[1], math.log(_NOISE_OF_ERRORS)), replace(data, y=data.y - guidance))
    left = left_out_errors(process)
    return float(left @ left)


def _most_probable(G: Array, data: Data, expected: Array) -> Array:
    """The most probable weights if all these guides are used, (k,)."""
    k, z = G.shape[1], data.y
    if not k:
        return np.empty(0)
    # Once multiplied by the inverse of K's factor, the differences are independent.
    whiten = condition(usual(PLAIN, data.X.shape[1], math.log(_NOISE)), data).inverse_factor
    columns = whiten @ np.column_stack((np.ones(len(z)), G))
    precisions = np.sqrt(np.append(_MEAN_PRECISION, np.full(k, k / _SPREAD**2)))
    design = np.concatenate((columns, np.diag(precisions)))
    observed = np.concatenate((whiten @ z, [0.0], precisions[-1] * expected / k))
    low, high = np.append(-np.inf, np.zeros(k)), np.append(np.inf, np.full(k, _LARGEST))
    weights: Array = np.clip(lsq_linear(design, observed, bounds=(low, high)).x[1:], 0.0, _LARGEST)
    return weights
