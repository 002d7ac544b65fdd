"""Compare what is found where one of several choices is right, and does not look so at first.

    python benchmarks/choices.py --before OLD/src             # all tasks, 6 seeds
    python benchmarks/choices.py --tasks deceptive --seeds 10 --first-seed 100 --at 50

A branch is a choice with hyperparameters that only it has. On deceptive tasks the best branch is the worst one at a
typical place, and the best one where it is tuned; on easy ones the first impression is right; on plain ones choices
matter little. A run has found the best choice when its regret is below 0.05, which no other choice reaches. Columns:
the code of OLD/src, this code, the other optimizers that are installed (`against.py`), and random search.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from against import Results, Trial, arguments, columns_of, report
from functions import TASKS, Choice, Configuration, Number, Task

FOUND, FLOOR = 0.05, 1e-8


def hill(x: np.ndarray, top: np.ndarray, width: float) -> float:
    """1 at the top, 0 far from it."""
    return float(np.exp(-np.sum(np.square((x - top) / width)) / len(x)))


def heights(n: int, is_deceptive: bool, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The best and the typical value of n choices, the best choice first."""
    tops = np.append(1.0, rng.uniform(0.5, 0.85, n - 1))
    floors = np.append(0.0, rng.uniform(0.3, 0.45, n - 1)) if is_deceptive else tops - rng.uniform(0.5, 0.7, n)
    return tops, floors


def branches(sizes: Sequence[int], width: float, is_deceptive: bool, n_shared: int = 0, seed: int = 0) -> Task:
    """Choices with hyperparameters of their own, and some that all share."""
    rng = np.random.default_rng([seed, 31, len(sizes), n_shared])
    best, typical = heights(len(sizes), is_deceptive, rng)
    tops = [rng.uniform(0.1, 0.9, n_shared + size) for size in sizes]
    names = [f"c{k}" for k in rng.permutation(len(sizes))]
    shared = [f"s{i}" for i in range(n_shared)]
    own = {name: [f"{name}_{i}" for i in range(size)] for name, size in zip(names, sizes, strict=True)}

    def function(c: Configuration) -> float:
        k = names.index(c["kind"])
        x = np.array([c[name] for name in (*shared, *own[c["kind"]])])
        return float(typical[k] + (best[k] - typical[k]) * hill(x, tops[k], width))

    numbers = [Number(name, 0.0, 1.0) for name in (*shared, *(x for name in sorted(own) for x in own[name]))]
    parents = {x: ("kind", name) for name in names for x in own[name]}
    return Task("", (Choice("kind", tuple(sorted(names))), *numbers), function, 1.0, 0.0, parents)


def flat(n: int, d: int, width: float, is_deceptive: bool, seed: int) -> Task:
    """Choices that share all hyperparameters, and want different values of them."""
    return branches([0] * n, width, is_deceptive, d, seed)


def levels(n: int, depth: int, d: int, width: float, seed: int) -> Task:
    """A tree of choices: each wakes the next one, and the last ones have hyperparameters."""
    rng = np.random.default_rng([seed, 32, n, depth])
    paths = [np.unravel_index(k, (n,) * depth) for k in rng.permutation(n**depth)]
    best, typical = heights(len(paths), True, rng)
    tops = rng.uniform(0.1, 0.9, (len(paths), d))
    space: list[Number | Choice] = [Choice("l", tuple("abc"[:n]))]
    parents: dict[str, tuple[str, str]] = {}
    for level in range(1, depth + 1):
        for k in range(n**level):
            letters = "".join("abc"[i] for i in np.unravel_index(k, (n,) * level))
            last = level == depth
            new = (
                [Number(f"x{letters}{i}", 0.0, 1.0) for i in range(d)]
                if last
                else [Choice(f"l{letters}", tuple("abc"[:n]))]
            )
            parents.update({part.name: (f"l{letters[:-1]}", letters[-1]) for part in new})
            space += new

    def function(c: Configuration) -> float:
        letters = ""
        for _ in range(depth):
            letters += c[f"l{letters}"]
        k = paths.index(tuple("abc".index(letter) for letter in letters))
        x = np.array([c[f"x{letters}{i}"] for i in range(d)])
        return float(typical[k] + (best[k] - typical[k]) * hill(x, tops[k], width))

    return Task("", tuple(space), function, 1.0, 0.0, parents)


def learners(seed: int) -> Task:
    """Five made-up learners with rates on a logarithmic scale, whole numbers and nested choices."""
    rng = np.random.default_rng([seed, 33])
    a, b, c, d, e = rng.uniform(0.15, 0.85, 5)
    kernel, boost = rng.integers(3), rng.integers(2)

    def log_share(value: float, low: float, high: float) -> float:
        return float(np.log(value / low) / np.log(high / low))

    def function(z: Configuration) -> float:
        kind = z["learner"]
        if kind == "svm":
            right = "lps".index(z["kernel"]) == kernel
            x = np.array([log_share(z["C"], 1e-3, 1e3) - a, log_share(z["gamma"], 1e-5, 10.0) - b])
            return (1.0 if right else 0.8) * hill(x, np.zeros(2), 0.2)
        if kind == "boosting":
            right = "gd".index(z["booster"]) == boost
            x = np.array([log_share(z["rate"], 1e-3, 1.0) - c, log_share(z["trees"], 10, 1000) - d])
            return 0.3 + (0.6 if right else 0.5) * hill(x, np.zeros(2), 0.5)
        if kind == "forest":
            return 0.7 + 0.1 * hill(np.array([z["depth"] / 30.0 - e]), np.zeros(1), 0.5)
        if kind == "knn":
            return 0.5 + 0.2 * hill(np.array([log_share(z["k"], 1, 100) - a]), np.zeros(1), 0.4)
        return 0.45

    space = (
        Choice("learner", ("svm", "boosting", "forest", "knn", "bayes")),
        Choice("kernel", ("l", "p", "s")),
        Number("C", 1e-3, 1e3, is_log=True),
        Number("gamma", 1e-5, 10.0, is_log=True),
        Choice("booster", ("g", "d")),
        Number("rate", 1e-3, 1.0, is_log=True),
        Number("trees", 10, 1000, is_integer=True, is_log=True),
        Number("depth", 1, 30, is_integer=True),
        Number("k", 1, 100, is_integer=True, is_log=True),
    )
    of = {
        "svm": ("kernel", "C", "gamma"),
        "boosting": ("booster", "rate", "trees"),
        "forest": ("depth",),
        "knn": ("k",),
    }
    return Task("", space, function, 1.0, 0.0, {x: ("learner", kind) for kind, names in of.items() for x in names})


def little(seed: int) -> Task:
    """A training in which four choices shift the value a little, and ten numbers decide, two of them conditional."""
    rng = np.random.default_rng([seed, 34])
    top, shifts = rng.uniform(0.2, 0.8, 10), rng.uniform(0.0, 0.05, (4, 3))
    weights = 2.0 ** -np.arange(10.0)

    def function(c: Configuration) -> float:
        x = np.array([c.get(f"x{i}", top[i] + 0.3) for i in range(10)])
        loss = float(weights @ np.square(x - top)) + sum(shifts[j]["abc".index(c[f"k{j}"])] for j in range(4))
        return float(shifts.min(axis=1).sum() - loss)

    space = (*(Choice(f"k{j}", ("a", "b", "c")) for j in range(4)), *(Number(f"x{i}", 0.0, 1.0) for i in range(10)))
    return Task("", space, function, 0.0, -1.0, {"x8": ("k0", "b"), "x9": ("k1", "c")})


def trial(task: Callable[[int], Task], n: int, seed: int, rate: float = 0.0, n_workers: int = 1) -> Trial:
    made = task(seed)

    def told(configuration: Configuration, rng: np.random.Generator) -> float | None:
        return None if rng.random() < rate else made.function(configuration)

    return Trial(made, told, n, n_workers)


def _branches(
    sizes: Sequence[int], width: float, is_deceptive: bool = True, n_shared: int = 0
) -> Callable[[int], Task]:
    return lambda seed: branches(sizes, width, is_deceptive, n_shared, seed)


_TASKS: dict[str, Callable[[int], Task]] = {
    "deceptive 6 x 2": _branches([2] * 6, 0.35),
    "deceptive 4 x 2-4": _branches([3, 2, 3, 4], 0.4),
    "deceptive 8 x 2, narrow": _branches([2] * 8, 0.25),
    "deceptive 10 x 1-3": _branches([2, 1, 2, 3, 1, 2, 3, 1, 2, 2], 0.35),
    "deceptive 3, 2 shared + 2 own": _branches([2] * 3, 0.35, n_shared=2),
    "deceptive flat 5 x 3": partial(flat, 5, 3, 0.35, True),
    "deceptive two levels 3 x 3 x 2": partial(levels, 3, 2, 2, 0.3),
    "deceptive three levels 2 x 2 x 2 x 2": partial(levels, 2, 3, 2, 0.3),
    "deceptive learners": learners,
    "easy 6 x 2": _branches([2] * 6, 0.5, is_deceptive=False),
    "easy 4 x 3": _branches([3] * 4, 0.6, is_deceptive=False),
    "easy flat 12 x 4": partial(flat, 12, 4, 0.6, False),
    "plain 4 choices, 10 numbers": little,
    "plain training-8": TASKS["training-8 (mixed)"],
}
TRIALS: dict[str, Callable[[int], Trial]] = {
    **{name: partial(lambda task, seed: trial(task, 100, seed), task) for name, task in _TASKS.items()},
    "failing 4 x 2-3, 20 % by chance": lambda seed: trial(_branches([2, 3, 2, 3], 0.35), 100, seed, rate=0.2),
    "parallel 6 x 2, 8 workers": lambda seed: trial(_branches([2] * 6, 0.35), 150, seed, n_workers=8),
}


def found(results: Results, columns: Sequence[str], names: Sequence[str], at: int | None) -> str:
    """In which share of the runs the best choice was found; easy and plain tasks do not count."""
    counted = [name for name in names if not name.startswith(("easy", "plain"))]
    place = -1 if at is None else at - 1
    shares = [np.mean([results[c, n][:, place] < FOUND for n in counted]) if counted else np.nan for c in columns]
    return "found: " + ", ".join(f"{column} {share:.2f}" for column, share in zip(columns, shares, strict=True))


def main() -> None:
    args = arguments(__doc__, list(TRIALS))
    columns = columns_of(args)
    results = report(TRIALS, args, columns, FLOOR)
    for at in (25, 50, args.at):
        print(f"after {at or 'all'}: " + found(results, [column.name for column in columns], args.names, at))


if __name__ == "__main__":
    main()
