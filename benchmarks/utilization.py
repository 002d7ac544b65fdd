"""Measure how busy workers are: the time inside evaluations, divided by workers x (first start to end).

    python benchmarks/utilization.py                                  # 2-second evaluations on five processes for 30 s
    python benchmarks/utilization.py --seconds 0.02
    python benchmarks/utilization.py --method thread --workers 50 --timeout 60
    python benchmarks/utilization.py --method simulated --workers 1000 --evaluations 10000
    python benchmarks/utilization.py --method simulated --workers 10000 --evaluations 50000

Real evaluations sleep N(seconds, seconds / 4), clipped at zero, and return minus the Ackley function in two dimensions.
The end is the deadline; evaluations that run then count up to it. Simulated evaluations take log-normal times with a
median of 60 s and sigma 0.5, and return minus the Rosenbrock function in six dimensions. Their end is the last
submission, and the manager's CPU time passes on the virtual clock.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from deephyper.evaluator import Evaluator
from deephyper.hpo import CBO, HpProblem, RandomSearch
from deephyper.results import Results

sys.path.insert(0, str(Path(__file__).parents[1] / "examples"))
import black_box_util as black_box

SEARCHES = {"cbo": CBO, "random": RandomSearch}


def rosenbrock(job: Any) -> float:
    x = np.array([job[f"x{i}"] for i in range(6)])
    return -float(np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2))


def duration(parameters: Any, rng: np.random.Generator) -> float:
    return float(rng.lognormal(math.log(60.0), 0.5))


def share_inside(table: Results, n_workers: int, end: float) -> float:
    """The share of the workers' time that is inside evaluations, from the first start to `end`."""
    inside = np.minimum(table.timestamp_end, end) - np.minimum(table.timestamp_start, end)
    return float(inside.sum() / (n_workers * (end - table.timestamp_start.min())))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--method", default="process", choices=["process", "thread", "simulated"])
    parser.add_argument("--workers", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="mean of one real evaluation")
    parser.add_argument("--timeout", type=float, default=30.0, help="of a whole search with real evaluations")
    parser.add_argument("--evaluations", type=int, default=10_000, help="how many simulated ones")
    parser.add_argument("--search", default="cbo", choices=SEARCHES)
    parser.add_argument("--seed", type=int, default=42)
    args = parser.parse_args()

    is_simulated = args.method == "simulated"
    problem = HpProblem()
    for i in range(6 if is_simulated else 2):
        problem.add_hyperparameter((-5.0, 10.0) if is_simulated else (-32.768, 32.768), f"x{i}")
    run = partial(black_box.run_ackley, sleep_mean=args.seconds, sleep_std=args.seconds / 4)
    options: dict[str, Any] = {"num_workers": args.workers}
    if is_simulated:
        run, options = rosenbrock, options | {"duration": duration, "seed": args.seed}
    with Evaluator.create(run, args.method, options) as evaluator:
        search = SEARCHES[args.search](problem, evaluator, random_state=args.seed, log_dir=tempfile.mkdtemp())
        begin = time.monotonic()
        table = search.search(max_evals=args.evaluations) if is_simulated else search.search(timeout=args.timeout)
        wall = time.monotonic() - begin

    end = table.timestamp_submit.max() if is_simulated else table.timestamp_end.max()
    until = "the last submission" if is_simulated else "the deadline"
    print(
        f"{args.search}, {args.method} x {args.workers}: "
        f"{share_inside(table, args.workers, end):.4f} busy until {until}",
        end="",
    )
    print(f" ({end:.1f} s), {len(table)} evaluations, best {table.objective.max():.5g}, {wall:.1f} s of real time")
    print(search.statistics)


if __name__ == "__main__":
    main()
