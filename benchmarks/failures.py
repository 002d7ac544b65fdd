"""Compare what is found where evaluations fail by chance or by region, or return a penalty instead of failing.

    python benchmarks/failures.py --before OLD/src            # all tasks, 6 seeds
    python benchmarks/failures.py --tasks chance,region --seeds 10 --first-seed 100

The columns are the code of OLD/src, this code, this code with `filter_failures="ignore"`, this code that is told
penalties as failures ("F_x"), Optuna's TPE if it is installed, and random search. A task is named after what goes
wrong, how often, and the function. The optimum is never in a region that fails; regrets below 1e-9 count as 1e-9.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
from against import Column, Penalty, Trial, arguments, columns_of, report
from functions import Choice, Configuration, Number, Task

FLOOR = 1e-9
Region = Callable[[np.ndarray], bool]


def box(d: int) -> tuple[Number, ...]:
    return tuple(Number(f"x{i}", 0.0, 1.0) for i in range(d))


def cells(configuration: Configuration) -> np.ndarray:
    return np.array([value for name, value in sorted(configuration.items()) if name.startswith("x")])


def bowl(d: int, stretch: float, seed: int) -> tuple[Task, np.ndarray]:
    """A bowl whose axes differ by a factor, and where it has its best value, 0."""
    top = np.random.default_rng([seed, d, 11]).uniform(0.2, 0.8, d)
    weights = stretch ** (np.arange(d) / max(d - 1, 1))

    def function(configuration: Configuration) -> float:
        return -float(weights @ np.square(cells(configuration) - top))

    return Task("", box(d), function, 0.0, -1.0, {}), top


def waves(d: int, seed: int) -> tuple[Task, np.ndarray]:
    """A bowl with waves, so that there are several local bests."""
    top = np.random.default_rng([seed, d, 12]).uniform(0.2, 0.8, d)

    def function(configuration: Configuration) -> float:
        x = cells(configuration) - top
        return -float(np.sum(2.0 * x**2 + 0.15 * (1.0 - np.cos(5.0 * np.pi * x))))

    return Task("", box(d), function, 0.0, -1.0, {}), top


def with_kinds(seed: int) -> tuple[Task, np.ndarray]:
    """A bowl that lies elsewhere for each of three kinds."""
    rng = np.random.default_rng([seed, 13])
    tops, heights = rng.uniform(0.2, 0.8, (3, 3)), np.array([0.0, -0.1, -0.3])[rng.permutation(3)]

    def function(configuration: Configuration) -> float:
        kind = "abc".index(configuration["kind"])
        return float(heights[kind] - np.square(cells(configuration) - tops[kind]).sum())

    space = (*box(3), Choice("kind", ("a", "b", "c")))
    return Task("", space, function, 0.0, -1.0, {}), tops[int(np.argmax(heights))]


FUNCTIONS = {
    "bowl-3": partial(bowl, 3, 1.0),
    "bowl-4 stretched": partial(bowl, 4, 30.0),
    "waves-2": partial(waves, 2),
    "waves-3": partial(waves, 3),
    "kinds-4": with_kinds,
}


def half(share: float, top: np.ndarray, seed: int) -> Region:
    """A half space of this share of the box, somewhere, but not at the top."""
    rng = np.random.default_rng([seed, 21])
    X = rng.random((4_000, len(top)))
    while True:
        direction = rng.standard_normal(len(top))
        border = float(np.quantile(X @ direction, 1.0 - share))
        if top @ direction < border:
            return lambda x: bool(x @ direction > border)


def strips(share: float, top: np.ndarray, seed: int) -> Region:
    """Stripes that recur four times along the diagonal, the top in the middle between two."""
    width = len(top) / 4.0

    def region(x: np.ndarray) -> bool:
        return bool(abs(np.mod((x - top).sum() / width + 0.5, 1.0) - 0.5) > 0.5 * (1.0 - share))

    return region


def ball(share: float, top: np.ndarray, seed: int) -> Region:
    """Everything but a ball around a place near the top."""
    rng = np.random.default_rng([seed, 22])
    centre = top + 0.1 * rng.standard_normal(len(top)) / np.sqrt(len(top))
    distance = np.linalg.norm(rng.random((4_000, len(top))) - centre, axis=1)
    radius = max(float(np.quantile(distance, 1.0 - share)), float(np.linalg.norm(top - centre)) * 1.05)
    return lambda x: bool(np.linalg.norm(x - centre) > radius)


def chance(function: str, rate: float, n_workers: int, seed: int) -> Trial:
    task, _ = FUNCTIONS[function](seed)

    def told(configuration: Configuration, rng: np.random.Generator) -> float | None:
        return None if rng.random() < rate else task.function(configuration)

    return Trial(task, told, 60 if n_workers == 1 else 100, n_workers)


def at_the_top(function: str, seed: int) -> Trial:
    """The first four evaluations near the top fail by chance."""
    task, _ = FUNCTIONS[function](seed)
    n_failed = 0

    def told(configuration: Configuration, rng: np.random.Generator) -> float | None:
        nonlocal n_failed
        value = task.function(configuration)
        if value > -0.02 and n_failed < 4:
            n_failed += 1
            return None
        return value

    return Trial(task, told)


def border(d: int, seed: int) -> Trial:
    """The better, the nearer to a region that fails: as with the largest batch that still fits."""
    rng = np.random.default_rng([seed, 23])
    limit, slopes = rng.uniform(0.4, 0.7), rng.uniform(0.2, 1.0, d)
    task = Task("", box(d), lambda c: float(slopes @ np.sqrt(cells(c))), 0.0, -1.0, {})
    best = float(slopes[0] * np.sqrt(limit) + slopes[1:].sum())

    def told(configuration: Configuration, rng: np.random.Generator) -> float | None:
        return None if cells(configuration)[0] > limit else task.function(configuration)

    return Trial(replace(task, best=best, typical=best - 1.0), told)


# From a generator and the numbers of a configuration.
Given = Callable[[np.random.Generator, np.ndarray], float | None]


def region(
    function: str,
    where: Callable[[float, np.ndarray, int], Region],
    share: float,
    penalty: Given,
    n_workers: int,
    seed: int,
) -> Trial:
    task, top = FUNCTIONS[function](seed)
    fails = where(share, top, seed)

    def told(configuration: Configuration, rng: np.random.Generator) -> float | None:
        x = cells(configuration)
        return penalty(rng, x) if fails(x) else task.function(configuration)

    return Trial(task, told, 60 if n_workers == 1 else 100, n_workers)


def always(value: float | None) -> Given:
    return lambda rng, x: None if value is None else Penalty(value)


def varying(value: float, spread: float) -> Given:
    return lambda rng, x: Penalty(value + spread * rng.standard_normal())


def one_of(*values: float) -> Given:
    """One number for every kind of failure."""
    return lambda rng, x: Penalty(rng.choice(values))


def falling(value: float, slope: float) -> Given:
    """The lower, the farther out: as a penalty that counts by how much a constraint is violated."""
    return lambda rng, x: Penalty(value - slope * float(np.linalg.norm(x)))


TRIALS: dict[str, Callable[[int], Trial]] = {
    "chance 5 % bowl-3": partial(chance, "bowl-3", 0.05, 1),
    "chance 20 % bowl-3": partial(chance, "bowl-3", 0.2, 1),
    "chance 20 % bowl-4 stretched": partial(chance, "bowl-4 stretched", 0.2, 1),
    "chance 20 % waves-2": partial(chance, "waves-2", 0.2, 1),
    "chance 20 % kinds-4": partial(chance, "kinds-4", 0.2, 1),
    "chance 40 % bowl-3": partial(chance, "bowl-3", 0.4, 1),
    "chance 40 % waves-3": partial(chance, "waves-3", 0.4, 1),
    "chance 20 % bowl-3, 8 workers": partial(chance, "bowl-3", 0.2, 8),
    "chance at the top bowl-3": partial(at_the_top, "bowl-3"),
    "region half 30 % bowl-3": partial(region, "bowl-3", half, 0.3, always(None), 1),
    "region strips 40 % bowl-3": partial(region, "bowl-3", strips, 0.4, always(None), 1),
    "region ball 80 % bowl-4 stretched": partial(region, "bowl-4 stretched", ball, 0.8, always(None), 1),
    "region border slope-3": partial(border, 3),
    "region half 30 % waves-2": partial(region, "waves-2", half, 0.3, always(None), 1),
    "penalty -1 half 5 % bowl-3": partial(region, "bowl-3", half, 0.05, always(-1.0), 1),
    "penalty -1 half 30 % bowl-3": partial(region, "bowl-3", half, 0.3, always(-1.0), 1),
    "penalty -1 strips 50 % bowl-3": partial(region, "bowl-3", strips, 0.5, always(-1.0), 1),
    "penalty -1e3 strips 30 % waves-2": partial(region, "waves-2", strips, 0.3, always(-1e3), 1),
    "penalty -1e6 half 50 % bowl-4 stretched": partial(region, "bowl-4 stretched", half, 0.5, always(-1e6), 1),
    "penalty -1e6 ball 80 % bowl-3": partial(region, "bowl-3", ball, 0.8, always(-1e6), 1),
    "penalty -1.797e308 half 30 % bowl-3": partial(region, "bowl-3", half, 0.3, always(-1.797e308), 1),
    "penalty -0.4 half 30 % waves-3": partial(region, "waves-3", half, 0.3, always(-0.4), 1),
    "penalty -1 half 30 % kinds-4": partial(region, "kinds-4", half, 0.3, always(-1.0), 1),
    "penalty -1 half 40 % bowl-3, 8 workers": partial(region, "bowl-3", half, 0.4, always(-1.0), 8),
    "varying -1e6 +- 1e3 half 30 % bowl-3": partial(region, "bowl-3", half, 0.3, varying(-1e6, 1e3), 1),
    "varying -1e6 +- 1e5 half 50 % waves-2": partial(region, "waves-2", half, 0.5, varying(-1e6, 1e5), 1),
    "varying -100 +- 1 strips 30 % bowl-3": partial(region, "bowl-3", strips, 0.3, varying(-100.0, 1.0), 1),
    "varying -5 +- 0.1 half 40 % bowl-3": partial(region, "bowl-3", half, 0.4, varying(-5.0, 0.1), 1),
    "varying later -1e3 +- 1e2 ball 80 % bowl-3": partial(region, "bowl-3", ball, 0.8, varying(-1e3, 1e2), 1),
    "varying later -100 - 20 norm half 40 % bowl-4": partial(
        region, "bowl-4 stretched", half, 0.4, falling(-100.0, 20.0), 1
    ),
    "varying later -20 +- 3 strips 40 % waves-2": partial(region, "waves-2", strips, 0.4, varying(-20.0, 3.0), 1),
    "varying later -1e6 +- 1e4 half 40 % kinds-4": partial(region, "kinds-4", half, 0.4, varying(-1e6, 1e4), 1),
    "varying wide -20 +- 3 half 40 % bowl-3": partial(region, "bowl-3", half, 0.4, varying(-20.0, 3.0), 1),
    "varying wide -10 +- 2 strips 40 % bowl-3": partial(region, "bowl-3", strips, 0.4, varying(-10.0, 2.0), 1),
    "varying wide four half 40 % bowl-3": partial(region, "bowl-3", half, 0.4, one_of(-2.0, -10.0, -50.0, -1e3), 1),
    "varying wide later -100 +- 25 half 50 % bowl-4": partial(
        region, "bowl-4 stretched", half, 0.5, varying(-100.0, 25.0), 1
    ),
    "varying wide later three strips 40 % waves-2": partial(
        region, "waves-2", strips, 0.4, one_of(-1.5, -3.0, -1e4), 1
    ),
    "varying wide later four ball 70 % bowl-3": partial(region, "bowl-3", ball, 0.7, one_of(-2.0, -3.0, -4.0, -5.0), 1),
    "varying wide later -12 +- 2 half 40 % waves-3": partial(region, "waves-3", half, 0.4, varying(-12.0, 2.0), 1),
}


def main() -> None:
    args = arguments(__doc__, list(TRIALS))
    further = [
        Column("ignore", {"acq_optimizer_kwargs": {"filter_failures": "ignore"}}),
        Column("F_x", tells_failures=True),
    ]
    report(TRIALS, args, columns_of(args, further), FLOOR)


if __name__ == "__main__":
    main()
