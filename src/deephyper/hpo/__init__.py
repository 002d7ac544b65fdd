"""Searches for good configurations, and the spaces that they search."""

from ..errors import AllFailedError, SearchSpaceExhausted
from .cbo import CBO
from .problem import HpProblem
from .sampling import RandomSearch
from .search import Search

__all__ = ["CBO", "AllFailedError", "HpProblem", "RandomSearch", "Search", "SearchSpaceExhausted"]
