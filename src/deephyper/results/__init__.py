"""The table that a search returns, and its file."""

from .history import History
from .reading import as_frame, read_rows, read_table
from .table import Results, column, table_of

__all__ = ["History", "Results", "as_frame", "column", "read_rows", "read_table", "table_of"]
