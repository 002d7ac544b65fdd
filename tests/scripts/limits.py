"""Evaluations that may take so much memory and no more, whatever they do."""

from __future__ import annotations

import argparse
import json
from typing import Any

from deephyper.evaluator import Evaluator, profile

LIMIT = 0.4 * 1024**3


@profile(memory=True, memory_limit=LIMIT, memory_tracing_interval=0.01, register=False)
def run(job: Any) -> float:
    held = b"x" * int(job.parameters["megabytes"] * 1e6)
    # One call, during which no other thread of the process runs. For the largest it takes half a minute.
    return sum(held) / ord("x") / 1e6


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
    problem.add_hyperparameter((1, 2000), "megabytes")

    points = [{"megabytes": 10}, {"megabytes": 1500}, {"megabytes": 20}]
    common = {"initial_points": points, "random_state": 1, "log_dir": "log", "surrogate_model": "DUMMY"}
    evaluator = Evaluator.create(run, method="process", method_kwargs={"num_workers": 1})
    if old:
        results = CBO(problem, evaluator, filter_failures="mean", **common).search(3, timeout=60)
    else:
        options = {"filter_failures": "mean"}
        results = CBO(problem, acq_optimizer_kwargs=options, **common).search(evaluator, 3, timeout=60)
    evaluator.close()
    by_size = results.set_index("p:megabytes")["objective"]
    facts = {
        "rows": len(results),
        "small": [float(by_size[10]), float(by_size[20])],
        "large": by_size[1500],
        "memory": bool((results.loc[results["p:megabytes"] < 100, "m:memory"] > 0).all()),
    }
    print(json.dumps(facts))


if __name__ == "__main__":
    main()
