"""The table that a search returns, and its file."""

from .history import Choose, History
from .literals import literals_of
from .reading import as_frame, read_csv, warn_of
from .resume import Restored, read_interrupted
from .solution import Solution
from .table import Results, column, table_of

__all__ = [
    "Choose",
    "History",
    "Restored",
    "Results",
    "Solution",
    "as_frame",
    "column",
    "literals_of",
    "read_csv",
    "read_interrupted",
    "table_of",
    "warn_of",
]
__dir__ = __all__.copy
