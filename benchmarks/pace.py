"""Measure how busy workers are, and what is found, where evaluations last only as long as a few suggestions cost.

    python benchmarks/pace.py                                # 5 processes, evaluations of 1, 2 and 5 asks and tells
    python benchmarks/pace.py --slowed 3                     # evaluations a third as long: a manager three times slower
    python benchmarks/pace.py --method simulated             # on the virtual clock, where other load hardly disturbs
    python benchmarks/pace.py --before OLD/src               # beside older code, in turns

The unit is one ask and tell of this machine after 100 evaluations, the median of 20, measured in the interpreter of the
run right before its search: on the wall clock for processes, as CPU time for the virtual clock, on which the manager's
CPU time passes. Evaluations sleep, or take, N(E, E / 4), clipped at zero. "at leisure" is the same search, simulated
with evaluations of a thousand units. The regret is log10 of the distance to the optimum, 0 for a typical random row.
Workers are busy from the first moment at which all of them run; `+ start` counts from the first submission, so that the
start of processes is in it.
"""

from __future__ import annotations

import argparse
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import json
import logging
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from compare import problem_of
from functions import TASKS, Task

from deephyper.evaluator import Evaluator
from deephyper.hpo import CBO

N_WORKERS, N_PAIRS, LEISURE = 5, 20, 1_000.0


def unit_s(task: Task, seed: int, is_virtual: bool) -> float:
    """Median seconds of one ask and tell after 100 evaluations."""
    now = time.thread_time if is_virtual else time.perf_counter
    search, rng = CBO(problem_of(task), random_state=seed, log_dir=tempfile.mkdtemp()), np.random.default_rng(seed)
    search.ask(8)
    search.tell([(c, task.function(c)) for c in (task.sample(rng) for _ in range(99))])
    search.ask(1)
    seconds = []
    for _ in range(N_PAIRS):
        begin = now()
        (configuration,) = search.ask(1)
        search.tell([(configuration, task.function(configuration))])
        seconds.append(now() - begin)
    return float(np.median(seconds))


def evaluator_of(task: Task, seed: int, evaluation_s: float, is_virtual: bool) -> Evaluator:
    if is_virtual:

        def duration(_: Any, rng: np.random.Generator) -> float:
            return max(0.0, float(rng.normal(evaluation_s, evaluation_s / 4)))

        options = {"num_workers": N_WORKERS, "duration": duration, "seed": seed}
        return Evaluator.create(lambda job: task.function(dict(job)), "simulated", options)

    def run(job: Any) -> float:
        rng = np.random.default_rng([seed, job.id if isinstance(job.id, int) else abs(hash(job.id))])
        time.sleep(max(0.0, float(rng.normal(evaluation_s, evaluation_s / 4))))
        return task.function(dict(job))

    return Evaluator.create(run, "process", {"num_workers": N_WORKERS})


def busy_since(begin: float, table: Any) -> float:
    """The share of the workers' time in which they evaluated, from a moment to the last submission."""
    # When nothing is submitted any more, workers have nothing to do.
    end = table.timestamp_submit.max()
    starts, ends = (np.clip(times, begin, end) for times in (table.timestamp_start, table.timestamp_end))
    return float((ends - starts).sum() / (N_WORKERS * (end - begin)))


def one(args: argparse.Namespace, name: str, seed: int, units: float) -> dict[str, float]:
    """One search: how busy its workers were after they had all started, and what it found."""
    task, is_virtual = TASKS[name](seed), args.method == "simulated" or units == LEISURE
    unit = unit_s(task, seed, is_virtual)
    with evaluator_of(task, seed, units * unit / args.slowed, is_virtual) as evaluator:
        search = CBO(problem_of(task), evaluator, random_state=seed, log_dir=tempfile.mkdtemp())
        table = search.search(max_evals=args.evaluations)
    regret = np.log10(max(task.regret(float(np.max(table.objective))), 1e-10))
    # Each worker has one of the first jobs.
    first = np.argsort(table.timestamp_submit.to_numpy(), kind="stable")[:N_WORKERS]
    return {
        "unit": 1e3 * unit,
        "busy": busy_since(table.timestamp_start.to_numpy()[first].max(), table),
        "+ start": busy_since(table.timestamp_submit.min(), table),
        "regret": float(regret),
        "cheaper": getattr(search.statistics, "n_cheaper", 0),
    }


def in_its_own_interpreter(arguments: list[str], source: str) -> dict[str, float]:
    environment = os.environ | ({"PYTHONPATH": source} if source else {})
    command = [sys.executable, str(Path(__file__)), *arguments]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return json.loads(ran.stdout.splitlines()[-1])


def report(found: dict[tuple[str, float], list[dict[str, float]]]) -> None:
    columns = (
        ("code", 8),
        ("units", 15),
        ("unit, ms", 10),
        ("busy", 7),
        ("+ start", 8),
        ("regret", 8),
        ("to leisure", 17),
        ("cheaper", 9),
    )
    print("\n" + "".join(name.rjust(width) for name, width in columns))
    for (code, units), runs in sorted(found.items()):
        lost = np.subtract(
            [run["regret"] for run in runs], [run["regret"] for run in found[code, LEISURE]][: len(runs)]
        )
        error = lost.std(ddof=1) / len(lost) ** 0.5 if len(lost) > 1 else np.nan
        keys = ("unit", "busy", "+ start", "cheaper")
        unit, busy, with_start, cheaper = (np.median([run[key] for run in runs]) for key in keys)
        mean = np.mean([run["regret"] for run in runs])
        print(f"{code:8s} {units:14g} {unit:9.1f} {busy:6.3f} {with_start:7.3f} {mean:7.2f}", end=" ")
        print(f"{lost.mean():+8.2f} +- {error:4.2f} {cheaper:8.0f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--method", default="process", choices=["process", "simulated"])
    parser.add_argument("--tasks", default="branin-2,rastrigin-3,ackley-4,hartmann-6")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--units", default="1,2,5", help="asks and tells that an evaluation lasts")
    parser.add_argument("--slowed", type=float, default=1.0, help="how many times slower the manager is")
    parser.add_argument("--evaluations", type=int, default=100)
    parser.add_argument("--before", default="", help="the src of older code")
    parser.add_argument("--one", default="", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        logging.disable(logging.WARNING)
        name, seed, units = args.one.split("|")
        print(json.dumps(one(args, name, int(seed), float(units))))
        return
    passed = ["--method", args.method, "--slowed", str(args.slowed), "--evaluations", str(args.evaluations)]
    found: dict[tuple[str, float], list[dict[str, float]]] = defaultdict(list)
    codes = {"after": "", **({"before": args.before} if args.before else {})}
    for name in args.tasks.split(","):
        for seed in range(args.first_seed, args.first_seed + args.seeds):
            for units in (*map(float, args.units.split(",")), LEISURE):
                for code, source in codes.items():
                    run = in_its_own_interpreter([*passed, "--one", f"{name}|{seed}|{units}"], source)
                    found[code, units].append(run)
                    print(name, seed, units, code, {key: round(value, 3) for key, value in run.items()}, flush=True)
    report(found)


if __name__ == "__main__":
    main()
