"""Public test functions with moved optima, as tasks to maximize with a declared space and a known best value.

Formulas: Surjanovic & Bingham, Virtual Library of Simulation Experiments. For each seed the optimum is moved to a
random place in the inner 70 % of the box. A coordinate that would leave the box is reflected at its border, so that the
function stays continuous.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

Configuration = Mapping[str, Any]


@dataclass(frozen=True)
class Number:
    """A hyperparameter in a range."""

    name: str
    low: float
    high: float
    is_integer: bool = False
    is_log: bool = False


@dataclass(frozen=True)
class Choice:
    """A hyperparameter without an order."""

    name: str
    choices: tuple[str, ...]


@dataclass(frozen=True)
class Task:
    """A function to maximize.

    Args:
        name: what it is called in tables.
        space: its hyperparameters.
        function: from a configuration to the objective.
        best: the largest objective.
        typical: the median objective of random configurations; regret is counted in units of best - typical.
        parents: for a hyperparameter that only sometimes counts, the hyperparameter and its choice that wake it.
    """

    name: str
    space: tuple[Number | Choice, ...]
    function: Callable[[Configuration], float]
    best: float
    typical: float
    parents: Mapping[str, tuple[str, str]]

    def regret(self, value: float) -> float:
        """Distance of an objective to the best one, 1 for a typical random configuration."""
        return (self.best - value) / (self.best - self.typical)

    def sample(self, rng: np.random.Generator) -> dict[str, Any]:
        """A random configuration."""
        configuration: dict[str, Any] = {}
        for part in self.space:
            parent = self.parents.get(part.name)
            if parent is None or configuration.get(parent[0]) == parent[1]:
                configuration[part.name] = _sampled(part, rng)
        return configuration


def _sampled(part: Number | Choice, rng: np.random.Generator) -> Any:
    if isinstance(part, Choice):
        return part.choices[rng.integers(len(part.choices))]
    low, high = (part.low - 0.5, part.high + 0.5) if part.is_integer else (part.low, part.high)
    value = float(np.exp(rng.uniform(np.log(low), np.log(high)))) if part.is_log else float(rng.uniform(low, high))
    return int(np.clip(round(value), part.low, part.high)) if part.is_integer else value


def ackley(x: np.ndarray) -> float:
    return float(20 + np.e - 20 * np.exp(-0.2 * np.sqrt(np.mean(x**2))) - np.exp(np.mean(np.cos(2 * np.pi * x))))


def branin(x: np.ndarray) -> float:
    a, b = x
    return float(
        (b - 5.1 / (4 * np.pi**2) * a**2 + 5 / np.pi * a - 6) ** 2 + 10 * (1 - 1 / (8 * np.pi)) * np.cos(a) + 10
    )


def griewank(x: np.ndarray) -> float:
    return float(np.sum(x**2) / 4000 - np.prod(np.cos(x / np.sqrt(np.arange(1, len(x) + 1)))) + 1)


def levy(x: np.ndarray) -> float:
    w = 1 + (x - 1) / 4
    first, last = np.sin(np.pi * w[0]) ** 2, (w[-1] - 1) ** 2 * (1 + np.sin(2 * np.pi * w[-1]) ** 2)
    return float(first + np.sum((w[:-1] - 1) ** 2 * (1 + 10 * np.sin(np.pi * w[:-1] + 1) ** 2)) + last)


def rastrigin(x: np.ndarray) -> float:
    return float(10 * len(x) + np.sum(x**2 - 10 * np.cos(2 * np.pi * x)))


def rosenbrock(x: np.ndarray) -> float:
    return float(np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2))


def styblinski(x: np.ndarray) -> float:
    return float(0.5 * np.sum(x**4 - 16 * x**2 + 5 * x) + 39.16616570377142 * len(x))


_ALPHA = np.array([1.0, 1.2, 3.0, 3.2])
_A = np.array(
    [[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14]]
)
_P = 1e-4 * np.array(
    [
        [1312, 1696, 5569, 124, 8283, 5886],
        [2329, 4135, 8307, 3736, 1004, 9991],
        [2348, 1451, 3522, 2883, 3047, 6650],
        [4047, 8828, 8732, 5743, 1091, 381],
    ]
)


def hartmann(x: np.ndarray) -> float:
    return float(-_ALPHA @ np.exp(-np.sum(_A * (x - _P) ** 2, axis=1)))


# Name: the function to minimize, its box, dimension, smallest value, and where it has it.
_FUNCTIONS: dict[str, tuple[Callable[[np.ndarray], float], float | tuple, float | tuple, int, float, float | tuple]] = {
    "ackley-4": (ackley, -32.768, 32.768, 4, 0.0, 0.0),
    "branin-2": (branin, (-5.0, 0.0), (10.0, 15.0), 2, 0.39788735772973816, (np.pi, 2.275)),
    "griewank-6": (griewank, -600.0, 600.0, 6, 0.0, 0.0),
    "hartmann-6": (hartmann, 0.0, 1.0, 6, -3.32236801141551, (0.20169, 0.150011, 0.476874, 0.275332, 0.311652, 0.6573)),
    "levy-8": (levy, -10.0, 10.0, 8, 0.0, 1.0),
    "rastrigin-3": (rastrigin, -5.12, 5.12, 3, 0.0, 0.0),
    "rosenbrock-4": (rosenbrock, -5.0, 10.0, 4, 0.0, 1.0),
    "styblinski-10": (styblinski, -5.0, 5.0, 10, 0.0, -2.903534),
}


def _moved(name: str, seed: int) -> Task:
    return moved(name, *_FUNCTIONS[name], seed=seed)


def moved(
    name: str,
    function: Callable[[np.ndarray], float],
    low: float | tuple,
    high: float | tuple,
    d: int,
    smallest: float,
    minimizer: float | tuple,
    seed: int,
) -> Task:
    """A function to minimize in a box, whose minimizer is moved to a random place, as a task to maximize."""
    low, high = np.broadcast_to(low, d).astype(float), np.broadcast_to(high, d).astype(float)
    place = low + np.random.default_rng([seed, d]).uniform(0.15, 0.85, d) * (high - low)

    def objective(configuration: Configuration) -> float:
        x = np.array([configuration[f"x{i}"] for i in range(d)]) - place + minimizer
        share = np.abs(np.mod((x - low) / (high - low) + 1.0, 2.0) - 1.0)
        return -function(low + share * (high - low))

    space = tuple(Number(f"x{i}", float(low[i]), float(high[i])) for i in range(d))
    return with_typical(name, space, objective, -smallest, {})


def _conditional(seed: int) -> Task:
    """A made-up training: a learning rate, whole numbers and choices that interact, and some conditional parameters."""
    rng = np.random.default_rng([seed, 99])
    rate, units, dropout, momentum, warm = rng.uniform(0.2, 0.8, 5)
    best_optimizer, best_activation = rng.integers(3), rng.integers(4)
    optimizers, activations = ("sgd", "adam", "lamb"), ("relu", "gelu", "tanh", "selu")

    def objective(c: Configuration) -> float:
        u = np.log(c["rate"] / 1e-5) / np.log(1e4)
        v = np.log(c["units"] / 8) / np.log(64)
        optimizer, activation = optimizers.index(c["optimizer"]), activations.index(c["activation"])
        loss = 6 * (u - rate - 0.1 * (v - units) - 0.05 * optimizer) ** 2 + (v - units) ** 2
        loss += (0.5 - 0.4 * (c["layers"] == 3 + activation % 3)) * abs(c["layers"] - 3 - activation % 3) / 4
        loss += (
            0.3 * (activation != best_activation) + 0.2 * (optimizer != best_optimizer) + (c["dropout"] - dropout) ** 2
        )
        # Momentum is there for sgd alone, the warm-up for lamb alone.
        loss += 0.8 * (c["momentum"] - momentum) ** 2 if optimizer == 0 else 0.0
        loss += 0.8 * (c["warmup"] - warm) ** 2 if optimizer == 2 else 0.0
        return -float(loss)

    space = (
        Number("rate", 1e-5, 1e-1, is_log=True),
        Number("units", 8, 512, is_integer=True, is_log=True),
        Number("layers", 1, 8, is_integer=True),
        Number("dropout", 0.0, 1.0),
        Choice("activation", activations),
        Choice("optimizer", optimizers),
        Number("momentum", 0.0, 1.0),
        Number("warmup", 0.0, 1.0),
    )
    parents = {"momentum": ("optimizer", "sgd"), "warmup": ("optimizer", "lamb")}
    return with_typical("training-8 (mixed)", space, objective, 0.0, parents)


def with_typical(
    name: str,
    space: tuple[Number | Choice, ...],
    objective: Callable[[Configuration], float],
    best: float,
    parents: Mapping[str, tuple[str, str]],
) -> Task:
    """A task, with the median of 1,000 random configurations as its typical value."""
    task, rng = Task(name, space, objective, best, best - 1.0, parents), np.random.default_rng(0)
    typical = float(np.median([objective(task.sample(rng)) for _ in range(1_000)]))
    return Task(name, space, objective, best, typical, parents)


TASKS: dict[str, Callable[[int], Task]] = {name: lambda seed, name=name: _moved(name, seed) for name in _FUNCTIONS}
TASKS["training-8 (mixed)"] = _conditional
