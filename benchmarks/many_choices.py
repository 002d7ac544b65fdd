"""Compare what is found where a categorical has hundreds or thousands of choices of which nothing is known.

    python benchmarks/many_choices.py --before OLD/src             # all tasks, 6 seeds
    python benchmarks/many_choices.py --tasks "bandit 1000" --seeds 10 --first-seed 100 --at 50

Every choice has a worth of its own, drawn at random, so that one choice says nothing about another; beside it there are
some numbers to tune. No search can look at all choices: a good one tries new choices and tunes the numbers. Columns:
the code of OLD/src, this code, Optuna's TPE if it is installed, and random search.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from against import Trial, arguments, columns_of, report
from functions import Choice, Configuration, Number, Task

FLOOR = 1e-6
# From a number of choices and a generator to what each is worth.
Worths = Callable[[int, np.random.Generator], np.ndarray]


def normal(n: int, rng: np.random.Generator) -> np.ndarray:
    return rng.standard_normal(n)


def tailed(n: int, rng: np.random.Generator) -> np.ndarray:
    """Most choices are alike, and a few are much better."""
    return rng.exponential(1.0, n)


def few_good(n: int, rng: np.random.Generator) -> np.ndarray:
    """Nine choices in ten are no good at all."""
    return np.where(rng.random(n) < 0.9, -3.0, rng.standard_normal(n))


def alike(n: int, rng: np.random.Generator) -> np.ndarray:
    """It does not matter."""
    return np.zeros(n)


def small(n: int, rng: np.random.Generator) -> np.ndarray:
    """It matters a little."""
    return rng.uniform(-0.1, 0.1, n)


def even(n: int, rng: np.random.Generator) -> np.ndarray:
    return rng.uniform(-1.7, 1.7, n)


def bandit(sizes: Sequence[int], d: int, worths: Worths, steep: float, n_kinds: int = 1, seed: int = 0) -> Task:
    """The worth of the choices, less a bowl whose bottom depends on the hidden kind of the first choice."""
    rng = np.random.default_rng([seed, 51, len(sizes), d, *sizes])
    own = [worths(k, rng) / np.sqrt(len(sizes)) for k in sizes]
    kinds, bottoms = rng.integers(n_kinds, size=sizes[0]), rng.uniform(0.15, 0.85, (n_kinds, d))
    weights = steep * rng.uniform(0.5, 2.0, d) / max(d, 1)
    choices = [Choice(f"c{j}", tuple(f"v{i}" for i in range(k))) for j, k in enumerate(sizes)]
    index = {f"v{i}": i for i in range(max(sizes))}

    def function(c: Configuration) -> float:
        chosen = [index[c[choice.name]] for choice in choices]
        x = np.array([c[f"x{i}"] for i in range(d)])
        bowl = weights @ np.square(x - bottoms[kinds[chosen[0]]]) if d else 0.0
        return float(sum(worth[k] for worth, k in zip(own, chosen, strict=True)) - bowl)

    best = float(sum(worth.max() for worth in own))
    return Task("", (*choices, *(Number(f"x{i}", 0.0, 1.0) for i in range(d))), function, best, best - 3.0, {})


def half_with(n: int, d: int, seed: int = 0) -> Task:
    """Two ways, one of which has a hyperparameter of very many choices, and is better with the right one."""
    inner = bandit([n], d, normal, 4.0, seed=seed)
    space = (Choice("way", ("a", "b")), *inner.space)

    def function(c: Configuration) -> float:
        return (
            inner.function(c)
            if c["way"] == "a"
            else float(0.5 - 4.0 * np.mean([(c[f"x{i}"] - 0.5) ** 2 for i in range(d)]))
        )

    return Task("", space, function, inner.best, inner.typical, {"c0": ("way", "a")})


_TASKS: dict[str, Callable[[int], Task]] = {
    "bandit 1000, 4 numbers": lambda seed: bandit([1_000], 4, normal, 6.0, seed=seed),
    "tailed 1000, 2 numbers": lambda seed: bandit([1_000], 2, tailed, 6.0, seed=seed),
    "few good of 300, 3 numbers": lambda seed: bandit([300], 3, few_good, 6.0, seed=seed),
    "bandit 10000, 3 numbers": lambda seed: bandit([10_000], 3, normal, 10.0, seed=seed),
    "3 x 300, 2 numbers": lambda seed: bandit([300] * 3, 2, normal, 6.0, seed=seed),
    "5 kinds of 1000, 3 numbers": lambda seed: bandit([1_000], 3, normal, 8.0, 5, seed),
    "half with 1000, 3 numbers": lambda seed: half_with(1_000, 3, seed),
    "alike 1000, 4 numbers": lambda seed: bandit([1_000], 4, alike, 6.0, seed=seed),
    "small 1000, 5 numbers": lambda seed: bandit([1_000], 5, small, 12.0, seed=seed),
    "6 x 150, 2 numbers": lambda seed: bandit([150] * 6, 2, even, 6.0, seed=seed),
    "tailed 500, 6 numbers": lambda seed: bandit([500], 6, tailed, 20.0, seed=seed),
    "10 kinds of 2000, 2 numbers": lambda seed: bandit([2_000], 2, even, 12.0, 10, seed),
    "2 x 1000, no numbers": lambda seed: bandit([1_000] * 2, 0, normal, 0.0, seed=seed),
}


def trial(task: Callable[[int], Task], seed: int) -> Trial:
    made = task(seed)
    return Trial(made, lambda configuration, rng: made.function(configuration), 100)


TRIALS: dict[str, Callable[[int], Trial]] = {name: partial(trial, task) for name, task in _TASKS.items()}


def main() -> None:
    args = arguments(__doc__, list(TRIALS))
    report(TRIALS, args, columns_of(args), FLOOR)


if __name__ == "__main__":
    main()
