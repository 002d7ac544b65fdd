"""Compare the values that CBO and other optimizers find in the same number of evaluations.

    python benchmarks/compare.py                        # one evaluation after the other, 100 of them, 5 seeds
    python benchmarks/compare.py --workers 8 --evaluations 200
    python benchmarks/compare.py --noise 0.2            # results are noisy; regrets are those of true values
    python benchmarks/compare.py --only cbo,random --tasks ackley-4,levy-8

CBO runs with its defaults. The others are Optuna's samplers (pip install optuna cmaes; its GP needs torch as well),
SMAC (pip install smac) and random search. What is not installed is named and left out. With several workers, evaluation
times are drawn (log-normal, sigma 0.5) and pass on a virtual clock; a worker asks as soon as it is free. Regrets below
1e-6 count as 1e-6. Under noise there are two tables: the best true value among all that were evaluated, which nobody
knows, and the true value of what each recommends in the end: the best observed one, as every optimizer does, and for
CBO also the evaluated one of which its model believes most.
"""

from __future__ import annotations

import argparse
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import heapq
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from itertools import product
from pathlib import Path
from typing import Any, Protocol

import ConfigSpace as CS
import numpy as np
from functions import TASKS, Choice, Task

FLOOR = 1e-6
# How CBO recommends beside what was observed to be the best.
BELIEVED = "believed"


class Optimizer(Protocol):
    """Asks and tells; several trials may be open at once."""

    def ask(self) -> tuple[Any, dict[str, Any]]: ...

    def tell(self, trial: Any, value: float) -> None: ...

    def recommended(self) -> dict[str, Mapping[str, Any]]:
        """What it would use in the end, by ways to choose; "" is the best one observed."""


def problem_of(task: Task) -> Any:
    """The space of a task, as CBO takes it."""
    from deephyper.hpo import HpProblem

    problem = HpProblem()
    for part in task.space:
        if isinstance(part, Choice):
            problem.add_hyperparameter(list(part.choices), part.name)
        else:
            kind = int if part.is_integer else float
            bounds = (kind(part.low), kind(part.high))
            problem.add_hyperparameter((*bounds, "log-uniform") if part.is_log else bounds, part.name)
    for child, (parent, choice) in task.parents.items():
        problem.add_condition(CS.EqualsCondition(problem.space[child], problem.space[parent], choice))
    return problem


class Ours:
    """CBO, by default with its defaults."""

    def __init__(self, task: Task, seed: int, **options: Any):
        from deephyper.hpo import CBO

        folder = tempfile.mkdtemp()
        self.search = CBO(
            problem_of(task), random_state=seed, log_dir=folder, checkpoint_history_to_csv=False, **options
        )

    def ask(self) -> tuple[Any, dict[str, Any]]:
        (configuration,) = self.search.ask()
        return configuration, configuration

    def tell(self, trial: Any, value: float) -> None:
        self.search.tell([(trial, value)])

    def recommended(self) -> dict[str, Mapping[str, Any]]:
        results = self.search.history
        place = self.search.believed(results)["mean"].argmax()
        return {"": results.best_parameters, BELIEVED: results.configurations[place]}


class Random:
    """Independent draws."""

    def __init__(self, task: Task, seed: int):
        self.task, self.rng = task, np.random.default_rng(seed)
        self.best: tuple[float, Mapping[str, Any]] = (-np.inf, {})

    def ask(self) -> tuple[Any, dict[str, Any]]:
        configuration = self.task.sample(self.rng)
        return configuration, configuration

    def tell(self, trial: Any, value: float) -> None:
        self.best = max(self.best, (value, trial), key=lambda pair: pair[0])

    def recommended(self) -> dict[str, Mapping[str, Any]]:
        return {"": self.best[1]}


class Optuna:
    """One of Optuna's samplers."""

    def __init__(self, task: Task, seed: int, sampler: Callable[[Any, int], Any]):
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self.task, self.study = task, optuna.create_study(direction="maximize", sampler=sampler(optuna.samplers, seed))

    def ask(self) -> tuple[Any, dict[str, Any]]:
        trial, configuration = self.study.ask(), {}
        for part in self.task.space:
            parent = self.task.parents.get(part.name)
            if parent is not None and configuration.get(parent[0]) != parent[1]:
                continue
            if isinstance(part, Choice):
                configuration[part.name] = trial.suggest_categorical(part.name, part.choices)
            else:
                suggest = trial.suggest_int if part.is_integer else trial.suggest_float
                configuration[part.name] = suggest(part.name, part.low, part.high, log=part.is_log)
        return trial, configuration

    def tell(self, trial: Any, value: float) -> None:
        self.study.tell(trial, value)

    def recommended(self) -> dict[str, Mapping[str, Any]]:
        return {"": self.study.best_params}


class Smac:
    """SMAC's facade for hyperparameters with its defaults: a random forest.

    Its forest takes no failure without a cost, so a failure costs as much as the worst value so far.
    """

    def __init__(self, task: Task, seed: int, n_evaluations: int, is_noisy: bool = False):
        import smac

        space, folder = problem_of(task).space, Path(tempfile.mkdtemp())
        space.seed(seed)
        scenario = smac.Scenario(
            space, output_directory=folder, deterministic=not is_noisy, n_trials=n_evaluations, seed=seed
        )
        facade = smac.HyperparameterOptimizationFacade
        self.search, self.worst = facade(scenario, _never_called, overwrite=True, logging_level=False), 0.0

    def ask(self) -> tuple[Any, dict[str, Any]]:
        trial = self.search.ask()
        return trial, dict(trial.config)

    def tell(self, trial: Any, value: float | None) -> None:
        from smac.runhistory import StatusType, TrialValue

        self.worst = self.worst if value is None else max(self.worst, -value)
        status = StatusType.CRASHED if value is None else StatusType.SUCCESS
        self.search.tell(trial, TrialValue(cost=self.worst if value is None else -value, status=status), save=False)

    def recommended(self) -> dict[str, Mapping[str, Any]]:
        return {"": dict(self.search.intensifier.get_incumbent())}


def _never_called(configuration: Any, seed: int = 0) -> float:
    """SMAC wants a function, although one asks and tells."""
    return 0.0


def optimizers(
    n_workers: int, n_evaluations: int, is_noisy: bool = False
) -> dict[str, tuple[tuple[str, ...], Callable[[Task, int], Optimizer]]]:
    """By name: the packages that it needs, and how it is made."""

    def optuna(sampler: Callable[[Any, int], Any]) -> Callable[[Task, int], Optimizer]:
        return lambda task, seed: Optuna(task, seed, sampler)

    is_parallel = n_workers > 1
    return {
        "cbo": (("deephyper",), Ours),
        "optuna-tpe": (("optuna",), optuna(lambda s, seed: s.TPESampler(seed=seed, constant_liar=is_parallel))),
        "optuna-tpe-group": (
            ("optuna",),
            optuna(lambda s, seed: s.TPESampler(seed=seed, multivariate=True, group=True, constant_liar=is_parallel)),
        ),
        "optuna-gp": (
            ("optuna", "torch"),
            optuna(lambda s, seed: s.GPSampler(seed=seed, deterministic_objective=not is_noisy)),
        ),
        "optuna-cmaes": (("optuna", "cmaes"), optuna(lambda s, seed: s.CmaEsSampler(seed=seed))),
        "smac": (("smac",), partial(Smac, n_evaluations=n_evaluations, is_noisy=is_noisy)),
        "random": ((), Random),
    }


def run(job: tuple[str, str, int, int, int, float]) -> tuple[np.ndarray, float, dict[str, float]]:
    """One run.

    Returns:
        The best regret after each evaluation, in order of completion; CPU milliseconds of one ask and one tell; and the
        regret of what is recommended in the end, by ways to choose.
    """
    import warnings

    warnings.filterwarnings("ignore", module="optuna")
    name, task_name, seed, n_evaluations, n_workers, noise = job
    task, durations, errors = TASKS[task_name](seed), np.random.default_rng(seed), np.random.default_rng([seed, 1])
    optimizer = optimizers(n_workers, n_evaluations, noise > 0.0)[name][1](task, seed)
    running: list[tuple[float, int, Any, dict[str, Any]]] = []
    regrets, best, now, n_started, cpu_s = [], -np.inf, 0.0, 0, 0.0
    while len(regrets) < n_evaluations:
        while len(running) < n_workers and n_started < n_evaluations:
            begin = time.process_time()
            trial, configuration = optimizer.ask()
            cpu_s += time.process_time() - begin
            heapq.heappush(running, (now + durations.lognormal(-0.125, 0.5), n_started, trial, configuration))
            n_started += 1
        now, _, trial, configuration = heapq.heappop(running)
        value = task.function(configuration)
        told = value + noise * (task.best - task.typical) * errors.standard_normal()
        begin = time.process_time()
        optimizer.tell(trial, told)
        cpu_s += time.process_time() - begin
        best = max(best, value)
        regrets.append(max(task.regret(best), FLOOR))
    recommended = {
        way: max(task.regret(task.function(configuration)), FLOOR)
        for way, configuration in optimizer.recommended().items()
    }
    return np.array(regrets), 1e3 * cpu_s / n_evaluations, recommended


def is_installed(packages: tuple[str, ...]) -> bool:
    try:
        return all(version(package) for package in packages)
    except PackageNotFoundError:
        return False


def table(what: str, names: list[str], tasks: list[str], regrets: dict[tuple[str, str], np.ndarray]) -> str:
    """Markdown: the median regret of every task, the best in bold, then the mean rank."""
    medians = np.array([[np.median(regrets[name, task]) for name in names] for task in tasks])
    ranks = np.array([[np.sum(row < value) + (np.sum(row == value) + 1) / 2 for value in row] for row in medians])
    lines = [f"| {what} | " + " | ".join(names) + " |", "|---|" + "---|" * len(names)]
    for task, row in zip(tasks, medians, strict=True):
        cells = [f"**{value:.1e}**" if value == row.min() else f"{value:.1e}" for value in row]
        lines.append(f"| {task} | " + " | ".join(cells) + " |")
    lines.append("| **mean rank** | " + " | ".join(f"{rank:.2f}" for rank in ranks.mean(axis=0)) + " |")
    return "\n".join(lines)


Runs = dict[tuple[str, str, int], tuple[np.ndarray, float, dict[str, float]]]


def recommended_table(names: list[str], tasks: list[str], seeds: range, results: Runs) -> str:
    """The same of what is recommended; CBO has one column for each of its ways."""
    ways = {n: list(results[n, tasks[0], seeds[0]][2]) for n in names}
    regrets = {
        (f"{n}, {way}" if way else n, task): np.array([results[n, task, seed][2][way] for seed in seeds])
        for n, task in product(names, tasks)
        for way in ways[n]
    }
    columns = list(dict.fromkeys(column for column, _ in regrets))
    lines = [table("median regret of what is recommended", columns, tasks, regrets)]
    for name, way in ((n, way) for n in names for way in ways[n] if way):
        logs = [np.log10(np.concatenate([regrets[c, task] for task in tasks])) for c in (f"{name}, {way}", name)]
        difference = logs[0] - logs[1]
        error = difference.std(ddof=1) / np.sqrt(len(difference))
        lines.append(
            f"\n{name}, {way} - {name}: {difference.mean():+.2f} ± {error:.2f} decades in {len(difference)} runs"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--evaluations", type=int, default=100)
    parser.add_argument("--workers", type=int, default=1, help="virtual workers")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--noise", type=float, default=0.0, help="standard deviation, as a share of best - typical")
    parser.add_argument("--only", help="comma-separated optimizers")
    parser.add_argument("--tasks", default=",".join(TASKS), help="comma-separated tasks")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    args = parser.parse_args()
    known = optimizers(args.workers, args.evaluations)
    wanted = args.only.split(",") if args.only else list(known)
    names, tasks = [name for name in wanted if is_installed(known[name][0])], args.tasks.split(",")
    left_out = sorted(set(wanted) - set(names))
    seeds = range(args.first_seed, args.first_seed + args.seeds)
    jobs = [(n, t, s, args.evaluations, args.workers, args.noise) for n, t, s in product(names, tasks, seeds)]
    results: Runs = {}
    with ProcessPoolExecutor(args.processes) as pool:
        for k, (job, result) in enumerate(zip(jobs, pool.map(run, jobs), strict=True), 1):
            results[job[:3]] = result
            print(f"\r{k} of {len(jobs)} runs", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    regrets = {(n, t): np.array([results[n, t, s][0][-1] for s in seeds]) for n, t in product(names, tasks)}
    cpu_ms = [float(np.median([results[n, t, s][1] for t, s in product(tasks, seeds)])) for n in names]
    packages = [p for p in ("deephyper", "optuna", "cmaes", "torch", "smac", "numpy", "scipy") if is_installed((p,))]
    noise = f"noise of {args.noise:g}, " if args.noise else ""
    print(f"{args.evaluations} evaluations, {args.workers} worker(s), {noise}{args.seeds} seeds,", end=" ")
    print(f"{time.strftime('%Y-%m-%d')};", end=" ")
    print(
        ", ".join(f"{p} {version(p)}" for p in packages)
        + (f"; not installed: {', '.join(left_out)}" if left_out else "")
    )
    print("\n" + table("median regret", names, tasks, regrets))
    print("| CPU of one ask and tell, ms | " + " | ".join(f"{cost:.1f}" for cost in cpu_ms) + " |")
    if args.noise:
        print("\n" + recommended_table(names, tasks, seeds, results))


if __name__ == "__main__":
    main()
