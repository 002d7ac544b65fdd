"""The run-function is tried by hand before it is searched with."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from deephyper.evaluator import Evaluator, RunningJob, profile


def run(job: Any, folder: str = ".", verbose: bool = True) -> dict[str, Any]:
    """Train in a few steps, store the model under the job's number."""
    for step in range(1, 4):
        job.record(step, job["x"] * step / 3)
        if job.stopped():
            break
    (Path(folder) / f"model_{job.id}.txt").write_text(str(dict(job)))
    if verbose:
        print(f"{job.id}: {job.parameters['x']}")
    return {"objective": job.objective, "metadata": {"steps": step}}


@profile(memory=False)
def profiled(job: Any) -> float:
    if isinstance(job, RunningJob):
        job = job.parameters
    return -(job["x"] ** 2)


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
    problem.add_hyperparameter((0.0, 1.0), "x", default_value=0.75)

    job = RunningJob(id="test", parameters=problem.default_configuration)
    by_hand = run(job, verbose=False)
    plain = profiled(RunningJob(parameters={"x": 2.0}))
    changed = RunningJob(id=0, parameters={"x": 1.0})
    changed.parameters["epochs"] = 10
    changed["batch"] = 16

    options = {"num_workers": 1, "run_function_kwargs": {"folder": "models", "verbose": False}}
    Path("models").mkdir()
    evaluator = Evaluator.create(run, method="thread", method_kwargs=options)
    common = {"initial_points": [problem.default_configuration], "random_state": 1, "log_dir": "log"}
    results = CBO(problem, evaluator, **common).search(3) if old else CBO(problem, **common).search(evaluator, 3)
    facts = {
        "by_hand": [by_hand["objective"], by_hand["metadata"]["steps"], Path("model_test.txt").exists()],
        "profiled": [plain["objective"], plain["metadata"]["timestamp_end"] >= plain["metadata"]["timestamp_start"]],
        "changed": [changed["epochs"], changed.parameters["batch"], changed.get("x"), changed.stopped()],
        "dictionary": profiled({"x": 1.0})["objective"],
        "searched": [len(results), float(results.objective[0])],
        "models": len(list(Path("models").iterdir())),
    }
    print(json.dumps(facts))


if __name__ == "__main__":
    main()
