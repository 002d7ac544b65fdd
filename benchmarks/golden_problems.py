"""The problems of `golden_cases.py`, and the functions that are maximized on them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import ConfigSpace as CS
import numpy as np

from deephyper.hpo import HpProblem

Configuration = Mapping[str, Any]


def floats(n: int = 3) -> HpProblem:
    problem = HpProblem()
    problem.add_hyperparameter((1e-4, 1.0, "log-uniform"), "x0")
    for i in range(1, n):
        problem.add_hyperparameter((-1.0, 2.0), f"x{i}")
    return problem


def bowl(job: Configuration) -> float:
    """A bowl with waves."""
    x = np.array([job[name] for name in sorted(job)])
    return float(np.sum(0.1 * np.sin(9.0 * x) - np.square(x - 0.3)))


def failing_bowl(job: Configuration) -> Any:
    """The bowl, with every kind of failure near the borders."""
    if job["x1"] > 1.2:
        raise ValueError("x1 is too large")
    if job["x1"] < -0.5:
        return math.nan
    if job["x2"] > 1.3:
        return "F_x2_too_large"
    if job["x2"] < -0.4:
        return None
    return {"objective": bowl(job), "metadata": {"side": "left" if job["x1"] < 0.5 else "right"}}


def mixed() -> HpProblem:
    """All kinds of hyperparameters, with conditions, a forbidden clause and a constraint function."""
    problem = HpProblem()
    problem.add_hyperparameter((1e-5, 1e-1, "log-uniform"), "rate")
    problem.add_hyperparameter((1, 64, "log-uniform"), "width")
    problem.add_hyperparameter((1, 5), "layers")
    optimizer = problem.add_hyperparameter(["sgd", "adam", "none"], "optimizer")
    momentum = problem.add_hyperparameter((0.0, 0.99), "momentum")
    nesterov = problem.add_hyperparameter([True, False], "nesterov")
    batch = problem.add_hyperparameter([8, 16, 32, 64], "batch", default_value=32)
    problem.add_hyperparameter({"mu": 0.5, "sigma": 1.0, "lower": -3.0, "upper": 3.0}, "offset")
    problem.add_hyperparameter(7, "fixed")
    problem.add_conditions(
        [CS.EqualsCondition(momentum, optimizer, "sgd"), CS.GreaterThanCondition(nesterov, momentum, 0.3)]
    )
    problem.add_forbidden_clause(
        CS.ForbiddenAndConjunction(CS.ForbiddenEqualsClause(optimizer, "none"), CS.ForbiddenInClause(batch, [8, 16]))
    )
    problem.set_constraint_fn(lambda frame: frame["width"] * frame["layers"] <= 150)
    return problem


def training(job: Configuration) -> float:
    """Something like the accuracy of a training."""
    value: float = (
        -((math.log10(job["rate"]) + 3.0) ** 2) - 0.2 * (math.log2(job["width"]) - 4.0) ** 2 - 0.1 * job["layers"]
    )
    value += {"sgd": 0.3, "adam": 0.5, "none": -1.0}[job["optimizer"]] - 0.01 * abs(job["batch"] - 32)
    value -= (job.get("momentum", 0.5) - 0.8) ** 2 + 0.3 * (job["offset"] - 0.2) ** 2
    return value + 0.05 * bool(job.get("nesterov", False))


def refusing_training(job: Configuration) -> Any:
    if job["optimizer"] == "none":
        return None
    return "F_too_fast" if job["rate"] > 0.03 else training(job)


def failing_training(job: Configuration) -> Any:
    if job["optimizer"] == "none":
        raise RuntimeError("there is no optimizer")
    return refusing_training(job)


def choices() -> HpProblem:
    problem = HpProblem()
    problem.add_hyperparameter((0, 30), "steps")
    problem.add_hyperparameter({"mu": 5, "sigma": 2, "lower": 0, "upper": 10}, "depth")
    problem.add_hyperparameter([0.1, 0.2, 0.5, 1.0], "share")
    problem.add_hyperparameter(["a", "b", "c", "d", "e"], "kind")
    problem.add_hyperparameter([None, "1", True], "odd")
    problem.add(CS.OrdinalHyperparameter("size", ["S", "M", "L", "XL"]))
    return problem


def choosing(job: Configuration) -> float:
    value: float = -abs(job["steps"] - 11) / 30 - abs(job["depth"] - 7) / 10 - abs(job["share"] - 0.5)
    value += {"S": 0.0, "M": 0.3, "L": 0.5, "XL": 0.2}[job["size"]] + 0.1 * "edcba".index(job["kind"])
    return value + (0.2 if job["odd"] is True else 0.0)


def grid() -> HpProblem:
    """30 combinations; 23 of them are legal and different."""
    problem = HpProblem()
    problem.add_hyperparameter((1, 5), "a")
    b = problem.add_hyperparameter(["x", "y", "z"], "b")
    c = problem.add_hyperparameter([1, 2], "c")
    problem.add_condition(CS.NotEqualsCondition(c, b, "z"))
    problem.set_constraint_fn(lambda frame: frame["a"] + (frame["b"] == "y") <= 5)
    return problem


def on_grid(job: Configuration) -> float:
    return float(-abs(job["a"] - 3) + "xyz".index(job["b"]) * 0.7 + 0.1 * job.get("c", 0))


def drawn_by_hand(n: int) -> list[dict[str, Any]]:
    """A sampling function of the user's own: the same draws at every call, fewer the more there are."""
    rng = np.random.default_rng(n)
    return [{"x0": float(10 ** -rng.uniform(0, 4)), "x1": float(x), "x2": float(x / 2)} for x in rng.uniform(-1, 2, n)]


def by_hand() -> HpProblem:
    problem = floats()
    problem.set_sampling_fn(drawn_by_hand)
    return problem


def two_objectives(job: Configuration) -> Any:
    if job["optimizer"] == "none":
        return "F_no_optimizer"
    return training(job), -float(job["width"] * job["layers"])
