"""Ask and tell on rows: the composition of space, surrogate, acquisition and transfer."""

from .optimizer import BayesianOptimizer
from .proposal import Proposals, Snapshot, propose

__all__ = ["BayesianOptimizer", "Proposals", "Snapshot", "propose"]
