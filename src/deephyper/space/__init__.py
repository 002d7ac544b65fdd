"""What may be tried: configurations as rows of numbers."""

from .designs import DESIGNS, Design, sobol
from .dimension import Categorical, Constant, Dimension, Integer, Ordinal, Real
from .feasible import Walkers, reflected
from .originals import Originals
from .space import LARGEST_GRID, Space, each_row_key, row_keys

__all__ = [
    "DESIGNS",
    "LARGEST_GRID",
    "Categorical",
    "Constant",
    "Design",
    "Dimension",
    "Integer",
    "Ordinal",
    "Originals",
    "Real",
    "Space",
    "Walkers",
    "each_row_key",
    "reflected",
    "row_keys",
    "sobol",
]


def __dir__() -> list[str]:
    return __all__
