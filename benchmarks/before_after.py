"""Compare the speed of two source trees, each run in a new interpreter, as ratios after / before.

    python benchmarks/before_after.py --before OLD/src                    # against the src beside this file
    python benchmarks/before_after.py --before OLD/src --after NEW/src --runs 15
    python benchmarks/before_after.py --before OLD/src --quick            # two runs, to see whether everything works
    python benchmarks/before_after.py --before OLD/src --only ask-tell-50,import

- ask-tell-N: CPU time of one ask and one tell after N rows, the median of 40 in a row (as in ask_tell_cost.py).
- nothing-thread, nothing-process: the manager's CPU time per evaluation of a function that does nothing; RandomSearch,
  4 workers, a CSV file.
- import: CPU time of a new interpreter that runs `import deephyper.hpo`; everything is byte-compiled before.
- start: 8 processes; wall time from `search()` to the first evaluation, and the manager's CPU time of that search.

The trees are measured in pairs with the same seed, and take turns at being the first. The ratio is the median over the
pairs; the lowest and the highest ratio stand beside it. On a machine that others use too, look at these two before you
trust a ratio.
"""

from __future__ import annotations

import argparse
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

BAR, BAR_OF_IMPORTS = 1.05, 1.0
N_RUNS, N_QUICK_RUNS = 9, 2
SIZES = (50, 200, 1_000, 5_000)
N_WARM, N_NOTHING = 200, 2_000

Figures = dict[str, float]


# What a new interpreter measures; the names of what it returns are lines of the table.


def ask_tell(n_rows: int, seed: int) -> Figures:
    from ask_tell_cost import pair_costs_ms

    return {f"ask-tell-{n_rows}, CPU ms": statistics.median(pair_costs_ms(n_rows, seed))}


def nothing(method: str, seed: int) -> Figures:
    from evaluators import problem_of

    from deephyper.evaluator import Evaluator
    from deephyper.hpo import RandomSearch

    with Evaluator.create(lambda job: job["x0"], method, {"num_workers": 4}) as evaluator:
        search = RandomSearch(problem_of(3), evaluator, random_state=seed, log_dir=tempfile.mkdtemp())
        search.search(N_WARM)
        begin = time.process_time()
        search.search(N_NOTHING)
        return {f"nothing-{method}, manager's CPU ms": 1e3 * (time.process_time() - begin) / N_NOTHING}


def start(seed: int) -> Figures:
    from evaluators import problem_of

    from deephyper.evaluator import Evaluator
    from deephyper.hpo import CBO

    with Evaluator.create(lambda job: __import__("time").monotonic(), "process", {"num_workers": 8}) as evaluator:
        search = CBO(problem_of(2), evaluator, random_state=seed, log_dir=tempfile.mkdtemp())
        begin, begin_cpu = time.monotonic(), time.process_time()
        table = search.search(8)
        cpu_s = time.process_time() - begin_cpu
    return {
        "start, first evaluation, wall ms": 1e3 * (float(table.objective.min()) - begin),
        "start, manager's CPU ms": 1e3 * cpu_s,
    }


INSIDE: dict[str, Callable[[int], Figures]] = {
    **{f"ask-tell-{n_rows}": partial(ask_tell, n_rows) for n_rows in SIZES},
    "nothing-thread": partial(nothing, "thread"),
    "nothing-process": partial(nothing, "process"),
    "start": start,
}


def measure_here(name: str, seed: int) -> None:
    """The side of the new interpreter."""
    import deephyper

    figures = INSIDE[name](seed)
    print(json.dumps({"package": str(Path(deephyper.__file__).parent), "figures": figures}))


# What is measured from outside.


def run_python(source: Path, *arguments: str) -> str:
    """Run a new interpreter that finds the package in `source`; what it prints."""
    # What is imported is byte-compiled by the first run, unless this forbids it.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPATH"] = str(source)
    command = [sys.executable, *arguments]
    return subprocess.run(command, check=True, env=environment, stdout=subprocess.PIPE, text=True).stdout


def import_cost(source: Path) -> Figures:
    before = children_cpu_s()
    run_python(source, "-c", "import deephyper.hpo")
    return {"import deephyper.hpo, CPU ms": 1e3 * (children_cpu_s() - before)}


def children_cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def measured(name: str, source: Path, seed: int) -> Figures:
    if name == "import":
        return import_cost(source)
    text = run_python(source, __file__, "--inside", name, "--seed", str(seed))
    found: dict[str, Any] = json.loads(text.splitlines()[-1])
    if Path(found["package"]).parent != source:
        raise SystemExit(f"the package was found in {found['package']}, not in {source}")
    return dict(found["figures"])


@dataclass(frozen=True)
class Compared:
    """One line of the table: figures of the same thing in both trees, one pair a run."""

    what: str
    pairs: list[tuple[float, float]]

    @property
    def bar(self) -> float:
        return BAR_OF_IMPORTS if self.what.startswith("import") else BAR

    def __str__(self) -> str:
        before, after = (statistics.median(values) for values in zip(*self.pairs, strict=True))
        ratios = [new / old for old, new in self.pairs]
        ratio = statistics.median(ratios)
        span = f"({min(ratios):.3f} to {max(ratios):.3f})"
        verdict = "ok" if ratio <= self.bar else "OVER"
        return f"{self.what:38s} {before:9.3f} {after:9.3f} {ratio:7.3f} {span:18s} {self.bar:5.2f} {verdict}"


def compare(name: str, before: Path, after: Path, n_runs: int) -> list[Compared]:
    """Measure both trees in turn."""
    pairs: dict[str, list[tuple[float, float]]] = {}
    for run in range(n_runs):
        order = (before, after) if run % 2 == 0 else (after, before)
        first, second = (measured(name, source, run) for source in order)
        old, new = (first, second) if run % 2 == 0 else (second, first)
        for what in old:
            pairs.setdefault(what, []).append((old[what], new[what]))
    return [Compared(what, values) for what, values in pairs.items()]


def chosen(only: str | None) -> list[str]:
    names = [*INSIDE, "import"]
    wanted = only.split(",") if only else names
    if unknown := set(wanted) - set(names):
        raise SystemExit(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    return wanted


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", type=Path, help="folder src of the old code")
    parser.add_argument("--after", type=Path, default=Path(__file__).parents[1] / "src", help="of the new code")
    parser.add_argument("--runs", type=int, help=f"pairs of runs; {N_RUNS} if it is left out")
    parser.add_argument("--quick", action="store_true", help=f"{N_QUICK_RUNS} pairs")
    parser.add_argument("--only", help="names of measurements, separated by commas")
    parser.add_argument("--inside", choices=INSIDE, help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=0, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.inside:
        measure_here(args.inside, args.seed)
        return
    if args.before is None:
        parser.error("--before is needed: the folder src of the old code")
    before, after = args.before.resolve(), args.after.resolve()
    for source in (before, after):
        run_python(source, "-c", "import deephyper.hpo, deephyper.evaluator")
    n_runs = args.runs or (N_QUICK_RUNS if args.quick else N_RUNS)
    print(f"before {before}\nafter  {after}\n{n_runs} pairs of runs")
    print(f"{'':38s} {'before':>9s} {'after':>9s} {'ratio':>7s} {'(lowest, highest)':18s} {'bar':>5s}")
    for name in chosen(args.only):
        for line in compare(name, before, after, n_runs):
            print(line, flush=True)


if __name__ == "__main__":
    main()
