"""CPU time of one `ask` and one `tell` of CBO on eight floats, against the bars that we hold ourselves to.

    python benchmarks/ask_tell_cost.py [--runs 3]

Everything counts: model, proposal, the row in memory and in the CSV file. The yardstick tells how fast the machine is just now.
"""

from __future__ import annotations

import argparse
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import tempfile
import time

import numpy as np

from deephyper.hpo import CBO, HpProblem

BARS_MS = {50: 15.0, 200: 30.0, 500: 50.0}
N_PAIRS = 30


def objective(configuration: dict[str, float]) -> float:
    """A bowl with waves."""
    x = np.array(list(configuration.values()))
    return float(np.sum(0.1 * np.sin(12.0 * x) - np.square(x - 0.3)))


def costs_ms(n_rows: int, seed: int) -> np.ndarray:
    """CPU milliseconds of each of the pairs of ask and tell that follow the first `n_rows`."""
    problem = HpProblem(seed=seed)
    for i in range(8):
        problem.add_hyperparameter((0.0, 1.0), f"x{i}")
    search = CBO(problem, random_state=seed, log_dir=tempfile.mkdtemp())
    search.ask(8)
    search.tell([(configuration, objective(configuration)) for configuration in problem.sample(n_rows - 1)])
    costs = []
    for _ in range(N_PAIRS + 1):
        begin = time.process_time()
        (configuration,) = search.ask(1)
        asked = time.process_time()
        value = objective(configuration)
        begin_tell = time.process_time()
        search.tell([(configuration, value)])
        costs.append(asked - begin + time.process_time() - begin_tell)
    # The first pair learns the model's hyperparameters from nothing.
    return 1e3 * np.array(costs[1:])


def yardstick_ms() -> float:
    """CPU milliseconds of a fixed job of small matrices: shared machines have fast and slow hours."""
    matrix = np.cov(np.random.default_rng(0).random((60, 200))) + np.eye(60)
    begin = time.process_time()
    for _ in range(500):
        np.linalg.cholesky(np.exp(-matrix * matrix) + 60.0 * np.eye(60))
    return 1e3 * (time.process_time() - begin)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    args = parser.parse_args()
    costs_ms(20, 0)
    print(f"yardstick before: {yardstick_ms():.0f} ms")
    print("CPU ms per ask + tell\n rows   median     mean  (medians of the runs)     bar")
    for n_rows, bar in BARS_MS.items():
        runs = np.array([costs_ms(n_rows, seed) for seed in range(args.runs)])
        medians = np.median(runs, axis=1)
        print(f"{n_rows:5d} {np.median(runs):8.1f} {runs.mean():8.1f}  ({medians.min():.1f} to {medians.max():.1f}) {bar:15.0f}")
    print(f"yardstick after: {yardstick_ms():.0f} ms")


if __name__ == "__main__":
    main()
