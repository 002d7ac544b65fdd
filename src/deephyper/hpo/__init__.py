"""Searches for good configurations, and the problems that they search."""

from .._missing import refuse_names
from ..errors import AllFailedError, SearchSpaceExhausted
from ..problem import HpProblem, check_hyperparameter
from .cbo import CBO
from .proposer import Proposer, Trial
from .random import RandomSearch
from .replayed import Replay
from .search import Search

__all__ = [
    "CBO",
    "AllFailedError",
    "HpProblem",
    "Proposer",
    "RandomSearch",
    "Replay",
    "Search",
    "SearchSpaceExhausted",
    "Trial",
    "check_hyperparameter",
]
__dir__ = __all__.copy

refuse_names(__name__)
