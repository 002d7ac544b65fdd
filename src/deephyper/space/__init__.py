"""What may be tried: configurations as rows of numbers."""

from .branches import Branches
from .choices import Categorical, Constant, Ordinal
from .designs import DESIGNS, Design, sobol
from .dimension import Dimension
from .feasible import Walkers, reflected
from .numeric import Integer, Real
from .originals import Originals
from .space import LARGEST_GRID, Space, each_row_key, row_keys

__all__ = [
    "DESIGNS",
    "LARGEST_GRID",
    "Branches",
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
__dir__ = __all__.copy
