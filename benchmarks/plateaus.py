"""Compare how soon a search leaves a plateau: a part of the box where all values are equal, and better ones lie beside.

    python benchmarks/plateaus.py --before OLD/src                 # the tasks on which choices were made, 6 seeds
    python benchmarks/plateaus.py --tasks later --seeds 10 --first-seed 100

The columns are the code of OLD/src, this code, Optuna's TPE if it is installed, and random search. Regret is counted in
units of the distance from the plateau to the best value: 1 on the plateau, 0 at the best. A run has left the plateau
when it has found anything better. Tasks whose name begins with "later" were looked at once, after all choices.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from against import Results, Trial, arguments, columns_of, report
from functions import Choice, Configuration, Number, Task

FLOOR = 1e-6
Function = Callable[[Configuration], float]


def box(d: int) -> tuple[Number, ...]:
    return tuple(Number(f"x{i}", 0.0, 1.0) for i in range(d))


def cells(configuration: Configuration) -> np.ndarray:
    return np.array([value for name, value in sorted(configuration.items()) if name.startswith("x")])


def trial(space: tuple[Number | Choice, ...], function: Function, best: float, plateau: float, n: int = 40) -> Trial:
    task = Task("", space, function, best, plateau, {})
    return Trial(task, lambda configuration, rng: function(configuration), n)


def place(d: int, seed: int, low: float = 0.15, high: float = 0.85) -> np.ndarray:
    return np.random.default_rng([seed, d, 31]).uniform(low, high, d)


def bowl(x: np.ndarray, top: np.ndarray) -> float:
    """1 at the top, about 0 where a coordinate is half of the box away."""
    return 1.0 - 4.0 * float(np.square(x - top).sum())


def kinds(d: int, typical: float, seed: int) -> Trial:
    """'a' is constant; 'b' is a slope whose typical value is below it, and whose end is above."""
    signs = np.random.default_rng([seed, 32]).choice([-1.0, 1.0], d)

    def function(c: Configuration) -> float:
        if c["kind"] == "a":
            return 0.0
        return typical + (1.0 - typical) * 2.0 * float(np.mean(signs * (cells(c) - 0.5)))

    return trial((*box(d), Choice("kind", ("a", "b"))), function, 1.0, 0.0)


def half(d: int, depth: float, seed: int) -> Trial:
    """One half of the box is flat; in the other a bowl's top rises above the flat one and the rest lies below."""
    top = place(d, seed)
    top[0] = 0.65 + 0.3 * top[0]

    def function(c: Configuration) -> float:
        x = cells(c)
        return 0.0 if x[0] < 0.5 else 1.0 - depth * 4.0 * float(np.square(x - top).sum())

    return trial(box(d), function, 1.0, 0.0)


def hill(d: int, share: float, seed: int) -> Trial:
    """All is flat but a bowl's top, with this share of the volume."""
    rng, top = np.random.default_rng([seed, 33]), place(d, seed)
    radius = float(np.quantile(np.linalg.norm(rng.random((20_000, d)) - top, axis=1), share))

    def function(c: Configuration) -> float:
        return max(0.0, 1.0 - float(np.square((cells(c) - top) / radius).sum()))

    return trial(box(d), function, 1.0, 0.0)


def corner(d: int, share: float, seed: int) -> Trial:
    """All is flat but a corner, where the value grows."""
    signs, width = np.random.default_rng([seed, 34]).integers(0, 2, d), share ** (1.0 / d)

    def function(c: Configuration) -> float:
        distance = np.abs(cells(c) - signs)
        return float(np.prod(np.maximum(0.0, 1.0 - distance / width)))

    return trial(box(d), function, 1.0, 0.0)


def stairs(d: int, n_steps: int, seed: int) -> Trial:
    """A bowl in steps; the highest one is to be reached from the next."""
    top = place(d, seed)

    def function(c: Configuration) -> float:
        return float(np.floor(n_steps * np.exp(bowl(cells(c), top) - 1.0) + 1.0 / (2.0 * n_steps)))

    return trial(box(d), function, float(n_steps), n_steps - 1.0)


def clipped(d: int, share: float, seed: int) -> Trial:
    """A bowl that is cut off at the top: nothing is to be found there but the flat part itself."""
    rng, top = np.random.default_rng([seed, 35]), place(d, seed)
    values = np.array([bowl(x, top) for x in rng.random((4_000, d))])
    height, median = float(np.quantile(values, 1.0 - share)), float(np.median(values))
    return trial(box(d), lambda c: min(height, bowl(cells(c), top)), height, median)


def threshold(d: int, limit: float, seed: int) -> Trial:
    """Flat until one coordinate passes a limit; beyond, the other coordinates decide, mostly for the better."""
    top = place(d, seed)

    def function(c: Configuration) -> float:
        x = cells(c)
        return 0.0 if x[0] < limit else float(np.exp(-4.0 * np.square(x[1:] - top[1:]).sum()))

    return trial(box(d), function, 1.0, 0.0)


def two_flats(d: int, seed: int) -> Trial:
    """Two flat halves; in the lower one a bowl rises above both."""
    top = place(d, seed, 0.3, 0.7)
    top[0] = 0.75

    def function(c: Configuration) -> float:
        x = cells(c)
        return 0.0 if x[0] < 0.5 else max(-0.5, 1.0 - 1.5 * float(np.square((x - top) / 0.25).sum()))

    return trial(box(d), function, 1.0, 0.0)


def accuracies(d: int, n_examples: int, seed: int) -> Trial:
    """Accuracies of few examples: as good as all but one right is the plateau."""
    top = place(d, seed)

    def function(c: Configuration) -> float:
        return float(np.round(n_examples * np.exp(-3.0 * np.square(cells(c) - top).sum())) / n_examples)

    return trial(box(d), function, 1.0, 1.0 - 1.0 / n_examples)


def learning(seed: int) -> Trial:
    """A training that learns nothing with most learning rates, and then guesses: 0.1."""
    rng = np.random.default_rng([seed, 36])
    rate, width, depth = rng.uniform(-3.0, -1.5), rng.uniform(1.5, 2.5), int(rng.integers(2, 6))

    def function(c: Configuration) -> float:
        off = np.log10(c["rate"]) - rate - 0.3 * (np.log10(c["width"]) - width)
        if off > 0.5 or off < -1.5:
            return 0.1
        loss = 0.3 * (off - 0.2) ** 2 + 0.15 * (np.log10(c["width"]) - width) ** 2 + 0.03 * abs(c["depth"] - depth)
        return float(max(0.1, 0.95 - loss - 0.05 * abs(c["dropout"] - 0.3)))

    space = (
        Number("rate", 1e-6, 1e1, is_log=True),
        Number("width", 8, 1024, is_integer=True, is_log=True),
        Number("depth", 1, 8, is_integer=True),
        Number("dropout", 0.0, 0.9),
    )
    return trial(space, function, 0.95, 0.1)


def three_kinds(d: int, seed: int) -> Trial:
    """Two of four kinds are constant; the best one is mostly worse than these, a bowl with a narrow top."""
    rng, top = np.random.default_rng([seed, 37]), place(d, seed)
    names = [str(name) for name in rng.permutation(list("abcd"))]

    def function(c: Configuration) -> float:
        which = names.index(c["kind"])
        if which < 2:
            return (0.0, -0.1)[which]
        return (1.0, -0.2)[which - 2] - 6.0 * float(np.square(cells(c) - top).sum())

    return trial((*box(d), Choice("kind", tuple("abcd"))), function, 1.0, 0.0)


def ridge(d: int, width: float, seed: int) -> Trial:
    """Flat on both sides of an oblique band, and rising along it."""
    rng = np.random.default_rng([seed, 38])
    direction = rng.standard_normal(d)
    direction /= np.linalg.norm(direction)
    centre = float(place(d, seed, 0.3, 0.7) @ direction)
    other = rng.standard_normal(d)
    other -= (other @ direction) * direction
    other /= np.linalg.norm(other)
    X = rng.random((20_000, d))
    reach = X[np.abs(X @ direction - centre) < width] @ other
    low, high = float(reach.min()), float(reach.max())

    def function(c: Configuration) -> float:
        x = cells(c)
        side = max(0.0, 1.0 - abs(float(x @ direction) - centre) / width)
        return side * float(np.clip((x @ other - low) / (high - low), 0.0, 1.0))

    return trial(box(d), function, 1.0, 0.0)


TRIALS: dict[str, Callable[[int], Trial]] = {
    "kinds-1+1": partial(kinds, 1, -1.0),
    "kinds-2+1": partial(kinds, 2, -1.0),
    "kinds-3+1, low": partial(kinds, 3, -2.0),
    "half-2": partial(half, 2, 4.0),
    "half-3": partial(half, 3, 2.0),
    "hill-2, 5 %": partial(hill, 2, 0.05),
    "hill-3, 3 %": partial(hill, 3, 0.03),
    "corner-2, 6 %": partial(corner, 2, 0.06),
    "stairs-3, 5": partial(stairs, 3, 5),
    "stairs-2, 8": partial(stairs, 2, 8),
    "threshold-2": partial(threshold, 2, 0.9),
    "threshold-4": partial(threshold, 4, 0.8),
    "two flats-2": partial(two_flats, 2),
    "accuracies-3, 20": partial(accuracies, 3, 20),
    "clipped-2, 30 %": partial(clipped, 2, 0.3),
    "clipped-4, 5 %": partial(clipped, 4, 0.05),
    "later kinds-2+1, near": partial(kinds, 2, -0.5),
    "later four kinds-2+1": partial(three_kinds, 2),
    "later half-4": partial(half, 4, 1.5),
    "later hill-4, 4 %": partial(hill, 4, 0.04),
    "later corner-3, 8 %": partial(corner, 3, 0.08),
    "later stairs-4, 8": partial(stairs, 4, 8),
    "later threshold-6": partial(threshold, 6, 0.85),
    "later two flats-3": partial(two_flats, 3),
    "later learning-4": learning,
    "later ridge-2": partial(ridge, 2, 0.03),
    "later accuracies-5, 12": partial(accuracies, 5, 12),
    "later clipped-3, 15 %": partial(clipped, 3, 0.15),
}


def has_left(results: Results, column: str, name: str) -> np.ndarray:
    """Which runs have found anything better than the plateau."""
    return results[column, name][:, -1] < 1.0 - 1e-9


def left_table(results: Results, columns: Sequence[str], names: Sequence[str]) -> str:
    """Markdown: which share of the runs has left the plateau."""
    lines = ["| have left | " + " | ".join(columns) + " |", "|---|" + "---|" * len(columns)]
    for name in names:
        lines.append(f"| {name} | " + " | ".join(f"{has_left(results, c, name).mean():.2f}" for c in columns) + " |")
    means = [np.mean([has_left(results, c, name).mean() for name in names]) for c in columns]
    lines.append("| mean | " + " | ".join(f"{mean:.2f}" for mean in means) + " |")
    return "\n".join(lines)


def main() -> None:
    args = arguments(__doc__, list(TRIALS))
    if "later" not in "".join(args.tasks):
        args.names = [name for name in args.names if not name.startswith("later")]
    columns = columns_of(args)
    results = report(TRIALS, args, columns, FLOOR)
    print("\n" + left_table(results, [column.name for column in columns], args.names))


if __name__ == "__main__":
    main()
