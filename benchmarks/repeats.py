"""Whether it pays under noise to ask a configuration again, where all hyperparameters are choices or whole numbers.

    python benchmarks/repeats.py                      # 80 evaluations, noise of 0, 0.05, 0.2 and 0.5, 4 seeds
    python benchmarks/repeats.py --noise 0.2 --seeds 10

CBO runs with its defaults, where every configuration is asked once, and with `filter_duplicated=False`. The table has
the mean true regret of the evaluated configuration of which the model believes most. Where all were asked, it ends.
"""

from __future__ import annotations

import argparse
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np
from compare import BELIEVED, Ours
from functions import Choice, Number, Task, with_typical

OPTIONS: dict[str, dict[str, Any]] = {
    "once": {},
    "again": {"acq_optimizer_kwargs": {"filter_duplicated": False}},
}


def two_choices(seed: int) -> Task:
    """200 configurations: two choices that interact a little, and a whole number."""
    rng = np.random.default_rng([seed, 0])
    first, second, together = rng.exponential(size=5), 0.5 * rng.exponential(size=4), 0.2 * rng.exponential(size=(5, 4))
    loss = first[:, None] + second + together
    number = int(rng.integers(2, 9))

    def objective(c: Mapping[str, Any]) -> float:
        return -float(loss[int(c["a"]), int(c["b"])] + 0.04 * (c["n"] - number) ** 2)

    space = (Choice("a", tuple("01234")), Choice("b", tuple("0123")), Number("n", 1, 10, is_integer=True))
    return with_typical("two choices, 200", space, objective, -float(loss.min()), {})


def whole_numbers(seed: int) -> Task:
    """1,000 configurations: three whole numbers, a cone."""
    place = np.random.default_rng([seed, 1]).integers(2, 8, 3)

    def objective(c: Mapping[str, Any]) -> float:
        return -(float(sum((c[f"x{i}"] - place[i]) ** 2 * (1 + i) for i in range(3))) ** 0.5)

    space = tuple(Number(f"x{i}", 0, 9, is_integer=True) for i in range(3))
    return with_typical("whole numbers, 1,000", space, objective, 0.0, {})


def arms(seed: int) -> Task:
    """56 configurations without any order."""
    losses = np.random.default_rng([seed, 2]).exponential(size=(8, 7))
    losses -= losses.min()
    space = (Choice("a", tuple("01234567")), Number("n", 0, 6, is_integer=True))
    return with_typical("without order, 56", space, lambda c: -float(losses[int(c["a"]), c["n"]]), 0.0, {})


def regret(make: Any, options: Mapping[str, Any], noise: float, seed: int, n_evaluations: int) -> float:
    """The true regret of what is recommended."""
    from deephyper.errors import SearchSpaceExhausted

    task, errors = make(seed), np.random.default_rng([seed, 1])
    search = Ours(task, seed, **options)
    for _ in range(n_evaluations):
        try:
            trial, configuration = search.ask()
        except SearchSpaceExhausted:
            break
        error = noise * (task.best - task.typical) * errors.standard_normal()
        search.tell(trial, task.function(configuration) + error)
    return task.regret(task.function(search.recommended()[BELIEVED]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--noise", default="0,0.05,0.2,0.5", help="standard deviations, as shares of best - typical")
    parser.add_argument("--evaluations", type=int, default=80)
    parser.add_argument("--seeds", type=int, default=4)
    args = parser.parse_args()
    print("| noise | task | " + " | ".join(OPTIONS) + " | again is better, worse |")
    print("|---|---|" + "---|" * (len(OPTIONS) + 1))
    for noise, make in product(map(float, args.noise.split(",")), (two_choices, whole_numbers, arms)):
        seeds = range(args.seeds)
        found = np.array([[regret(make, o, noise, s, args.evaluations) for s in seeds] for o in OPTIONS.values()])
        better, worse = int((found[1] < found[0] - 1e-9).sum()), int((found[1] > found[0] + 1e-9).sum())
        means = " | ".join(f"{mean:.3f}" for mean in found.mean(axis=1))
        print(f"| {noise:g} | {make(0).name} | {means} | {better}, {worse} of {args.seeds} |", flush=True)


if __name__ == "__main__":
    main()
