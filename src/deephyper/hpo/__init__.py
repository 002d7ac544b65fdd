"""Searches for good configurations, and the problems that they search."""

from ..errors import AllFailedError, SearchSpaceExhausted
from ..problem import HpProblem
from .cbo import CBO
from .proposer import Proposer, Trial
from .random import RandomSearch
from .search import Search

__all__ = ["CBO", "AllFailedError", "HpProblem", "Proposer", "RandomSearch", "Search", "SearchSpaceExhausted", "Trial"]


def __dir__() -> list[str]:
    return __all__
