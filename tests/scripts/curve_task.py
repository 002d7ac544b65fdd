"""The problem and the run-function of a project, in a module of their own, as `launch.py` loads them."""

from __future__ import annotations

from typing import Any

from deephyper.evaluator import profile
from deephyper.hpo import HpProblem

problem = HpProblem()
problem.add_hyperparameter((1e-4, 1.0, "log-uniform"), "lr", default_value=0.01)
problem.add_hyperparameter((1, 8), "layers", default_value=2)
problem.add_hyperparameter(["relu", "tanh"], "activation", default_value="relu")


@profile
def run(job: Any) -> dict[str, Any]:
    """Score a configuration; the best has lr 0.1, four layers and tanh."""
    config = job.parameters.copy()
    config["epochs"] = 3
    score = -abs(config["lr"] - 0.1) - abs(config["layers"] - 4) + (config["activation"] == "tanh")
    return {"objective": score, "metadata": {"epochs": config["epochs"], "started_as": str(job.id)}}
