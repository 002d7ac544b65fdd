"""Measure the CPU time of ask and tell of CBO, beside the limits that we have set ourselves.

    python benchmarks/ask_tell_cost.py                    # one ask and one tell after 50 to 5,000 evaluations, 8 floats
    python benchmarks/ask_tell_cost.py --what batch       # a hundred suggestions at once after 1,000 evaluations
    python benchmarks/ask_tell_cost.py --what many-open   # 20,000 evaluations with 1,000 open at a time, 6 floats
    python benchmarks/ask_tell_cost.py --what choices     # 10 to 10,000 choices beside 4 floats, after 100 evaluations

Everything counts: the model, the proposal, and the row in memory and in the CSV file. A yardstick, which is printed as
well, shows how fast the machine is at the moment.
"""

from __future__ import annotations

import argparse
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import heapq
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np

from deephyper.hpo import CBO, HpProblem

# What stands beside four floats: its name, the numbers of choices, what it is compared with, and the bar of the ratio.
CHOICES: tuple[tuple[str, tuple[int, ...], str, float], ...] = (
    ("10", (10,), "10", 1.0),
    ("1,000", (1_000,), "10", 2.0),
    ("10,000", (10_000,), "10", 5.0),
    ("4 x 10", (10,) * 4, "4 x 10", 1.0),
    ("4 x 1,000", (1_000,) * 4, "4 x 10", 2.0),
)
WORTHS = np.random.default_rng(0).standard_normal(10_000)
BARS_MS = {50: 15.0, 200: 30.0, 500: 50.0, 1_000: 55.0, 2_000: 60.0, 5_000: 60.0}
N_PAIRS = 40


def objective(configuration: dict[str, float]) -> float:
    """A bowl with waves."""
    x = np.array(list(configuration.values()))
    return float(np.sum(0.1 * np.sin(12.0 * x) - np.square(x - 0.3)))


def search_of(n_floats: int, seed: int) -> CBO:
    problem = HpProblem(seed=seed)
    for i in range(n_floats):
        problem.add_hyperparameter((0.0, 1.0), f"x{i}")
    return CBO(problem, random_state=seed, log_dir=tempfile.mkdtemp())


def search_with_history(n_rows: int, seed: int) -> CBO:
    """Make a search that knows some random evaluations on eight floats."""
    search = search_of(8, seed)
    search.ask(8)
    search.tell([(configuration, objective(configuration)) for configuration in search.problem.sample(n_rows - 1)])
    return search


def pair_cost_ms(search: CBO, objective: Callable[[dict[str, Any]], float] = objective) -> float:
    """CPU milliseconds of one ask and one tell."""
    begin = time.process_time()
    (configuration,) = search.ask(1)
    asked = time.process_time()
    value = objective(configuration)
    begin_tell = time.process_time()
    search.tell([(configuration, value)])
    return 1e3 * (asked - begin + time.process_time() - begin_tell)


def pair_costs_ms(n_rows: int, seed: int) -> np.ndarray:
    """CPU milliseconds of each of the pairs of ask and tell that follow the first `n_rows`."""
    search = search_with_history(n_rows, seed)
    # The first pair learns the model's hyperparameters from nothing.
    return np.array([pair_cost_ms(search) for _ in range(N_PAIRS + 1)][1:])


def report_pairs(n_runs: int) -> None:
    print("CPU ms per ask + tell\n rows   median     mean  (medians of the runs)     bar")
    for n_rows, bar in BARS_MS.items():
        runs = np.array([pair_costs_ms(n_rows, seed) for seed in range(n_runs)])
        medians = np.median(runs, axis=1)
        print(
            f"{n_rows:5d} {np.median(runs):8.1f} {runs.mean():8.1f}  "
            f"({medians.min():.1f} to {medians.max():.1f}) {bar:15.0f}"
        )


def worth(configuration: dict[str, Any]) -> float:
    """The bowl of the floats, and a worth of its own for every choice."""
    numbers = {name: value for name, value in configuration.items() if name.startswith("x")}
    choices = [value for name, value in configuration.items() if name.startswith("c")]
    return objective(numbers) + float(sum(WORTHS[int(choice[1:])] for choice in choices))


def search_with_choices(sizes: Sequence[int], n_rows: int, seed: int) -> tuple[CBO, float]:
    """A search that knows some random evaluations, and CPU seconds to the first configuration."""
    begin = time.process_time()
    problem = HpProblem(seed=seed)
    for i in range(4):
        problem.add_hyperparameter((0.0, 1.0), f"x{i}")
    for j, size in enumerate(sizes):
        problem.add_hyperparameter([f"v{k}" for k in range(size)], f"c{j}")
    search = CBO(problem, random_state=seed, log_dir=tempfile.mkdtemp())
    search.ask(8)
    first_s = time.process_time() - begin
    search.tell([(configuration, worth(configuration)) for configuration in problem.sample(n_rows - 1)])
    return search, first_s


def report_choices(n_runs: int) -> None:
    """All searches take turns, so that fast and slow moments of the machine fall on all of them."""
    costs: dict[str, list[float]] = {name: [] for name, *_ in CHOICES}
    firsts: dict[str, list[float]] = {name: [] for name, *_ in CHOICES}
    for seed in range(n_runs):
        searches = {name: search_with_choices(sizes, 100, seed) for name, sizes, *_ in CHOICES}
        for name, (search, first_s) in searches.items():
            firsts[name].append(first_s)
            pair_cost_ms(search, worth)
        for _, (name, (search, _)) in product(range(N_PAIRS), searches.items()):
            costs[name].append(pair_cost_ms(search, worth))
    print("choices beside 4 floats: CPU ms per ask + tell after 100 rows, and ms to the first eight configurations")
    for name, _, other, bar in CHOICES:
        ratio = np.mean(costs[name]) / np.mean(costs[other])
        print(
            f"{name:>10} {np.mean(costs[name]):8.1f}, {ratio:.2f} times that of {other} (bar {bar:.0f}), "
            f"first {1e3 * np.median(firsts[name]):.0f}"
        )


def report_batch(n_runs: int, n: int = 100) -> None:
    seconds = []
    for seed in range(n_runs):
        search = search_with_history(1_000, seed)
        # What a single ask learns is there in a search that goes on.
        search.ask(1)
        begin = time.process_time()
        configurations = search.ask(n)
        seconds.append(time.process_time() - begin)
        assert len({tuple(c.values()) for c in configurations}) == n
    print(f"ask({n}) after 1,000 rows, all different: {np.median(seconds):.2f} s", end=" ")
    print(f"({min(seconds):.2f} to {max(seconds):.2f}); bar 0.6")


def report_many_open(n_evaluations: int, n_open: int) -> None:
    search, durations = search_of(6, 0), np.random.default_rng(0)
    running: list[tuple[float, int, dict[str, Any]]] = []
    now, cpu_s, n_asked, seen = 0.0, 0.0, 0, set()
    for n_told in range(n_evaluations):
        begin = time.process_time()
        asked = search.ask(n_open if not n_told else 1) if n_asked < n_evaluations else []
        cpu_s += time.process_time() - begin
        for configuration in asked:
            seen.add(tuple(configuration.values()))
            heapq.heappush(running, (now + durations.lognormal(-0.125, 0.5), n_asked, configuration))
            n_asked += 1
        now, _, configuration = heapq.heappop(running)
        value = objective(configuration)
        begin = time.process_time()
        search.tell([(configuration, value)])
        cpu_s += time.process_time() - begin
        if (n_told + 1) % (n_evaluations // 4) == 0:
            print(f"{n_told + 1:6d} told: {1e3 * cpu_s / (n_told + 1):.2f} ms an evaluation so far", flush=True)
    memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{n_evaluations} evaluations with {n_open} open: {1e3 * cpu_s / n_evaluations:.2f} ms each (bar 8),", end=" "
    )
    print(f"{len(seen)} different points, peak memory {memory_mb:.0f} MB (bar 500)")


def yardstick_ms() -> float:
    """CPU milliseconds of a fixed job of small matrices: shared machines have fast and slow hours."""
    matrix = np.cov(np.random.default_rng(0).random((60, 200))) + np.eye(60)
    begin = time.process_time()
    for _ in range(500):
        np.linalg.cholesky(np.exp(-matrix * matrix) + 60.0 * np.eye(60))
    return 1e3 * (time.process_time() - begin)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--what", choices=["pairs", "batch", "many-open", "choices"], default="pairs")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--evaluations", type=int, default=20_000)
    parser.add_argument("--open", type=int, default=1_000)
    args = parser.parse_args()
    pair_costs_ms(20, 0)
    print(f"yardstick before: {yardstick_ms():.0f} ms")
    if args.what == "pairs":
        report_pairs(args.runs)
    elif args.what == "batch":
        report_batch(args.runs)
    elif args.what == "choices":
        report_choices(args.runs)
    else:
        report_many_open(args.evaluations, args.open)
    print(f"yardstick after: {yardstick_ms():.0f} ms")


if __name__ == "__main__":
    main()
