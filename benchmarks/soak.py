"""Run many evaluations of which some fail in every way; each failure must affect only its own row.

    python benchmarks/soak.py              # 1,000 evaluations of 0.5 s on 8 processes; takes over a minute
    python benchmarks/soak.py --evaluations 100

Of all evaluations 5 % raise, 2 % call `os._exit`, 1 % hang past a limit of 3 s and 1 % end in a segmentation fault.
"""

from __future__ import annotations

import argparse
import collections
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from typing import Any

import psutil

from deephyper.evaluator import Evaluator
from deephyper.hpo import HpProblem, RandomSearch

EXPECTED = {"raise": "F_ZeroDivisionError", "exit": "F_worker_died", "hang": "F_timeout", "segfault": "F_worker_died"}
SHARES = {"raise": 5, "exit": 2, "hang": 1, "segfault": 1}


def kind_of(job_id: int, seed: int) -> str:
    """How an evaluation ends; of every hundred in a row the same number of each kind."""
    import numpy as np

    place = np.random.default_rng((seed, job_id // 100)).permutation(100)[job_id % 100]
    kinds = [kind for kind, share in SHARES.items() for _ in range(share)]
    return kinds[place] if place < len(kinds) else "fine"


def run(job: Any, seconds: float, seed: int) -> float:
    kind = kind_of(job["job_id"], seed)
    if kind == "hang":
        time.sleep(3600)
    time.sleep(seconds)
    if kind == "raise":
        return 1 / 0
    if kind == "exit":
        os._exit(1)
    if kind == "segfault":
        import faulthandler

        faulthandler._sigsegv()  # type: ignore[attr-defined]
    return float(job["x"])


@dataclass(frozen=True)
class Soaked:
    """What a soak has shown.

    Args:
        n_rows: how many evaluations the table holds.
        n_wrong: how many of them do not say what happened.
        reasons: how often each reason of a failure stands there.
        utilization: as the search tells it.
        left: command lines of the processes that are left after the end.
    """

    n_rows: int
    n_wrong: int
    reasons: dict[str, int]
    utilization: float
    left: list[str]


def soak(n: int, n_workers: int = 8, seconds: float = 0.5, seed: int = 1) -> Soaked:
    """Search with `n` evaluations, some of which fail, and look what is left."""
    problem = HpProblem()
    problem.add_hyperparameter((0.0, 1.0), "x")
    before = set(psutil.Process().children(recursive=True))
    # Far above what the others need, on a busy machine too.
    options = {
        "num_workers": n_workers,
        "job_timeout": 6 * seconds,
        "run_function_kwargs": {"seconds": seconds, "seed": seed},
    }
    with Evaluator.create(run, "process", options) as evaluator:
        search = RandomSearch(problem, evaluator, random_state=seed, log_dir=tempfile.mkdtemp())
        table = search.search(n)
    assert search.statistics is not None
    expected = [EXPECTED.get(kind_of(job_id, seed)) for job_id in table.job_id]
    found = [value if isinstance(value, str) else None for value in table.objective]
    left = [" ".join(child.cmdline()) for child in psutil.Process().children(recursive=True) if child not in before]
    return Soaked(
        n_rows=table.job_id.nunique(),
        n_wrong=sum(a != b for a, b in zip(expected, found, strict=True)),
        reasons=dict(collections.Counter(reason for reason in found if reason)),
        utilization=search.statistics.utilization,
        left=[command for command in left if "resource_tracker" not in command],
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--evaluations", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=0.5)
    args = parser.parse_args()

    import logging

    logging.disable(logging.WARNING)
    print(soak(args.evaluations, args.workers, args.seconds), file=sys.stdout)


if __name__ == "__main__":
    main()
