"""Compare several members that search together with one search of as many workers.

    python benchmarks/members.py                         # 10 members of 8 workers, and 1 of 80; 400 evaluations in all
    python benchmarks/members.py --members 4 --workers 2 --evals 200 --seeds 8

Evaluations take N(1, 1/4) virtual seconds, clipped at a tenth, and are handed out and told in the order of virtual
time; suggestions cost nothing. Members share a store, so that each knows before a suggestion what all have finished,
and not what the others are evaluating. The regret is log10 of the distance to the optimum, 0 for a typical random row.
"""

from __future__ import annotations

import argparse
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import heapq
import logging
from itertools import count

import numpy as np
from compare import problem_of
from functions import TASKS, Task

from deephyper.evaluator import Evaluator
from deephyper.hpo import CBO
from deephyper.storage import MemoryStorage

NAMES = ("branin-2", "hartmann-6", "ackley-4", "levy-8")
FLOOR = 1e-9


def best_of(task: Task, seed: int, n_members: int, n_workers: int, n_evals: int) -> float:
    """The regret after all evaluations, as a power of ten."""
    storage, rng, order = MemoryStorage(), np.random.default_rng(seed), count()
    searches = []
    for _ in range(n_members):
        evaluator = Evaluator.create(task.function, storage=storage, search_id="shared")
        searches.append(CBO(problem_of(task), evaluator, random_state=seed, log_dir=None))
    running: list[tuple[float, int, int, dict[str, object]]] = []
    n_asked, best = 0, -np.inf

    def hand_out(member: int, now: float, n: int) -> None:
        nonlocal n_asked
        n = min(n, n_evals - n_asked)
        for configuration in searches[member].ask(n) if n > 0 else ():
            duration = max(0.1, rng.normal(1.0, 0.25))
            heapq.heappush(running, (now + duration, next(order), member, configuration))
        n_asked += max(n, 0)

    for member in range(n_members):
        hand_out(member, 0.0, n_workers)
    while running:
        now, _, member, configuration = heapq.heappop(running)
        value = task.function(configuration)
        best = max(best, value)
        searches[member].tell([(configuration, value)])
        hand_out(member, now, 1)
    return float(np.log10(max(task.regret(best), FLOOR)))


def main() -> None:
    """Print the regrets of both, and their paired difference."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", nargs="*", default=NAMES)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--members", type=int, default=10)
    parser.add_argument("--workers", type=int, default=8, help="of each member")
    parser.add_argument("--evals", type=int, default=400, help="of all members together")
    args = parser.parse_args()
    logging.disable(logging.WARNING)
    differences = []
    alone, shared = args.members * args.workers, f"{args.members} of {args.workers}"
    print(f"{'task':<14}{f'1 of {alone}':>10}{shared:>10}   median of {args.seeds} seeds")
    for name in args.tasks:
        rows = []
        for seed in range(args.first_seed, args.first_seed + args.seeds):
            task = TASKS[name](seed)
            rows.append(
                (best_of(task, seed, 1, alone, args.evals), best_of(task, seed, args.members, args.workers, args.evals))
            )
        differences += [together - one for one, together in rows]
        one, together = np.median(rows, axis=0)
        print(f"{name:<14}{one:>10.2f}{together:>10.2f}", flush=True)
    error = np.std(differences, ddof=1) / np.sqrt(len(differences))
    print(f"difference {np.mean(differences):+.2f} ± {error:.2f} decades")


if __name__ == "__main__":
    main()
