"""Ask and tell on rows: the composition of space, surrogate, acquisition and transfer."""

from .optimizer import BayesianOptimizer
from .proposal import Proposals, Propose, Snapshot, propose
from .settings import N_CONTROLS, N_INITIAL, Settings
from .strategy import STRATEGIES, Strategy
from .suggestion import Suggestion
from .trace import Step, Trace

__all__ = [
    "N_CONTROLS",
    "N_INITIAL",
    "STRATEGIES",
    "BayesianOptimizer",
    "Proposals",
    "Propose",
    "Settings",
    "Snapshot",
    "Step",
    "Strategy",
    "Suggestion",
    "Trace",
    "propose",
]
__dir__ = __all__.copy
