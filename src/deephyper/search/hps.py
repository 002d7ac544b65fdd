"""Old home of the searches in `deephyper.hpo`."""

from .._checks import refuse_names
from ..hpo import CBO, RandomSearch
from ..hpo.other_words import NOT_HERE

__all__ = ["CBO", "RandomSearch"]
__dir__ = __all__.copy

refuse_names(__name__, NOT_HERE)
