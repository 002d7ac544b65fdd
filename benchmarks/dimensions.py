"""Compare what is found where hyperparameters are many: 20, 40 and 60.

    python benchmarks/dimensions.py --before OLD/src              # eight tasks, 400 evaluations, 6 seeds
    python benchmarks/dimensions.py --tasks ackley-20,levy-30 --evaluations 200 --seeds 2 --only before,after

The columns are the code of OLD/src, this code, Optuna's TPE and CMA-ES if they are installed, its Gaussian process if
--only names it (it takes minutes for a run), and random search. A task is a kind (see KINDS) and a number of
hyperparameters, whatever it is. Optima lie at random places of the inner 70 % of the box. A regret of 1 is that of the
median random configuration; regrets below 1e-9 count as 1e-9.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from against import AFTER, BEFORE, CMAES, GP, RANDOM, TPE, Column, Trial, report
from compare import is_installed
from functions import Choice, Configuration, Number, Task, ackley, levy, moved, rosenbrock, styblinski, with_typical

FLOOR = 1e-9
# Where Styblinski-Tang is smallest, in every coordinate.
_STYBLINSKI = -2.903534
TASKS = "ackley-20,rosenbrock-20,ellipsoid-20,mixed-20,levy-40,sparse-40,additive-40,styblinski-60"


def names_of(d: int, first: int = 0) -> list[str]:
    return [f"x{i}" for i in range(first, d)]


def box(d: int) -> tuple[Number, ...]:
    return tuple(Number(name, 0.0, 1.0) for name in names_of(d))


def waves(x: np.ndarray) -> float:
    """A bowl with waves in every coordinate, like Rastrigin's, of which there are fewer."""
    return float(np.sum(2.0 * x**2 + 0.15 * (1.0 - np.cos(5.0 * np.pi * x))))


def ellipsoid(d: int, seed: int) -> Task:
    """A rotated bowl whose axes differ by a factor of 30, and its curvatures by a thousand."""
    rng = np.random.default_rng([seed, d, 31])
    top, axes = rng.uniform(0.15, 0.85, d), np.linalg.qr(rng.standard_normal((d, d)))[0]
    weights, names = 1e3 ** (np.arange(d) / (d - 1)), names_of(d)

    def objective(configuration: Configuration) -> float:
        x = axes @ (np.array([configuration[name] for name in names]) - top)
        return -float(weights @ x**2)

    return with_typical(f"ellipsoid-{d}", box(d), objective, 0.0, {})


def sparse(d: int, n_that_count: int, seed: int) -> Task:
    """Levy's function of a few of many hyperparameters."""
    inner = moved("", levy, -10.0, 10.0, n_that_count, 0.0, 1.0, seed)
    places = np.random.default_rng([seed, d, 32]).permutation(d)[:n_that_count]

    def objective(configuration: Configuration) -> float:
        return inner.function({f"x{i}": 20.0 * configuration[f"x{j}"] - 10.0 for i, j in enumerate(places)})

    return with_typical(f"sparse-{d}", box(d), objective, 0.0, {})


def additive(d: int, seed: int) -> Task:
    """A sum of one function per hyperparameter, each with its own weight, bend and place of the top."""
    rng = np.random.default_rng([seed, d, 33])
    tops, weights, bends = rng.uniform(0.15, 0.85, d), rng.lognormal(0.0, 1.0, d), rng.uniform(0.0, 0.3, d)
    names = names_of(d)

    def objective(configuration: Configuration) -> float:
        x = np.array([configuration[name] for name in names]) - tops
        return -float(weights @ (np.abs(x) ** 1.5 + bends * (1.0 - np.cos(4.0 * np.pi * x))))

    return with_typical(f"additive-{d}", box(d), objective, 0.0, {})


def mixed(d: int, seed: int) -> Task:
    """Half floats, a quarter whole numbers, a quarter choices; neighbouring numbers depend on each other."""
    rng = np.random.default_rng([seed, d, 34])
    n_choices, n_whole = d // 4, d // 4
    n_numbers = d - n_choices
    tops, weights = rng.uniform(0.15, 0.85, n_numbers), rng.lognormal(0.0, 0.7, n_numbers)
    tops[:n_whole] = np.round(tops[:n_whole] * 20) / 20
    kinds = rng.random((n_choices, 4))
    kinds -= kinds.min(axis=1)[:, None]
    numbers, choices = names_of(n_numbers), names_of(d, n_numbers)
    span = np.where(np.arange(n_numbers) < n_whole, 20.0, 1.0)

    def objective(configuration: Configuration) -> float:
        x = np.array([configuration[name] for name in numbers]) / span - tops
        lost = [kinds[k, "abcd".index(configuration[name])] for k, name in enumerate(choices)]
        return -float(weights @ (x + 0.5 * np.roll(x, 1)) ** 2 + 0.3 * np.sum(lost))

    whole = tuple(Number(name, 0, 20, is_integer=True) for name in numbers[:n_whole])
    space = (*whole, *(Number(n, 0.0, 1.0) for n in numbers[n_whole:]), *(Choice(n, tuple("abcd")) for n in choices))
    return with_typical(f"mixed-{d}", space, objective, 0.0, {})


def logs(d: int, seed: int) -> Task:
    """Half rates and a quarter sizes on logarithmic scales, a quarter plain floats; a third of all counts little."""
    rng = np.random.default_rng([seed, d, 35])
    n_rates, n_sizes, names = d // 2, d // 4, names_of(d)
    rates = tuple(Number(name, 1e-5, 1.0, is_log=True) for name in names[:n_rates])
    sizes = tuple(Number(name, 1, 1000, is_integer=True, is_log=True) for name in names[n_rates : n_rates + n_sizes])
    space = (*rates, *sizes, *(Number(name, 0.0, 1.0) for name in names[n_rates + n_sizes :]))
    tops, weights = rng.uniform(0.15, 0.85, d), rng.lognormal(0.0, 0.5, d)
    weights[rng.permutation(d)[: d // 3]] *= 0.01
    for j, part in enumerate(space):
        if part.is_integer:
            tops[j] = np.log(round(part.high ** tops[j])) / np.log(part.high)

    def share(part: Number, value: float) -> float:
        return np.log(value / part.low) / np.log(part.high / part.low) if part.is_log else float(value)

    def objective(configuration: Configuration) -> float:
        x = np.array([share(part, configuration[part.name]) for part in space]) - tops
        return -float(weights @ (x**2 + 0.5 * (x * np.roll(x, 1)) ** 2 + 0.02 * (1.0 - np.cos(6.0 * np.pi * x))))

    return with_typical(f"logs-{d}", space, objective, 0.0, {})


# From a dimension and a seed to a task.
KINDS: dict[str, Callable[[int, int], Task]] = {
    "ackley": lambda d, seed: moved("", ackley, -32.768, 32.768, d, 0.0, 0.0, seed),
    "levy": lambda d, seed: moved("", levy, -10.0, 10.0, d, 0.0, 1.0, seed),
    "waves": lambda d, seed: moved("", waves, -0.5, 0.5, d, 0.0, 0.0, seed),
    "rosenbrock": lambda d, seed: moved("", rosenbrock, -5.0, 10.0, d, 0.0, 1.0, seed),
    "styblinski": lambda d, seed: moved("", styblinski, -5.0, 5.0, d, 0.0, _STYBLINSKI, seed),
    "ellipsoid": ellipsoid,
    "sparse": lambda d, seed: sparse(d, 6, seed),
    "additive": additive,
    "mixed": mixed,
    "logs": logs,
}


def trial(kind: str, d: int, n_evaluations: int, seed: int) -> Trial:
    task = KINDS[kind](d, seed)
    return Trial(task, lambda configuration, rng: task.function(configuration), n_evaluations)


def trials_of(names: list[str], n_evaluations: int) -> dict[str, Callable[[int], Trial]]:
    parts = [name.split("-") for name in names]
    return {f"{kind}-{d}": partial(trial, kind, int(d), n_evaluations) for kind, d in parts}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", default="", help="the `src` folder of older code")
    parser.add_argument("--evaluations", type=int, default=400)
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--tasks", default=TASKS, help=f"a kind and a number: {', '.join(KINDS)}")
    parser.add_argument("--only", default="", help="columns, separated by commas")
    parser.add_argument("--at", type=int, help="after so many evaluations; at the end by default")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    args = parser.parse_args()
    args.names = args.tasks.split(",")
    needed = {BEFORE: (), AFTER: (), TPE: ("optuna",), CMAES: ("optuna", "cmaes"), GP: ("optuna", "torch"), RANDOM: ()}
    wanted = args.only.split(",") if args.only else [name for name in needed if name != GP]
    before = str(Path(args.before).resolve()) if args.before else ""
    columns = [
        Column(name, source=before if name == BEFORE else "")
        for name, packages in needed.items()
        if name in wanted and is_installed(packages) and (name != BEFORE or before)
    ]
    report(trials_of(args.names, args.evaluations), args, columns, FLOOR)


if __name__ == "__main__":
    main()
