"""Measure the best value and the run time on the problems of the two introductory documents, without their sleeps.

    python benchmarks/documents.py [--seeds 20] [--only sphere1,sphere2,ackley]

- `sphere1`, `sphere2`: minus the sum of squares on [-10, 10]^n, 20 evaluations one after the other, through `search`.
- `ackley`: minus Ackley in two dimensions, 5 asynchronous workers in virtual time (evaluations of N(2, 0.5) s, 120 s),
  through `ask` and `tell`.

Each problem is run on its usual box, which has the optimum at its centre, and on boxes that are moved at random for
each seed, where the optimum is elsewhere.
"""

from __future__ import annotations

import argparse
import heapq
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from deephyper.hpo import CBO, HpProblem

sys.path.insert(0, str(Path(__file__).parents[1] / "examples"))
from black_box_util import ackley

BARS = {"sphere1": -1e-6, "sphere2": -3e-4, "ackley": -0.01}


def problem_on(half_width: float, n: int, seed: int, is_moved: bool) -> HpProblem:
    """A box of a half width around the optimum, or moved by up to 80 % of it."""
    shift = np.random.default_rng(1000 + seed).uniform(-0.8, 0.8, n) * half_width if is_moved else np.zeros(n)
    problem = HpProblem()
    for i in range(n):
        problem.add_hyperparameter((float(shift[i] - half_width), float(shift[i] + half_width)), f"x{i}")
    return problem


def sphere(n: int, seed: int, is_moved: bool) -> tuple[float, float]:
    """Best of 20 evaluations, and the seconds that the search took."""
    problem = problem_on(10.0, n, seed, is_moved)
    begin = time.perf_counter()
    table = CBO(problem, random_state=seed, log_dir=tempfile.mkdtemp()).search(
        lambda job: -sum(x * x for x in job.values()), 20
    )
    return float(table.objective.max()), time.perf_counter() - begin


def asynchronous_ackley(seed: int, is_moved: bool, n_workers: int = 5, virtual_s: float = 120.0) -> tuple[float, float]:
    """Best value that virtual workers have returned by the deadline, and the seconds that asking and telling took."""
    problem = problem_on(32.768, 2, seed, is_moved)
    search = CBO(problem, random_state=seed, log_dir=tempfile.mkdtemp())
    durations = np.random.default_rng(seed)
    begin, best = time.perf_counter(), -np.inf
    running: list[tuple[float, int, dict[str, float]]] = []
    now, k = 0.0, 0
    while True:
        while len(running) < n_workers:
            heapq.heappush(running, (now + max(durations.normal(2.0, 0.5), 0.0), k, search.ask(1)[0]))
            k += 1
        now, _, configuration = heapq.heappop(running)
        if now > virtual_s:
            return best, time.perf_counter() - begin
        value = -float(ackley(list(configuration.values())))
        search.tell([(configuration, value)])
        best = max(best, value)


PROBLEMS: dict[str, Callable[[int, bool], tuple[float, float]]] = {
    "sphere1": lambda seed, is_moved: sphere(1, seed, is_moved),
    "sphere2": lambda seed, is_moved: sphere(2, seed, is_moved),
    "ackley": asynchronous_ackley,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--only", default=",".join(PROBLEMS))
    args = parser.parse_args()
    sphere(1, 0, False)  # the first search pays for imports
    print(f"{'problem':10s} {'box':9s} {'median':>11s} {'worst':>11s} {'best':>11s} {'bar':>9s}   median seconds")
    for name in args.only.split(","):
        for is_moved in (False, True):
            runs = np.array([PROBLEMS[name](seed, is_moved) for seed in range(args.seeds)])
            values, seconds = runs.T
            box = "moved" if is_moved else "textbook"
            figures = f"{np.median(values):11.2e} {values.min():11.2e} {values.max():11.2e} {BARS[name]:9.0e}"
            print(
                f"{name:10s} {box:9s} {figures}   "
                f"{np.median(seconds):.2f} ({seconds.min():.2f} to {seconds.max():.2f})",
                flush=True,
            )


if __name__ == "__main__":
    main()
