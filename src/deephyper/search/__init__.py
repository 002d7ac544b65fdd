"""Old home of `deephyper.hpo`."""

from .._checks import refuse_names
from ..hpo import Search
from ..hpo.other_words import NOT_HERE

__all__ = ["Search"]
__dir__ = __all__.copy

refuse_names(__name__, NOT_HERE)
