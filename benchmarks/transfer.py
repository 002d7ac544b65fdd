"""Measure how much the table of an earlier search helps the next one, and what a misleading table costs.

    python benchmarks/transfer.py --what document
    python benchmarks/transfer.py --what large
    python benchmarks/transfer.py --what pairs --data FOLDER [--others 10] [--source random]
    python benchmarks/transfer.py --what misleading --data FOLDER
    python benchmarks/transfer.py --what enlarged --data FOLDER

- document: from 20 rows of a 1-D sphere to 20 evaluations of a 2-D sphere. The result is how often transfer is ahead;
  regrets below 1e-6 are ties, which count half. It is run on the usual box and on boxes that are moved at random for
  each seed, the same for source and target.
- large: the time of the fit to 100,000 source rows, and of the next ask.
- pairs: the source is a search of 100 evaluations on one data set, the target a search of 50 on another one. The result
  is how many evaluations it takes to reach what a search without a source has after 50 (its median over the seeds).
  FOLDER holds surfaces of YAHPO Gym, see surfaces.py; --others draws other pairs of data sets instead.
- misleading: the same pairs, but the source's objective has its sign flipped, or its rows are mirrored in the unit
  cube.
- enlarged: the source search had only 4 of the 7 hyperparameters of lcbench, and the others were drawn. It is run on
  pairs of data sets, and with the same data set as source and target.
"""

from __future__ import annotations

import argparse
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from surfaces import SCENARIOS, Surface, instances, surface

from deephyper.hpo import CBO, HpProblem

PAIRS = [
    ("lcbench", "167168", "189873"),
    ("lcbench", "189873", "34539"),
    ("lcbench", "34539", "7593"),
    ("lcbench", "7593", "126029"),
    ("lcbench", "126029", "167168"),
    ("rbv2_xgboost", "12", "1501"),
    ("rbv2_xgboost", "1501", "28"),
    ("rbv2_xgboost", "28", "182"),
    ("rbv2_xgboost", "182", "1462"),
    ("rbv2_xgboost", "1462", "12"),
]
N_SOURCE, N_TARGET = 100, 50
# Surfaces are not more exact than this share of the range.
FLOOR = 1e-3
# The first four that lcbench declares.
FEW = ("batch_size", "learning_rate", "max_dropout", "max_units")


def new_search(problem: HpProblem, seed: int) -> CBO:
    return CBO(problem, random_state=seed, log_dir=tempfile.gettempdir(), checkpoint_history_to_csv=False)


def driven(search: Any, objective: Callable[[dict[str, Any]], float], n: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Ask and tell n times: the table, and the best value so far, (n,)."""
    rows = []
    for _ in range(n):
        (configuration,) = search.ask()
        value = objective(configuration)
        search.tell([(configuration, value)])
        rows.append({**{f"p:{name}": x for name, x in configuration.items()}, "objective": value})
    table = pd.DataFrame(rows)
    return table, table.objective.cummax().to_numpy()


# The document's problem.


def sphere_problem(boxes: Sequence[tuple[float, float]]) -> HpProblem:
    problem = HpProblem()
    for i, box in enumerate(boxes):
        problem.add_hyperparameter(box, f"x{i}")
    return problem


def sphere(configuration: dict[str, Any]) -> float:
    return -sum(x * x for x in configuration.values())


def document_run(seed: int, is_moved: bool, method: str) -> tuple[np.ndarray, np.ndarray, float]:
    """Best values without and with transfer, (20,) each, and the seconds of the whole run with transfer."""
    shift = np.random.default_rng(1000 + seed).uniform(-8.0, 8.0, 2) if is_moved else np.zeros(2)
    boxes = [(float(s - 10.0), float(s + 10.0)) for s in shift]
    source = CBO(sphere_problem(boxes[:1]), random_state=seed, log_dir=tempfile.mkdtemp()).search(sphere, 20)
    without = CBO(sphere_problem(boxes), random_state=seed, log_dir=tempfile.mkdtemp()).search(sphere, 20)
    begin = time.perf_counter()
    search = CBO(sphere_problem(boxes), random_state=seed, log_dir=tempfile.mkdtemp())
    getattr(search, method)(source)
    table = search.search(sphere, 20)
    seconds = time.perf_counter() - begin
    return without.objective.cummax().to_numpy(), table.objective.cummax().to_numpy(), seconds


def document(args: argparse.Namespace) -> None:
    places = (5, 10, 15, 20)
    print(
        f"{args.method}, {args.seeds} seeds; ahead = share of seeds where transfer is ahead after {places} evaluations"
    )
    for is_moved in (True, False):
        runs = [document_run(seed, is_moved, args.method) for seed in range(args.seeds)]
        without, with_source = (-np.array([run[k] for run in runs]) for k in (0, 1))
        is_tie = (np.maximum(without, with_source) < 1e-6) | (without == with_source)
        ahead = np.where(is_tie, 0.5, with_source < without).mean(axis=0)
        medians = [f"{np.median(r[:, -1]):.1e}" for r in (without, with_source)]
        print(
            f"{'moved' if is_moved else 'textbook'} boxes: ahead {' '.join(f'{ahead[k - 1]:.3f}' for k in places)}; "
            f"median regret at 20 without {medians[0]}, with {medians[1]}; "
            f"whole transfer run {np.median([run[2] for run in runs]):.2f} s "
            f"(slowest {max(run[2] for run in runs):.2f})"
        )


# Very many rows.


def large(args: argparse.Namespace) -> None:
    boxes = [(-10.0, 10.0)] * 6
    for n_rows in (100, args.rows):
        X = np.random.default_rng(0).uniform(-10, 10, (n_rows, 6))
        table = pd.DataFrame({f"p:x{i}": X[:, i] for i in range(6)} | {"objective": -np.square(X).sum(axis=1)})
        search = new_search(sphere_problem(boxes), 0)
        begin = time.perf_counter()
        getattr(search, args.method)(table)
        fit_s = time.perf_counter() - begin
        print(f"{n_rows:7d} rows: {args.method} takes {fit_s:.2f} s; ask and tell {cost_text(search)}")
    print(f"      no source: ask and tell {cost_text(new_search(sphere_problem(boxes), 0))}")


def cost_text(search: Any) -> str:
    """Milliseconds of CPU time of one ask and tell, while a source is used and after that."""
    early, late = [], []
    for k in range(80):
        begin = time.process_time()
        driven(search, sphere, 1)
        (early if k < 24 else late).append(time.process_time() - begin)
    return f"{1e3 * np.median(early[6:]):.1f} ms at 6 to 24 evaluations, {1e3 * np.median(late):.1f} ms at 24 to 80"


# Pairs of data sets.


@dataclass(frozen=True)
class Run:
    """One search on the target of a pair."""

    folder: Path
    pair: tuple[str, str, str]
    seed: int
    method: str | None
    source: str
    spoiled: str | None = None


def best_values(run: Run) -> np.ndarray:
    """Best value so far of a run, (50,)."""
    warnings.filterwarnings("ignore", "The value of q")
    scenario, first, second = run.pair
    target = surface(run.folder, scenario, second)
    search = new_search(target.problem, run.seed)
    if run.method is not None:
        table = earlier_table(run.folder, scenario, first, run.seed, run.source)
        getattr(search, run.method)(spoiled(table, target.problem, run.spoiled))
    return driven(search, target.accuracy, N_TARGET)[1]


@cache
def earlier_table(folder: Path, scenario: str, instance: str, seed: int, how: str) -> pd.DataFrame:
    """The table of a source; several runs of one process share it."""
    return source_table(surface(folder, scenario, instance), seed, how)


def source_table(task: Surface, seed: int, how: str) -> pd.DataFrame:
    """The table of an earlier search: ours, random, or ours over few hyperparameters, the others drawn."""
    if how == "random":
        configurations = drawn_configurations(task.problem, seed)
        return pd.DataFrame(
            [{**{f"p:{n}": x for n, x in c.items()}, "objective": task.accuracy(c)} for c in configurations]
        )
    if how == "cbo":
        return driven(new_search(task.problem, 500 + seed), task.accuracy, N_SOURCE)[0]
    drawn = iter(drawn_configurations(task.problem, seed))
    small = HpProblem()
    for name in FEW:
        small.add(task.problem.space[name])
    return driven(new_search(small, 500 + seed), lambda c: task.accuracy({**next(drawn), **c}), N_SOURCE)[0]


def drawn_configurations(problem: HpProblem, seed: int) -> list[dict[str, Any]]:
    problem.set_seed(seed)
    return problem.sample(N_SOURCE)


def spoiled(table: pd.DataFrame, problem: HpProblem, how: str | None) -> pd.DataFrame:
    table = table.copy()
    if how == "flipped":
        table["objective"] = -table.objective
    if how == "mirrored":
        for name, h in problem.space.items():
            if hasattr(h, "lower") and f"p:{name}" in table:
                low, high, values = float(h.lower), float(h.upper), table[f"p:{name}"].astype(float)
                mirrored = low * high / values if h.log else low + high - values
                table[f"p:{name}"] = (mirrored.round() if isinstance(h.lower, int) else mirrored).clip(low, high)
    return table


def all_curves(runs: list[Run]) -> dict[Run, np.ndarray]:
    with ProcessPoolExecutor(os.cpu_count()) as executor:
        return dict(zip(runs, executor.map(best_values, runs, chunksize=5), strict=True))


def chosen_pairs(args: argparse.Namespace, scenarios: Sequence[str] = tuple(SCENARIOS)) -> list[tuple[str, str, str]]:
    """The ten pairs, or others, drawn among all data sets that are in none of them."""
    if not args.others:
        return [pair for pair in PAIRS if pair[0] in scenarios]
    rng, taken = np.random.default_rng(args.draw), {name for pair in PAIRS for name in pair[1:]}
    pairs = []
    for scenario in scenarios:
        free = [name for name in instances(args.data, scenario) if name not in taken]
        drawn = rng.permutation(free)[: 2 * (args.others // len(scenarios))]
        pairs += [(scenario, str(a), str(b)) for a, b in zip(drawn[::2], drawn[1::2], strict=True)]
    return pairs


def pairs(
    args: argparse.Namespace,
    scenarios: Sequence[str] = tuple(SCENARIOS),
    source: str | None = None,
    is_same: bool = False,
) -> None:
    seeds, chosen, source = range(args.seeds), chosen_pairs(args, scenarios), source or args.source
    if is_same:
        chosen = [(scenario, target, target) for scenario, _, target in chosen]
    runs = [
        Run(args.data, pair, seed, method, source)
        for pair in chosen
        for seed in seeds
        for method in (None, args.method)
    ]
    curves = all_curves(runs)
    needed: dict[float, list[int]] = {0.0: [], FLOOR: []}
    print(
        f"{args.method}, source {source}, {args.seeds} seeds; "
        f"evaluations needed to reach what no source has after {N_TARGET}"
    )
    for pair in chosen:
        without, with_source = (
            np.array([curves[Run(args.data, pair, seed, method, source)] for seed in seeds])
            for method in (None, args.method)
        )
        span = surface(args.data, pair[0], pair[2]).span
        bar, line = np.median(without[:, -1]), []
        for tolerance, all_needed in needed.items():
            has_reached = with_source >= bar - tolerance * span - 1e-12
            n_needed = np.where(has_reached.any(axis=1), has_reached.argmax(axis=1) + 1, N_TARGET + 1)
            all_needed.extend(n_needed)
            line.append(f"{np.median(n_needed):4.0f}")
        gains = [(np.median(with_source[:, k - 1]) - np.median(without[:, k - 1])) / span for k in (10, 25, 50)]
        print(
            f"  {' > '.join(pair):34s} {line[0]}; to 0.001 of the range {line[1]}; "
            f"gain at 10, 25, 50 {np.round(gains, 3)}"
        )
    text = ", ".join(f"{'to 0.001 of the range ' if t else ''}{np.median(n):.0f}" for t, n in needed.items())
    print(f"median over all runs ({N_TARGET + 1} = never): {text}")


def misleading(args: argparse.Namespace) -> None:
    seeds, chosen = range(args.seeds), chosen_pairs(args)
    kinds = ("flipped", "mirrored")
    runs = [Run(args.data, pair, seed, None, args.source) for pair in chosen for seed in seeds]
    runs += [
        Run(args.data, pair, seed, args.method, args.source, k) for pair in chosen for seed in seeds for k in kinds
    ]
    curves = all_curves(runs)
    for kind in kinds:
        losses = []
        for pair in chosen:
            span = surface(args.data, pair[0], pair[2]).span
            for seed in seeds:
                without = curves[Run(args.data, pair, seed, None, args.source)][-1]
                losses.append((without - curves[Run(args.data, pair, seed, args.method, args.source, kind)][-1]) / span)
        print(
            f"{args.method}, {kind}: loss at {N_TARGET}, in ranges of the task: median {np.median(losses):+.4f}, "
            f"mean {np.mean(losses):+.4f}, 90 % {np.quantile(losses, 0.9):+.3f}, largest {np.max(losses):+.3f}"
        )


def enlarged(args: argparse.Namespace) -> None:
    pairs(args, ["lcbench"], "few")
    print("the same data sets as source and as target")
    pairs(args, ["lcbench"], "few", is_same=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    whats = {"document": document, "large": large, "pairs": pairs, "misleading": misleading, "enlarged": enlarged}
    parser.add_argument("--what", required=True, choices=whats)
    parser.add_argument("--method", default="fit_generative_model", choices=["fit_generative_model", "fit_surrogate"])
    parser.add_argument("--seeds", type=int, help="20 for the document's problem, else 5")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--data", type=Path, help="folder with surfaces of YAHPO Gym")
    parser.add_argument("--source", default="cbo", choices=["cbo", "random"])
    parser.add_argument("--others", type=int, default=0, help="how many other pairs of data sets to draw instead")
    parser.add_argument("--draw", type=int, default=0, help="seed of these pairs")
    args = parser.parse_args()
    args.seeds = args.seeds or (20 if args.what == "document" else 5)
    if args.what in ("pairs", "misleading", "enlarged") and args.data is None:
        parser.error("--data is needed: a folder with surfaces of YAHPO Gym")
    warnings.filterwarnings("ignore", "The value of q")
    whats[args.what](args)


if __name__ == "__main__":
    main()
