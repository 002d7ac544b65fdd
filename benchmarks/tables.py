"""Measure what the table of an earlier search is worth on pairs of data sets, as one row of numbers.

    python benchmarks/tables.py --data FOLDER                     # 16 pairs, 2 seeds: about 10 minutes of CPU
    python benchmarks/tables.py --data FOLDER --pairs 4 --seeds 1

The source is a search of 100 evaluations on one data set, the target a search of 50 on another one; FOLDER holds
surfaces of YAHPO Gym, see surfaces.py. Half of the pairs are of lcbench, half of rbv2_xgboost, drawn with --draw among
the data sets that transfer.py does not use. Regret is counted from the best value that is known of a target (5,000
drawn configurations, and all runs), in units of its distance to the median one, and down to 0.001.

- all: the table has all hyperparameters. few: it has 4 of 7, the others were drawn (lcbench alone).
- reached: after how many evaluations the mean log10 regret is what no source has after 50; 51 is never.
- flipped: the source's objective has the wrong sign. mirrored: its rows are mirrored in the unit cube.
- difference: log10 regret with the table minus without it, after 5, 10, 20, 35 and 50 evaluations: the mean over the
  pairs and its standard error; below 0 the table helps.
"""

from __future__ import annotations

import argparse
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import warnings
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from surfaces import surface

from transfer import FLOOR, N_TARGET, Run, best_values, chosen_pairs

N_DRAWN = 5_000
PLACES = (5, 10, 20, 35, 50)
Pair = tuple[str, str, str]
# What the row consists of: how the source searched, and what was done to its table.
KINDS = {
    "all": ("cbo", None),
    "few": ("few", None),
    "flipped": ("cbo", "flipped"),
    "mirrored": ("cbo", "mirrored"),
}


def best_and_median(folder: Path, scenario: str, instance: str) -> tuple[float, float]:
    target = surface(folder, scenario, instance)
    target.problem.set_seed(77)
    values = [target.accuracy(configuration) for configuration in target.problem.sample(N_DRAWN)]
    return float(np.max(values)), float(np.median(values))


def best_values_by_kind(
    args: argparse.Namespace, kinds: Sequence[str], task: tuple[Pair, int]
) -> dict[str, np.ndarray]:
    """The runs of one pair and seed: best values so far by kind, (50,) each; "none" is the one without a source."""
    warnings.filterwarnings("ignore", "The value of q")
    pair, seed = task
    without = Run(args.data, pair, seed, None, "cbo")
    curves = {"none": best_values(without)}
    for kind in kinds:
        source, spoiled = KINDS[kind]
        if kind != "few" or pair[0] == "lcbench":
            run = replace(without, method="fit_surrogate", source=source, spoiled=spoiled)
            curves[kind] = best_values(run)
    return curves


def means_over_seeds(args: argparse.Namespace, pair: Pair, runs: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Mean log10 regret of a pair by kind, (50,) each."""
    best, median = best_and_median(args.data, pair[0], pair[2])
    best = max(best, *(float(curve[-1]) for run in runs for curve in run.values()))

    def log_regret(curve: np.ndarray) -> np.ndarray:
        return np.log10(np.maximum((best - curve) / (best - median), FLOOR))

    return {kind: np.mean([log_regret(run[kind]) for run in runs], axis=0) for kind in runs[0]}


def row(kind: str, pairs: list[dict[str, np.ndarray]]) -> str:
    """One line: where the curve of no source after 50 is reached, and the differences."""
    told = [pair for pair in pairs if kind in pair]
    without, with_source = (np.array([pair[k] for pair in told]) for k in ("none", kind))
    has_reached = with_source.mean(axis=0) <= without.mean(axis=0)[-1] + 1e-12
    reached = int(has_reached.argmax()) + 1 if has_reached.any() else N_TARGET + 1
    differences = (with_source - without)[:, np.array(PLACES) - 1]
    errors = differences.std(axis=0, ddof=1) / np.sqrt(len(told)) if len(told) > 1 else np.full(len(PLACES), np.nan)
    text = "  ".join(f"{d:+.2f} ± {e:.2f}" for d, e in zip(differences.mean(axis=0), errors, strict=True))
    return f"{kind:9s} {len(told):3d} pairs  reached {reached:2d}   difference at {PLACES}: {text}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with surfaces of YAHPO Gym")
    parser.add_argument("--pairs", dest="others", type=int, default=16, help="how many pairs, half of each scenario")
    parser.add_argument("--draw", type=int, default=12, help="seed of the pairs")
    parser.add_argument("--seeds", type=int, default=2, help="how many searches of each kind")
    parser.add_argument("--first-seed", type=int, default=10)
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=KINDS)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    args = parser.parse_args()
    pairs, seeds = chosen_pairs(args), range(args.first_seed, args.first_seed + args.seeds)
    tasks = [(pair, seed) for pair in pairs for seed in seeds]
    with ProcessPoolExecutor(args.processes) as executor:
        runs = list(executor.map(partial(best_values_by_kind, args, args.kinds), tasks))
    by_pair = [runs[k : k + args.seeds] for k in range(0, len(runs), args.seeds)]
    means = [means_over_seeds(args, pair, of_pair) for pair, of_pair in zip(pairs, by_pair, strict=True)]
    print(f"draw {args.draw}, seeds {seeds.start} to {seeds.stop - 1}")
    for kind in args.kinds:
        print(row(kind, means), flush=True)


if __name__ == "__main__":
    main()
