"""Measure what people meet on an ordinary day, each row beside what it is held against.

    python benchmarks/everyday.py                         # all rows, some ten minutes
    python benchmarks/everyday.py --only fits,dots

- fits: a grid of HistGradientBoosting and one of an MLP pipeline, 4 process workers against GridSearchCV(n_jobs=4) with
  the same fits; wall time, in turns.
- dots: 400,000 times `print(".", end="")` in a worker, against the same in a plain process whose output is a pipe.
- choices: seconds of one suggestion, and the peak of memory, with 8,000 and 30,000 choices in one hyperparameter.
- deadline: 5,000 asynchronous workers and timeout=10; seconds until `search` returns.
- unclosed: 20 searches with 4 process workers each that nobody closes; processes left a minute after the last one.
- leaks: 20 evaluations on 2 workers, each of which keeps 200 MB; how many are lost.

Every row runs in an interpreter of its own, so that none measures what another one left behind.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import psutil

from deephyper.evaluator import Evaluator
from deephyper.hpo import CBO, HpProblem, RandomSearch

N_WORKERS = 4
GRIDS: dict[str, dict[str, list[Any]]] = {
    "HistGradientBoosting": {"learning_rate": [0.03, 0.05, 0.1, 0.2], "max_leaf_nodes": [15, 23, 31, 63]},
    "MLP": {"mlp__hidden_layer_sizes": [(32,), (64,), (96,), (64, 32)], "mlp__alpha": [1e-4, 1e-3, 1e-2, 1e-1]},
}
ROUNDS = 2


# What is fitted.


def data() -> tuple[Any, Any]:
    from sklearn.datasets import make_classification

    return make_classification(10_000, 20, n_informative=12, random_state=0)


def model(name: str) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    if name == "HistGradientBoosting":
        return HistGradientBoostingClassifier(max_iter=50, early_stopping=False, random_state=0)
    mlp = MLPClassifier(max_iter=15, random_state=0)
    return Pipeline([("scale", StandardScaler()), ("mlp", mlp)])


def combinations(name: str) -> list[dict[str, Any]]:
    from sklearn.model_selection import ParameterGrid

    return list(ParameterGrid(GRIDS[name]))


def with_grid_search(name: str) -> float:
    """Wall time of scikit-learn's own grid search, the start of its workers included."""
    import warnings

    from joblib.externals.loky import get_reusable_executor
    from sklearn.model_selection import GridSearchCV

    X, y = data()
    begin = time.monotonic()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        GridSearchCV(model(name), GRIDS[name], cv=3, n_jobs=N_WORKERS, refit=False).fit(X, y)
    took = time.monotonic() - begin
    # It would keep them for the next one, and ours begin anew every time.
    get_reusable_executor().shutdown()
    return took


def with_a_search(name: str) -> float:
    """Wall time of a search that evaluates the same grid with the same folds."""

    def run(job: Any) -> float:
        import warnings

        from sklearn.model_selection import cross_val_score

        warnings.simplefilter("ignore")
        X, y = data()
        return float(cross_val_score(model(name).set_params(**job), X, y, cv=3).mean())

    problem = HpProblem()
    for hyperparameter, choices in GRIDS[name].items():
        problem.add_hyperparameter([*choices], hyperparameter)
    grid = combinations(name)
    begin = time.monotonic()
    with Evaluator.create(run, "process", {"num_workers": N_WORKERS}) as evaluator:
        search = CBO(problem, evaluator, initial_points=grid, log_dir=tempfile.mkdtemp())
        assert len(search.search(max_evals=len(grid)).successes) == len(grid)
    return time.monotonic() - begin


def fits(name: str) -> dict[str, float]:
    ways: dict[str, Callable[[str], float]] = {"GridSearchCV": with_grid_search, "ours": with_a_search}
    times: dict[str, list[float]] = {way: [] for way in ways}
    for i in range(ROUNDS):
        for way in list(ways)[:: 1 if i % 2 == 0 else -1]:
            times[way].append(ways[way](name))
    found = {f"{way} (s)": statistics.median(measured) for way, measured in times.items()}
    pairs = zip(times["ours"], times["GridSearchCV"], strict=True)
    return {**found, "ratio (bar 1.1)": statistics.median(ours / theirs for ours, theirs in pairs)}


# What is printed.

DOTS = "for _ in range(400_000):\n    print('.', end='')"


def in_a_plain_process() -> float:
    """Seconds that the dots take in a process whose output is read by another one."""
    script = f"import time\nt = time.monotonic()\n{DOTS}\nimport sys; sys.stderr.write(str(time.monotonic() - t))"
    return float(subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stderr)


def dots() -> dict[str, float]:
    def run(job: Any) -> float:
        begin = time.monotonic()
        exec(DOTS)
        return time.monotonic() - begin

    # Into a file: the dots are no part of the table.
    kept = os.dup(1)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 1)
        try:
            with Evaluator.create(run, "process", {"num_workers": 1}) as evaluator:
                evaluator.submit([{"x": 0}])
                (job,) = evaluator.gather("ALL")
            sys.stdout.flush()
        finally:
            os.dup2(kept, 1)
        # The interpreter's own buffer was written to the file above.
        shown = os.fstat(file.fileno()).st_size
    return {"plain process (s)": in_a_plain_process(), "worker (s)": float(job.objective), "dots shown": shown}


# What is declared.


def choices(n: int) -> dict[str, float]:
    problem = HpProblem()
    problem.add_hyperparameter([f"choice-{i}" for i in range(n)], "which")
    problem.add_hyperparameter((0.0, 1.0), "x")
    search = CBO(problem, random_state=0, log_dir=tempfile.mkdtemp(), checkpoint_history_to_csv=False)
    took = []
    for _ in range(30):
        begin = time.monotonic()
        (configuration,) = search.ask()
        took.append(time.monotonic() - begin)
        search.tell([(configuration, -((configuration["x"] - 0.3) ** 2))])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"suggestion, median (s)": statistics.median(took[10:]), "slowest (s)": max(took), "peak (MB)": peak}


# How things end.


def deadline() -> dict[str, float]:
    import asyncio

    async def run(job: Any) -> float:
        await asyncio.sleep(1.0)
        return float(job["x"])

    problem = HpProblem()
    problem.add_hyperparameter((0.0, 1.0), "x")
    with Evaluator.create(run, "serial", {"num_workers": 5000}) as evaluator:
        search = CBO(problem, evaluator, random_state=0, log_dir=tempfile.mkdtemp())
        begin = time.monotonic()
        results = search.search(timeout=10)
        took = time.monotonic() - begin
    return {"returned after (s, bar 10.5)": took, "rows": len(results)}


def unclosed() -> dict[str, float]:
    problem = HpProblem()
    problem.add_hyperparameter((0.0, 1.0), "x")
    me, most, kept = psutil.Process(), 0, []
    for seed in range(20):
        evaluator = Evaluator.create(lambda job: job["x"], "process", {"num_workers": N_WORKERS})
        search = RandomSearch(problem, evaluator, random_state=seed, log_dir=tempfile.mkdtemp())
        search.search(max_evals=8)
        kept.append(search)
        most = max(most, len(me.children(recursive=True)))
    time.sleep(60)
    left = [child for child in me.children(recursive=True) if "tracker" not in " ".join(child.cmdline())]
    return {"processes at most": most, "processes left after a minute (bar 0)": len(left)}


def leaks() -> dict[str, float]:
    def run(job: Any) -> float:
        import builtins

        kept = builtins.__dict__.setdefault("_kept", [])
        kept.append(np.ones(200_000_000 // 8))
        return float(job["x"])

    with Evaluator.create(run, "process", {"num_workers": 2}) as evaluator:
        evaluator.submit([{"x": i} for i in range(20)])
        jobs = evaluator.gather("ALL")
    return {"evaluations": len(jobs), "lost (bar 0)": sum(isinstance(job.objective, str) for job in jobs)}


ROWS: dict[str, tuple[Callable[..., dict[str, float]], list[Any]]] = {
    "fits": (fits, list(GRIDS)),
    "dots": (dots, []),
    "choices": (choices, [8_000, 30_000]),
    "deadline": (deadline, []),
    "unclosed": (unclosed, []),
    "leaks": (leaks, []),
}


def measure(row: str, argument: str | None) -> dict[str, float]:
    function, arguments = ROWS[row]
    return function(*(each for each in arguments if str(each) == argument))


def in_an_interpreter_of_its_own(row: str, argument: Any) -> dict[str, float]:
    command = [sys.executable, __file__, "--row", row, *([] if argument is None else ["--argument", str(argument)])]
    # What others than us say on the way, such as the trackers of joblib, is shown only if something went wrong.
    ended = subprocess.run(command, capture_output=True, text=True)
    if ended.returncode != 0:
        raise RuntimeError(f"{row} failed:\n{ended.stderr}")
    measured: dict[str, float] = json.loads(ended.stdout.splitlines()[-1])
    return measured


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(ROWS), help="rows, with commas between them")
    parser.add_argument("--row", choices=ROWS, help=argparse.SUPPRESS)
    parser.add_argument("--argument", help=argparse.SUPPRESS)
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    if options.row is not None:
        print(json.dumps(measure(options.row, options.argument)))
        return
    for row in options.only.split(","):
        for argument in ROWS[row][1] or [None]:
            measured = in_an_interpreter_of_its_own(row, argument)
            figures = ", ".join(f"{what}: {value:.4g}" for what, value in measured.items())
            print(f"{row}{'' if argument is None else f' {argument}'}: {figures}", flush=True)


if __name__ == "__main__":
    main()
