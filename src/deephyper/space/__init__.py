"""What may be tried: configurations as rows of numbers."""

from .designs import sobol
from .dimension import Categorical, Constant, Dimension, Integer, Ordinal, Real
from .space import LARGEST_GRID, Space, row_keys

__all__ = ["LARGEST_GRID", "Categorical", "Constant", "Dimension", "Integer", "Ordinal", "Real", "Space", "row_keys", "sobol"]
