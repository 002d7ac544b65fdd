"""Reading a table back from its CSV file."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from ..job import METADATA, PARAMETER, TIMES, Row, is_reason, read_lines, value_of
from .table import Results, table_of

Parse = Callable[[str], Any]


def read_rows(path: str | os.PathLike[str], parsers: Mapping[str, Parse]) -> tuple[list[str], list[Row]]:
    """Read the rows of a search from its CSV file, with the types that they had.

    Args:
        path: the file.
        parsers: for each hyperparameter, how to turn the text of a cell into its value; empty cells are inactive, NaN.

    Returns:
        The columns of the file, and its rows; a last line that was cut off is left out.

    Raises:
        ValueError: a cell holds no value of its column.
    """
    columns, *lines = read_lines(Path(path)) or [[]]
    return columns, [_row(f"{path}, row {i}", dict(zip(columns, line, strict=False)), parsers) for i, line in enumerate(lines)]


def read_table(path: str | os.PathLike[str], parsers: Mapping[str, Parse]) -> Results:
    """Read a search's CSV file as the table that the search returned."""
    columns, rows = read_rows(path, parsers)
    n_objectives = sum(name.startswith("objective_") for name in columns) or 1
    names = [name[len(PARAMETER) :] for name in columns if name.startswith(PARAMETER)]
    return table_of(rows, names, n_objectives)


def as_frame(table: pd.DataFrame | str | os.PathLike[str]) -> pd.DataFrame:
    """Take a table as it is, or read it from a CSV file, where the values of hyperparameters stay texts."""
    if isinstance(table, pd.DataFrame):
        return table
    columns = pd.read_csv(table, nrows=0).columns
    texts = {name: object for name in columns if str(name).startswith(PARAMETER)}
    return pd.read_csv(table, keep_default_na=False, na_values=[""], dtype=texts)


def _row(where: str, line: Mapping[str, str], parsers: Mapping[str, Parse]) -> Row:
    row = {}
    for name, text in line.items():
        try:
            row[name] = _parsed(name, text, parsers)
        except ValueError as error:
            raise ValueError(f"{where}: column {name!r} cannot hold {text!r}: {error}") from error
    return row


def _parsed(name: str, text: str, parsers: Mapping[str, Parse]) -> Any:
    if name.startswith(PARAMETER):
        return math.nan if text == "" else parsers.get(name[len(PARAMETER) :], value_of)(text)
    if name == "job_id":
        return int(text)
    if name == "job_status":
        return text
    if name == "objective" or name.startswith("objective_"):
        value = value_of(text)
        return value if isinstance(value, str) and is_reason(value) else _number(text)
    if name in [METADATA + time for time in TIMES]:
        return _number(text)
    return value_of(text)


def _number(text: str) -> float:
    return float(text) if text else math.nan
