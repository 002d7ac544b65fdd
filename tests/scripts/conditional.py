"""A space with conditions; configurations are written out in full, so that inactive hyperparameters have values too."""

from __future__ import annotations

import argparse
import json
from typing import Any

import ConfigSpace as CS
import pandas as pd

# Everything that the project's two models know, whichever of them is used.
DEFAULTS = {"model": "forest", "trees": 10, "depth": 4, "penalty": 0.5}
TUNED = {"model": "linear", "trees": 10, "depth": 4, "penalty": 0.25}


def problem_of(old: bool) -> Any:
    if old:
        from deephyper.problem import HpProblem
    else:
        from deephyper.hpo import HpProblem
    problem = HpProblem()
    add = problem.add_hyperparameter if old else problem.add
    model = problem.add_hyperparameter(["forest", "linear"], "model", default_value="forest")
    add((1, 50), "trees", default_value=10)
    add((1, 9), "depth", default_value=4)
    add((0.0, 1.0), "penalty", default_value=0.5)
    conditions = [
        CS.EqualsCondition(problem["trees"], model, "forest"),
        CS.EqualsCondition(problem["depth"], model, "forest"),
        CS.EqualsCondition(problem["penalty"], model, "linear"),
    ]
    problem.add_conditions(conditions)
    return problem


def run(job: Any) -> float:
    active = set(job.parameters)
    expected = {"model", "trees", "depth"} if job.parameters["model"] == "forest" else {"model", "penalty"}
    assert active == expected, f"{active} are not {expected}"
    return job.parameters["trees"] / 50 if "trees" in active else 0.5 - job.parameters["penalty"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--old", action="store_true")
    old = parser.parse_args().old
    from deephyper.evaluator import Evaluator
    from deephyper.hpo import CBO

    problem = problem_of(old)
    options = {"initial_points": [DEFAULTS, TUNED], "random_state": 3, "log_dir": "searched"}
    evaluator = Evaluator.create(run, method="thread", method_kwargs={"num_workers": 1})
    results = CBO(problem, evaluator, **options).search(8) if old else CBO(problem, **options).search(evaluator, 8)

    told = CBO(problem, random_state=3, log_dir="told")
    told.tell([(DEFAULTS, 0.2), (TUNED, 0.25)])
    table = told.history.to_dataframe()

    earlier = pd.DataFrame({f"p:{name}": [DEFAULTS[name], TUNED[name]] for name in DEFAULTS})
    earlier["objective"] = [0.2, 0.25]
    learned = CBO(problem, random_state=3, log_dir="learned")
    learned.fit_surrogate(earlier)
    facts = {
        "checked": problem.check_configuration(DEFAULTS) and problem.check_configuration(TUNED),
        "failures": int(results["objective"].astype(str).str.startswith("F").sum()),
        "rows": len(results),
        "first": results.loc[0, ["p:model", "p:trees", "p:depth"]].tolist(),
        "empty_of_first_two": results.loc[:1, ["p:trees", "p:depth", "p:penalty"]].isna().sum(axis=1).tolist(),
        "second": results.loc[1, ["p:model", "p:penalty"]].tolist(),
        "empty_of_told": table[["p:trees", "p:depth", "p:penalty"]].isna().sum(axis=1).tolist(),
        "rows_of_learned": len(learned.search(run, 3)),
    }
    print(json.dumps(facts))


if __name__ == "__main__":
    main()
