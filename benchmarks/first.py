"""Compare what is found in the first 12 to 50 evaluations of ordinary tasks.

    python benchmarks/first.py --before OLD/src                  # thirteen tasks, 50 evaluations, 10 seeds
    python benchmarks/first.py --at 15,25 --evaluations 25 --seeds 4 --tasks edge-4,logs-4
    python benchmarks/first.py --workers 8

The columns are the code of OLD/src, this code, Optuna's TPE and CMA-ES if they are installed, and random search. A
regret of 1 is that of the median random configuration; regrets below 1e-6 count as 1e-6.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from against import (
    AFTER,
    BEFORE,
    CMAES,
    RANDOM,
    TPE,
    Column,
    Results,
    Trial,
    measured,
    paired,
    table,
)
from compare import FLOOR, is_installed
from functions import TASKS, Configuration, Number, Task, levy, moved, rosenbrock, with_typical


def goldstein(x: np.ndarray) -> float:
    """The logarithm of Goldstein and Price's function."""
    a, b = x
    one = 1 + (a + b + 1) ** 2 * (19 - 14 * a + 3 * a**2 - 14 * b + 6 * a * b + 3 * b**2)
    other = 30 + (2 * a - 3 * b) ** 2 * (18 - 32 * a + 12 * a**2 + 48 * b - 36 * a * b + 27 * b**2)
    return float(np.log(one * other))


def zakharov(x: np.ndarray) -> float:
    s = np.sum(0.5 * np.arange(1, len(x) + 1) * x)
    return float(np.sum(x**2) + s**2 + s**4)


def edge(seed: int) -> Task:
    """A hill whose top may lie on the border, and whose hyperparameters depend on each other."""
    d, rng = 4, np.random.default_rng([seed, 77])
    top, weights, turn = rng.choice([0.0, 1.0, 0.3, 0.6], d), rng.uniform(0.3, 3.0, d), rng.uniform(-0.5, 0.5, (d, d))

    def objective(configuration: Configuration) -> float:
        x = np.array([configuration[f"x{i}"] for i in range(d)]) - top
        return -float(weights @ np.abs(x) ** 1.5 + 0.5 * np.sum((turn @ x) ** 2))

    return with_typical("edge-4", tuple(Number(f"x{i}", 0.0, 1.0) for i in range(d)), objective, 0.0, {})


def logs(seed: int) -> Task:
    """Rates and a size on a logarithmic scale; too large a rate is terrible, the more so with a large size."""
    top = np.random.default_rng([seed, 78]).uniform(0.2, 0.8, 4)

    def objective(configuration: Configuration) -> float:
        rate, decay = np.log(configuration["rate"] / 1e-5) / np.log(1e5), np.log(configuration["decay"] / 1e-6)
        size = np.log(configuration["size"] / 4) / np.log(128)
        a, b, c, n = np.array([rate, decay / np.log(1e6), configuration["drop"], size]) - top
        steep = a + 0.4 * n
        bowl = 4.0 * steep**2 + 0.5 * b**2 + 0.7 * c**2 + 0.8 * n**2 + 0.3 * a * c
        return -float(bowl + 400.0 * max(0.0, steep) ** 3)

    space = (
        Number("rate", 1e-5, 1.0, is_log=True),
        Number("decay", 1e-6, 1.0, is_log=True),
        Number("drop", 0.0, 1.0),
        Number("size", 4, 512, is_integer=True, is_log=True),
    )
    return with_typical("logs-4", space, objective, 0.0, {})


_KINDS: dict[str, Callable[[int], Task]] = {
    **{name: TASKS[name] for name in ("branin-2", "ackley-4", "hartmann-6", "griewank-6", "levy-8", "rastrigin-3")},
    "training-8 (mixed)": TASKS["training-8 (mixed)"],
    "goldstein-2": lambda seed: moved("", goldstein, -2.0, 2.0, 2, float(np.log(3.0)), (0.0, -1.0), seed),
    "rosenbrock-3": lambda seed: moved("", rosenbrock, -5.0, 10.0, 3, 0.0, 1.0, seed),
    "levy-5": lambda seed: moved("", levy, -10.0, 10.0, 5, 0.0, 1.0, seed),
    "zakharov-5": lambda seed: moved("", zakharov, -5.0, 10.0, 5, 0.0, 0.0, seed),
    "edge-4": edge,
    "logs-4": logs,
}


def trial(name: str, n_evaluations: int, n_workers: int, seed: int) -> Trial:
    task = _KINDS[name](seed)
    return Trial(task, lambda configuration, rng: task.function(configuration), n_evaluations, n_workers)


def columns_of(before: str, only: str) -> list[Column]:
    """All columns that can be measured here and are wanted."""
    needed = {BEFORE: (), AFTER: (), TPE: ("optuna",), CMAES: ("optuna", "cmaes"), RANDOM: ()}
    wanted = only.split(",") if only else list(needed)
    return [
        Column(name, source=before if name == BEFORE else "")
        for name, packages in needed.items()
        if name in wanted and is_installed(packages) and (name != BEFORE or before)
    ]


def tables(results: Results, columns: Sequence[str], names: Sequence[str], times: Sequence[int]) -> str:
    """For each of some numbers of evaluations the table, and the differences of this code to all others."""
    parts = []
    for at in times:
        parts += [f"After {at} evaluations:", "", table(results, columns, names, at, FLOOR), ""]
        parts += [
            paired(results, AFTER, name, names, at, FLOOR) for name in columns if AFTER in columns and name != AFTER
        ]
        parts.append("")
    return "\n".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", default="", help="the `src` folder of older code")
    parser.add_argument("--evaluations", type=int, default=50)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--tasks", default="", help=f"some of {', '.join(_KINDS)}")
    parser.add_argument("--only", default="", help="columns, separated by commas")
    parser.add_argument("--at", default="15,25,50", help="after so many evaluations")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    args = parser.parse_args()
    names = args.tasks.split(",") if args.tasks else list(_KINDS)
    trials = {name: partial(trial, name, args.evaluations, args.workers) for name in names}
    columns = columns_of(os.path.abspath(args.before) if args.before else "", args.only)
    seeds = range(args.first_seed, args.first_seed + args.seeds)
    results, remarks = measured(trials, columns, names, seeds, args.processes)
    times = [at for at in map(int, args.at.split(",")) if at <= args.evaluations]
    print(f"{args.seeds} seeds from {args.first_seed}, {args.workers} worker(s), {time.strftime('%Y-%m-%d')}\n")
    print(tables(results, [column.name for column in columns], names, times))
    print("\n".join(f"{name}: {remark}" for name, remark in remarks.items()))


if __name__ == "__main__":
    main()
