"""Reading a table back from its CSV file."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from .._cells import value_of
from .._checks import quoted
from ..job import METADATA, PARAMETER, TIMES, JobStatus, Objectives, Row, is_reason, read_lines
from .table import Results, table_of

Parse = Callable[[str], Any]

_TIMES = [METADATA + name for name in TIMES]


def read_rows(path: str | os.PathLike[str], parsers: Mapping[str, Parse]) -> tuple[list[str], list[Row]]:
    """Read the rows of a search from its CSV file, with the types that they had.

    Args:
        path: the file.
        parsers: for each hyperparameter, how to turn the text of a cell into its value, see `Dimension.read_cell`; an
            empty cell means inactive and becomes NaN.

    Returns:
        The columns of the file, and its rows; a last line that was cut off is left out.

    Raises:
        ValueError: a cell holds no value of its column.
    """
    columns, *lines = read_lines(Path(path)) or [[]]
    objectives = Objectives.of_columns(columns)
    of_columns = {column: _parser_of(column, parsers, objectives) for column in columns}
    return columns, [_row(f"{path}, row {i}", texts, of_columns) for i, texts in enumerate(lines)]


def read_table(path: str | os.PathLike[str], parsers: Mapping[str, Parse]) -> Results:
    """Read a search's CSV file as the table that the search returned."""
    columns, rows = read_rows(path, parsers)
    names = [name.removeprefix(PARAMETER) for name in columns if name.startswith(PARAMETER)]
    return table_of(rows, names, Objectives.of_columns(columns))


def as_frame(table: pd.DataFrame | str | os.PathLike[str]) -> pd.DataFrame:
    """Take a table as it is, or read it from a CSV file, where the values of hyperparameters stay texts."""
    if isinstance(table, pd.DataFrame):
        return table
    columns = pd.read_csv(table, nrows=0).columns
    texts = {name: object for name in columns if str(name).startswith(PARAMETER)}
    return pd.read_csv(table, keep_default_na=False, na_values=[""], dtype=texts)


def _row(where: str, texts: Sequence[str], parsers: Mapping[str, Parse]) -> Row:
    row = {}
    for (name, parse), text in zip(parsers.items(), texts, strict=False):
        try:
            row[name] = parse(text)
        except ValueError as error:
            raise ValueError(f"{where}: column {name!r} cannot hold {text!r}: {error}") from error
    return row


def _parser_of(column: str, of_hyperparameters: Mapping[str, Parse], objectives: Objectives) -> Parse:
    """How to turn the text of a cell into a value, by the name of its column."""
    if column.startswith(PARAMETER):
        parse = of_hyperparameters.get(column.removeprefix(PARAMETER), value_of)
        return lambda text: math.nan if text == "" else parse(text)
    if column in objectives.columns:
        return _objective
    if column in _TIMES:
        return _number
    if column == "job_status":
        return _status
    return int if column == "job_id" else value_of


def _objective(text: str) -> float | str:
    value = value_of(text)
    return value if isinstance(value, str) and is_reason(value) else _number(text)


def _status(text: str) -> str:
    accepted = [status.value for status in JobStatus]
    if text not in accepted:
        raise ValueError(f"it must be one of {quoted(accepted)}.")
    return text


def _number(text: str) -> float:
    return float(text) if text else math.nan
