"""A launcher: which problem, which run-function, which method and which budget come from the command line."""

from __future__ import annotations

import argparse
import importlib
import json
import logging
import os
import pathlib
from typing import Any

import pandas as pd


def load(path: str) -> Any:
    """Give `module.attribute`."""
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--problem", default="curve_task.problem")
    parser.add_argument("--run", default="curve_task.run")
    parser.add_argument("--max-evals", type=int, default=-1)
    parser.add_argument("--timeout", type=int, default=None)
    parser.add_argument("--method", default="process")
    parser.add_argument("--num-workers", type=int, default=2)
    parser.add_argument("--log-dir", default="log")
    parser.add_argument("--old", action="store_true", help="imports and calls of earlier versions")
    return parser.parse_args()


def results_of(arguments: argparse.Namespace) -> Any:
    from deephyper.evaluator import Evaluator
    from deephyper.evaluator.callback import LoggerCallback

    problem = load(arguments.problem)
    evaluator = Evaluator.create(
        load(arguments.run),
        method=arguments.method,
        method_kwargs={"num_workers": arguments.num_workers, "callbacks": [LoggerCallback()]},
    )
    logging.info("the evaluator has %d workers", evaluator.num_workers)
    points = [problem.default_configuration]
    if arguments.old:
        from deephyper.search.hps import CBO

        search = CBO(
            problem, evaluator, initial_points=points, log_dir=arguments.log_dir, random_state=42, acq_func="UCB",
            multi_point_strategy="cl_min", surrogate_model="RF", n_jobs=-1, verbose=True,
        )  # fmt: skip
        return search.search(max_evals=arguments.max_evals, timeout=arguments.timeout)

    from deephyper.hpo import CBO

    search = CBO(problem, initial_points=points, log_dir=arguments.log_dir, random_state=42, verbose=0, stopper=None)
    return search.search(evaluator, max_evals=arguments.max_evals, timeout=arguments.timeout, max_evals_strict=True)


def main() -> None:
    arguments = parse()
    pathlib.Path(arguments.log_dir).mkdir(parents=True, exist_ok=True)
    log_file = os.path.join(arguments.log_dir, "deephyper.log")
    logging.basicConfig(filename=log_file, level=logging.INFO, force=True)

    results = results_of(arguments)

    stored = pd.read_csv(os.path.join(arguments.log_dir, "results.csv"))
    best = results.iloc[results.objective.argmax()]
    # Rows come in the order in which evaluations have ended.
    first = stored[stored["job_id"] == 0].iloc[0]
    facts = {
        "rows": len(results),
        "stored": len(stored),
        "first": [first["p:lr"], int(first["p:layers"]), first["p:activation"]],
        "best": float(best["objective"]),
        "epochs": sorted(set(map(int, results["m:epochs"]))),
        "parameters": [column for column in results.columns if column.startswith("p:")],
        "profiled": bool((results["m:timestamp_end"] >= results["m:timestamp_start"]).all()),
        "logged": "the evaluator has" in pathlib.Path(log_file).read_text(encoding="utf-8"),
    }
    print(json.dumps(facts))


if __name__ == "__main__":
    main()
