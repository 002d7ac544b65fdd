"""Ask and tell on rows: the composition of space, surrogate, acquisition and transfer."""

from .belief import Belief, Recommended
from .optimizer import BayesianOptimizer
from .proposal import Proposals, Propose, Snapshot, propose
from .settings import N_CONTROLS, N_INITIAL, Settings
from .strategy import STRATEGIES, Strategy
from .suggestion import Suggestion
from .thrift import LARGEST_THRIFT
from .told import FEWEST_VALUES
from .trace import Step, Trace

__all__ = [
    "FEWEST_VALUES",
    "LARGEST_THRIFT",
    "N_CONTROLS",
    "N_INITIAL",
    "STRATEGIES",
    "BayesianOptimizer",
    "Belief",
    "Proposals",
    "Propose",
    "Recommended",
    "Settings",
    "Snapshot",
    "Step",
    "Strategy",
    "Suggestion",
    "Trace",
    "propose",
]
__dir__ = __all__.copy
