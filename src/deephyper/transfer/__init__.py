"""Earlier tasks as belief: what they say of rows, which of their rows to try first, and how far to trust them."""

from .density import Density, density_of
from .guide import Guide, Standardized, standardized
from .guided import Guidance, Guided
from .leads import EarlierRows, leads_of, source_of
from .source import MOST_BEATEN, N_LEADS, Source, SourceReport
from .source_model import source_model

__all__ = [
    "MOST_BEATEN",
    "N_LEADS",
    "Density",
    "EarlierRows",
    "Guidance",
    "Guide",
    "Guided",
    "Source",
    "SourceReport",
    "Standardized",
    "density_of",
    "leads_of",
    "source_model",
    "source_of",
    "standardized",
]
__dir__ = __all__.copy
