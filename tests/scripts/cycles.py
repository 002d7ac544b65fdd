"""Cycles of a few evaluations, each a process of its own; what all of them found is gathered in one CSV file."""

from __future__ import annotations

import argparse
import json
import multiprocessing
from pathlib import Path
from typing import Any

import pandas as pd

CYCLES, PER_CYCLE = 3, 4


def score(parameters: Any, data: dict[str, float]) -> float:
    return -((parameters["learning_rate"] - data["best"]) ** 2) - parameters["dropout"]


def problem_of(old: bool) -> Any:
    if old:
        from deephyper.problem import HpProblem
    else:
        from deephyper.hpo import HpProblem
    problem = HpProblem()
    problem.add_hyperparameter((1e-5, 0.1, "log-uniform"), "learning_rate")
    problem.add_hyperparameter((0.05, 0.4), "dropout")
    problem.add_hyperparameter(["constant", "plateau"], "schedule")
    return problem


def cycle(index: int, folder: Path, old: bool) -> None:
    from deephyper.evaluator import Evaluator
    from deephyper.evaluator.callback import SearchEarlyStopping
    from deephyper.hpo import CBO

    stopper = SearchEarlyStopping(patience=100, verbose=False)
    options = {"run_function_kwargs": {"data": {"best": 0.01}}, "callbacks": [stopper]}
    table = folder / "all.csv"
    with Evaluator.create(score, method="serial", method_kwargs=options) as evaluator:
        common = {"surrogate_model": "RF", "log_dir": folder / "search", "random_state": 7 + index}
        search = CBO(problem_of(old), evaluator, **common) if old else CBO(problem_of(old), **common)
        if table.exists():
            search.fit_surrogate(str(table))
        budget = {"max_evals": PER_CYCLE, "timeout": 23 * 3600}
        results = search.search(**budget) if old else search.search(evaluator, **budget)

    saved = {"cycle": index, "stopped": stopper.search_stopped}
    (folder / "stopper.json").write_text(json.dumps(saved))
    if not table.exists():
        results.to_csv(table, index=False)
        return
    columns = pd.read_csv(table, nrows=0).columns.tolist()
    results[columns].to_csv(table, mode="a", index=False, header=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--old", action="store_true")
    old = parser.parse_args().old
    folder = Path("cycles")
    folder.mkdir()

    context = multiprocessing.get_context("spawn")
    for index in range(CYCLES):
        process = context.Process(target=cycle, args=(index, folder, old))
        process.start()
        process.join()
        assert process.exitcode == 0, f"cycle {index} ended with {process.exitcode}"

    table = pd.read_csv(folder / "all.csv")
    saved = json.loads((folder / "stopper.json").read_text())
    facts = {
        "rows": len(table),
        "tried": len(table.drop_duplicates(["p:learning_rate", "p:dropout", "p:schedule"])),
        "last": saved,
        "statuses": sorted(set(table["job_status"])),
        "left_beside": len(list((folder / "search").glob("results*.csv"))),
    }
    print(json.dumps(facts))


if __name__ == "__main__":
    main()
