"""Run searches of this code, of an older one, of other optimizers and at random on the same tasks, and print a table.

`failures.py` and `choices.py` bring the tasks. With several workers, evaluations end in a random order: those of
log-normal times (sigma 0.5) on a virtual clock. Optuna's TPE, its Gaussian process (pip install optuna torch) and SMAC
(pip install smac) are run where they are installed, and named where they are not.
"""

from __future__ import annotations

import argparse
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import heapq
import multiprocessing
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from compare import Optuna, Ours, Smac, is_installed
from functions import Configuration, Task
from scipy.stats import rankdata

# What columns are called.
RANDOM, TPE, CMAES, GP, SMAC, BEFORE, AFTER = "random", "tpe", "cmaes", "gp", "smac", "before", "after"
# What the others need.
PEERS = {TPE: ("optuna",), GP: ("optuna", "torch"), SMAC: ("smac",)}


class Penalty(float):
    """A number that is told in place of a failure."""


@dataclass(frozen=True)
class Trial:
    """A task as a search meets it.

    Args:
        task: the true values.
        told: from a configuration and a generator to what the evaluation gives: a number, or None where it fails.
        n_evaluations: how many there are.
        n_workers: how many of them are under way at the same time.
    """

    task: Task
    told: Callable[[Configuration, np.random.Generator], float | None]
    n_evaluations: int = 60
    n_workers: int = 1


@dataclass(frozen=True)
class Column:
    """One way to search.

    Args:
        name: in the table.
        options: of CBO.
        source: the `src` of the code that is run; this one's if empty.
        tells_failures: tell failures in place of penalties.
    """

    name: str
    options: dict[str, Any] = field(default_factory=dict)
    source: str = ""
    tells_failures: bool = False


class Failing(Ours):
    """CBO that is told of failures."""

    def tell(self, trial: Any, value: float | None) -> None:
        super().tell(trial, "F_failed" if value is None else value)


class Sampler(Optuna):
    """One of Optuna's, which is told of failures."""

    def __init__(self, task: Task, seed: int, name: str, **options: Any):
        warnings.filterwarnings("ignore", module="optuna")
        super().__init__(task, seed, lambda samplers, seed: getattr(samplers, name)(seed=seed, **options))

    def tell(self, trial: Any, value: float | None) -> None:
        import optuna

        failed = optuna.trial.TrialState.FAIL
        self.study.tell(trial, value) if value is not None else self.study.tell(trial, state=failed)


class Random:
    def __init__(self, task: Task, seed: int):
        self.task, self.rng = task, np.random.default_rng([seed, 7])

    def ask(self) -> tuple[Any, dict[str, Any]]:
        return None, self.task.sample(self.rng)

    def tell(self, trial: Any, value: float | None) -> None:
        pass


def optimizer(column: Column, trial: Trial, seed: int) -> Any:
    if column.name == RANDOM:
        return Random(trial.task, seed)
    if column.name == TPE:
        options = {"multivariate": True, "group": True, "constant_liar": trial.n_workers > 1}
        return Sampler(trial.task, seed, "TPESampler", **options)
    if column.name == CMAES:
        return Sampler(trial.task, seed, "CmaEsSampler")
    if column.name == GP:
        return Sampler(trial.task, seed, "GPSampler")
    if column.name == SMAC:
        return Smac(trial.task, seed, trial.n_evaluations)
    return Failing(trial.task, seed, **column.options)


def regrets(column: Column, trial: Trial, seed: int) -> tuple[np.ndarray, float, float]:
    """The smallest regret after every evaluation, (n,), CPU milliseconds of an ask and a tell, share of failures."""
    rng, errors = np.random.default_rng([seed, 1]), np.random.default_rng([seed, 2])
    search = optimizer(column, trial, seed)
    running: list[tuple[float, int, Any, dict[str, Any]]] = []
    best, now, n_started, n_failed, cpu_s, found = -np.inf, 0.0, 0, 0, 0.0, []
    while len(found) < trial.n_evaluations:
        while len(running) < trial.n_workers and n_started < trial.n_evaluations:
            begin = time.process_time()
            key, configuration = search.ask()
            cpu_s += time.process_time() - begin
            heapq.heappush(running, (now + rng.lognormal(0.0, 0.5), n_started, key, configuration))
            n_started += 1
        now, _, key, configuration = heapq.heappop(running)
        told = trial.told(configuration, errors)
        is_penalty = isinstance(told, Penalty)
        begin = time.process_time()
        search.tell(key, None if told is None or (is_penalty and column.tells_failures) else float(told))
        cpu_s += time.process_time() - begin
        if told is not None and not is_penalty:
            best = max(best, told)
        n_failed += told is None or is_penalty
        found.append(trial.task.regret(best))
    return np.array(found), 1e3 * cpu_s / trial.n_evaluations, n_failed / trial.n_evaluations


# What a process runs; functions like these cannot be sent to it.
_trials: dict[str, Callable[[int], Trial]] = {}


def use(source: str, trials: dict[str, Callable[[int], Trial]]) -> None:
    """Let this process import the code of another source tree, and run these."""
    if source:
        sys.path.insert(0, source)
    _trials.update(trials)


def run(job: tuple[Column, str, int]) -> tuple[np.ndarray, float, float]:
    column, name, seed = job
    return regrets(column, _trials[name](seed), seed)


Results = dict[tuple[str, str], np.ndarray]


def measured(
    trials: dict[str, Callable[[int], Trial]],
    columns: Sequence[Column],
    names: Sequence[str],
    seeds: range,
    n_cores: int,
) -> tuple[Results, dict[str, str]]:
    """Regrets by column and task, (seeds, n), and what else there is to say of every column."""
    results: Results = {}
    remarks: dict[str, str] = {}
    fork = multiprocessing.get_context("fork")
    for column in columns:
        jobs = [(column, name, seed) for name, seed in product(names, seeds)]
        with ProcessPoolExecutor(n_cores, fork, use, (column.source, trials)) as pool:
            found = list(pool.map(run, jobs))
        for k, name in enumerate(names):
            of_task = found[k * len(seeds) : (k + 1) * len(seeds)]
            results[column.name, name] = np.array([regret for regret, _, _ in of_task])
        cpu_ms, failed = np.array([run[1:] for run in found]).T
        remarks[column.name] = (
            f"{np.median(cpu_ms):.1f} ms of CPU for one ask and tell, {failed.mean():.2f} have failed"
        )
        print(f"{column.name} done", file=sys.stderr, flush=True)
    return results, remarks


def table(results: Results, columns: Sequence[str], names: Sequence[str], at: int | None, floor: float) -> str:
    """Markdown: the median regret of every task after so many evaluations, the smallest in bold."""
    lines = ["| median regret | " + " | ".join(columns) + " |", "|---|" + "---|" * len(columns)]
    for name in names:
        medians = [np.median(np.maximum(results[column, name][:, _place(at)], floor)) for column in columns]
        cells = [f"**{value:.1e}**" if value == min(medians) else f"{value:.1e}" for value in medians]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    ranks = mean_ranks(results, columns, names, at, floor)
    return "\n".join([*lines, "| **mean rank** | " + " | ".join(f"{rank:.2f}" for rank in ranks) + " |"])


def mean_ranks(
    results: Results, columns: Sequence[str], names: Sequence[str], at: int | None, floor: float
) -> np.ndarray:
    """Of the medians of all tasks, (columns,), 1 for the smallest; equal ones share their ranks."""
    medians = [[np.median(np.maximum(results[c, name][:, _place(at)], floor)) for c in columns] for name in names]
    return rankdata(medians, axis=1).mean(axis=0)


def paired(results: Results, column: str, other: str, names: Sequence[str], at: int | None, floor: float) -> str:
    """The difference of log10 regret, with its standard error over runs, and how many runs are better and worse."""
    logs = [
        np.concatenate([np.log10(np.maximum(results[c, name][:, _place(at)], floor)) for name in names])
        for c in (column, other)
    ]
    difference = logs[0] - logs[1]
    error = difference.std(ddof=1) / np.sqrt(len(difference))
    better, worse = int((difference < -0.05).sum()), int((difference > 0.05).sum())
    counts = f"{better} better, {worse} worse of {len(difference)}"
    return f"{column} - {other}: {difference.mean():+.2f} +- {error:.2f} ({counts})"


def _place(at: int | None) -> int:
    return -1 if at is None else at - 1


def arguments(description: str | None, names: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", default="", help="the `src` folder of older code")
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--tasks", default="", help="names, or beginnings of names, separated by commas")
    parser.add_argument("--only", default="", help="columns, separated by commas")
    parser.add_argument("--at", type=int, help="after so many evaluations; at the end by default")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    args = parser.parse_args()
    wanted = args.tasks.split(",")
    args.names = [name for name in names if any(name.startswith(beginning) for beginning in wanted)]
    args.before = str(Path(args.before).resolve()) if args.before else ""
    return args


def columns_of(args: argparse.Namespace, further: Sequence[Column] = ()) -> list[Column]:
    """All columns that can be measured here."""
    older = [Column(BEFORE, source=args.before)] if args.before else []
    peers = [Column(name) for name, packages in PEERS.items() if is_installed(packages)]
    columns = [*older, Column(AFTER), *further, *peers, Column(RANDOM)]
    return [column for column in columns if not args.only or column.name in args.only.split(",")]


def absent(args: argparse.Namespace) -> str:
    """Words for the peers that are wanted and not installed."""
    wanted = args.only.split(",") if args.only else list(PEERS)
    names = [name for name, packages in PEERS.items() if name in wanted and not is_installed(packages)]
    return f"; not installed: {', '.join(names)}" if names else ""


def report(
    trials: dict[str, Callable[[int], Trial]], args: argparse.Namespace, columns: list[Column], floor: float
) -> Results:
    """Measure, and print the table and the paired differences to what this code finds."""
    seeds = range(args.first_seed, args.first_seed + args.seeds)
    results, remarks = measured(trials, columns, args.names, seeds, args.processes)
    shown = [column.name for column in columns]
    print(f"{args.seeds} seeds from {args.first_seed}, {time.strftime('%Y-%m-%d')}{absent(args)}\n")
    print(table(results, shown, args.names, args.at, floor), end="\n\n")
    for name in shown:
        if name != AFTER and AFTER in shown:
            print(paired(results, AFTER, name, args.names, args.at, floor))
    print("\n".join(f"{name}: {remark}" for name, remark in remarks.items()))
    return results
