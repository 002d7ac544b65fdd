"""How busy workers are: the time inside evaluations over workers x (first start to deadline).

    python benchmarks/utilization.py                          # two-second evaluations on five processes for two minutes
    python benchmarks/utilization.py --seconds 30 --timeout 300

Evaluations sleep N(seconds, seconds / 4), clipped at zero, and return minus the Ackley function in two dimensions. Evaluations
that run at the deadline count up to it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from deephyper.evaluator import Evaluator
from deephyper.hpo import CBO, HpProblem

sys.path.insert(0, str(Path(__file__).parents[1] / "examples"))
import black_box_util as black_box


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--method", default="process")
    parser.add_argument("--workers", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="mean of one evaluation")
    parser.add_argument("--timeout", type=float, default=120.0, help="of the whole search")
    parser.add_argument("--seed", type=int, default=42)
    args = parser.parse_args()

    problem = HpProblem()
    for i in range(2):
        problem.add_hyperparameter((-32.768, 32.768), f"x{i}")
    run = partial(black_box.run_ackley, sleep_mean=args.seconds, sleep_std=args.seconds / 4)
    with Evaluator.create(run, args.method, {"num_workers": args.workers}) as evaluator:
        search = CBO(problem, evaluator, random_state=args.seed, log_dir=tempfile.mkdtemp())
        begin = time.monotonic()
        table = search.search(timeout=args.timeout)
        wall = time.monotonic() - begin

    begin, end = table.timestamp_start.min(), table.timestamp_end.max()
    busy = (table.timestamp_end - table.timestamp_start).sum() / (args.workers * (end - begin))
    n_done, ideal = int((table.job_status == "DONE").sum()), args.workers * args.timeout / args.seconds
    print(f"{args.method} x {args.workers}, evaluations of {args.seconds:g} s, {args.timeout:g} s:", end=" ")
    print(f"{n_done} finished (ideal {ideal:.0f}), busy {busy:.4f}, best {table.objective.max():.5f},", end=" ")
    print(f"first start after {begin:.2f} s, wall {wall:.2f} s")


if __name__ == "__main__":
    main()
