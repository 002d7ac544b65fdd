"""Old home of `deephyper.hpo`."""

from .._missing import refuse_names
from ..hpo import Search

__all__ = ["Search"]
__dir__ = __all__.copy

refuse_names(__name__)
