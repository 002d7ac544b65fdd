"""The black box of the example: the Ackley function behind an evaluation that takes its time.

It stands in a module of its own, as the code of a real application would.
"""

import os
import random
import time

import numpy as np

from deephyper.evaluator import profile

# How much faster than in real life the black box answers, for quick looks and tests.
FASTER = float(os.environ.get("BLACK_BOX_FASTER", "1"))


def ackley(x, a=20.0, b=0.2, c=2 * np.pi):
    """The Ackley function, to be minimised: 0 at the origin, many local minima around it."""
    x = np.asarray(x, float)
    bowl = -a * np.exp(-b * np.sqrt(np.mean(x**2)))
    ripples = -np.exp(np.mean(np.cos(c * x)))
    return bowl + ripples + a + np.e


@profile
def run_ackley(job, sleep_mean=2.0, sleep_std=0.5):
    """Evaluate one configuration: some two seconds of work, then minus Ackley of x0, x1, ..."""
    time.sleep(max(random.gauss(sleep_mean, sleep_std), 0.0) / FASTER)
    x = [value for name, value in job.items() if name.startswith("x")]
    return -ackley(x)
