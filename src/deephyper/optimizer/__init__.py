"""Ask and tell on rows: the composition of space, surrogate, acquisition and transfer."""

from .optimizer import BayesianOptimizer
from .proposal import Proposals, Snapshot, propose
from .settings import N_CONTROLS, N_INITIAL, Settings
from .strategy import STRATEGIES, Strategy
from .suggestion import Suggestion

__all__ = [
    "N_CONTROLS",
    "N_INITIAL",
    "STRATEGIES",
    "BayesianOptimizer",
    "Proposals",
    "Settings",
    "Snapshot",
    "Strategy",
    "Suggestion",
    "propose",
]
__dir__ = __all__.copy
