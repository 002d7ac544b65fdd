"""CPU time of one ask and one tell on eight floats, against the bars that we hold ourselves to.

python benchmarks/ask_tell_cost.py
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import time

import numpy as np

from deephyper._draws import Draws
from deephyper.optimizer import BayesianOptimizer
from deephyper.space import Real, Space

BARS_MS = {50: 15.0, 200: 30.0, 500: 50.0}
N_PAIRS = 30


def objective(X: np.ndarray) -> np.ndarray:
    """A curved valley with waves, (n, 8) -> (n,)."""
    values: np.ndarray = np.sum(0.1 * np.sin(12.0 * X) - np.square(X - 0.3), axis=1)
    return values


def costs_ms(n_rows: int) -> np.ndarray:
    """CPU milliseconds of each of the pairs of ask and tell that follow the first `n_rows`."""
    space = Space([Real(f"x{j}", 0.0, 1.0) for j in range(8)])
    optimizer = BayesianOptimizer(space, Draws(0))
    X = np.random.default_rng(0).random((n_rows, 8))
    optimizer.restore(X, objective(X), n_rows)
    costs = []
    for _ in range(N_PAIRS):
        start = time.process_time()
        row = optimizer.ask(1)
        middle = time.process_time()
        value = objective(row)
        end = time.process_time()
        optimizer.tell(row, value)
        costs.append(middle - start + time.process_time() - end)
    return 1e3 * np.array(costs)


def main() -> None:
    print("rows   median    mean     bar   (CPU ms per ask + tell)")
    for n_rows, bar in BARS_MS.items():
        costs = costs_ms(n_rows)
        verdict = "ok" if np.median(costs) <= bar else "TOO SLOW"
        print(f"{n_rows:4d} {np.median(costs):8.1f} {costs.mean():7.1f} {bar:7.1f}   {verdict}")


if __name__ == "__main__":
    main()
