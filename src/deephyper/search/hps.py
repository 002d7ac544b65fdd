"""Old home of the searches in `deephyper.hpo`."""

from .._missing import refuse_names
from ..hpo import CBO, RandomSearch

__all__ = ["CBO", "RandomSearch"]
__dir__ = __all__.copy

refuse_names(__name__)
