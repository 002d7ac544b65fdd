"""Old home of `deephyper.hpo`."""

from .._checks import refuse_names
from ..hpo import Search
from ..hpo.other_words import NOT_HERE

__all__ = ["Search"]


def __dir__() -> list[str]:
    return __all__


refuse_names(__name__, NOT_HERE)
