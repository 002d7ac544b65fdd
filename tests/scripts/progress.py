"""A bar that knows how many evaluations there will be, of a search and of an evaluator alone."""

from __future__ import annotations

import argparse
import json
from typing import Any

from deephyper.evaluator import Evaluator
from deephyper.evaluator.callback import TqdmCallback


def run(job: Any) -> Any:
    return "F_too_large" if job["x"] > 0.9 else job["x"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--old", action="store_true")
    old = parser.parse_args().old
    if old:
        from deephyper.problem import HpProblem
        from deephyper.search.hps import CBO
    else:
        from deephyper.hpo import CBO, HpProblem
    problem = HpProblem()
    problem.add_hyperparameter((0.0, 1.0), "x")

    bar = TqdmCallback(100) if old else TqdmCallback("Searching")
    evaluator = Evaluator.create(run, method="thread", method_kwargs={"num_workers": 2, "callbacks": [bar]})
    common = {"surrogate_model": "DUMMY", "random_state": 1, "log_dir": "log"}
    if old:
        results = CBO(problem, evaluator, verbose=False, **common).search(max_evals=100)
    else:
        results = CBO(problem, verbose=0, **common).search(evaluator, max_evals=100)

    counted = TqdmCallback(7)
    alone = Evaluator.create(run, method="serial", method_kwargs={"callbacks": [counted]})
    alone.submit([{"x": step / 10} for step in range(7)])
    jobs = alone.gather("ALL")
    alone.close()
    facts = {
        "rows": len(results),
        "failures": int(results["objective"].astype(str).str.startswith("F").sum()),
        "alone": len(jobs),
        "best_alone": max(objective for parameters, objective in jobs),
    }
    print(json.dumps(facts))


if __name__ == "__main__":
    main()
