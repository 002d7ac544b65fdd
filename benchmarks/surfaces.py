"""Hyperparameter surfaces of YAHPO Gym (Pfisterer et al., 2022; Apache-2.0 data) as tasks to maximize.

A surface is a neural network that was fitted to real trainings. A folder holds its files `model.onnx`,
`config_space.json` and `encoding.json`. Its instances are the data sets of these trainings: related tasks with one
search space. This needs onnxruntime.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import ConfigSpace as CS
import numpy as np

from deephyper.hpo import HpProblem

_N_TYPICAL = 500


@dataclass(frozen=True)
class Scenario:
    """What the files of a scenario do not say.

    Args:
        instance: the hyperparameter that names the data set.
        fixed: what is not searched: trainings at full length on all data.
        numbers: the numeric inputs of the network, in its order.
        choices: its categorical inputs.
        target: which of its outputs is the accuracy.
    """

    instance: str
    fixed: Mapping[str, float]
    numbers: tuple[str, ...]
    choices: tuple[str, ...]
    target: int


SCENARIOS = {
    "lcbench": Scenario(
        "OpenML_task_id",
        {"epoch": 52},
        ("epoch", "batch_size", "learning_rate", "momentum", "weight_decay", "num_layers", "max_units", "max_dropout"),
        ("OpenML_task_id",),
        1,
    ),
    "rbv2_xgboost": Scenario(
        "task_id",
        {"trainsize": 1.0, "repl": 10},
        (
            *("nrounds", "eta", "gamma", "lambda", "alpha", "subsample", "max_depth", "min_child_weight"),
            *("colsample_bytree", "colsample_bylevel", "rate_drop", "skip_drop", "trainsize", "repl"),
        ),
        ("task_id", "booster", "num.impute.selected.cpo"),
        0,
    ),
}


@dataclass(frozen=True)
class Surface:
    """One instance of a scenario.

    Args:
        problem: its search space.
        accuracy: from a configuration to the objective.
        span: best minus median of 500 random configurations.
    """

    problem: HpProblem
    accuracy: Callable[[Mapping[str, Any]], float]
    span: float


@cache
def instances(folder: Path, scenario: str) -> tuple[str, ...]:
    """All instances of a scenario."""
    name = SCENARIOS[scenario].instance
    return next(tuple(h["choices"]) for h in _declared(folder, scenario)["hyperparameters"] if h["name"] == name)


@cache
def surface(folder: Path, scenario: str, instance: str) -> Surface:
    """Load one instance."""
    problem, accuracy = _problem(folder, scenario), _accuracy(folder, scenario, instance)
    values = [accuracy(configuration) for configuration in problem.sample(_N_TYPICAL)]
    return Surface(problem, accuracy, float(np.max(values) - np.median(values)))


def _declared(folder: Path, scenario: str) -> dict[str, Any]:
    return json.loads((folder / scenario / "config_space.json").read_text(encoding="utf-8"))


def _problem(folder: Path, scenario: str) -> HpProblem:
    kept, declared = SCENARIOS[scenario], _declared(folder, scenario)
    problem, added = HpProblem(seed=0), {}
    for h in declared["hyperparameters"]:
        if h["name"] == kept.instance or h["name"] in kept.fixed:
            continue
        if h["type"] == "categorical":
            added[h["name"]] = problem.add_hyperparameter(list(h["choices"]), h["name"])
        else:
            kind = int if h["type"] == "uniform_int" else float
            bounds = (kind(h["lower"]), kind(h["upper"]))
            added[h["name"]] = problem.add_hyperparameter((*bounds, "log-uniform") if h["log"] else bounds, h["name"])
    for condition in declared["conditions"]:
        choices = condition["values"] if condition["type"] == "IN" else [condition["value"]]
        problem.add_condition(CS.InCondition(added[condition["child"]], added[condition["parent"]], choices))
    return problem


def _accuracy(folder: Path, scenario: str, instance: str) -> Callable[[Mapping[str, Any]], float]:
    import onnxruntime

    kept, options = SCENARIOS[scenario], onnxruntime.SessionOptions()
    options.inter_op_num_threads = options.intra_op_num_threads = 1
    network = onnxruntime.InferenceSession(
        folder / scenario / "model.onnx", options, providers=["CPUExecutionProvider"]
    )
    codes = json.loads((folder / scenario / "encoding.json").read_text(encoding="utf-8"))
    choices_input, numbers_input = (given.name for given in network.get_inputs())

    def accuracy(configuration: Mapping[str, Any]) -> float:
        values = {**configuration, **kept.fixed, kept.instance: instance}
        numbers = np.array([[values.get(name, 0.0) for name in kept.numbers]], np.float32)
        choices = np.array([[codes[name][values.get(name, "#na#")] for name in kept.choices]], np.int32)
        (outputs,) = network.run(None, {choices_input: choices, numbers_input: numbers})
        return float(outputs[0][kept.target])

    return accuracy
