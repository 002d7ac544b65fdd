"""Old home of the searches in `deephyper.hpo`."""

from ..hpo import CBO, RandomSearch

__all__ = ["CBO", "RandomSearch"]


def __dir__() -> list[str]:
    return __all__
