"""The table that a search returns, and its file."""

from .history import History
from .reading import as_frame, read_rows, read_table
from .resume import Restored, read_interrupted
from .table import Results, column, table_of

__all__ = [
    "History",
    "Restored",
    "Results",
    "as_frame",
    "column",
    "read_interrupted",
    "read_rows",
    "read_table",
    "table_of",
]


def __dir__() -> list[str]:
    return __all__
