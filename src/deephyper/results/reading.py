"""Reading a table back from its CSV file."""

from __future__ import annotations

import json
import logging
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn, Protocol

import numpy as np
import pandas as pd

from .._arrays import Array
from .._cells import value_of
from .._checks import quoted, shown
from ..job import METADATA, PARAMETER, TIMES, JobStatus, Objectives, Row, is_reason
from ..space import Space
from .kinds import is_inactive
from .lines import Lines, lines_of
from .literals import parsers_of_literals
from .older import as_today
from .solution import SOLUTION
from .table import PARETO, Results, column, table_of

logger = logging.getLogger(__name__)

Parse = Callable[[str], Any]

_STATUSES = [JobStatus.DONE.value, JobStatus.CANCELLED.value]
# More digits stand for no count of anything.
_LARGEST_NUMBER = 10**15
# Values of these types may stand in several rows.
_SHARED = (str, int, float, bool, type(None))
_LONGEST = 80  # characters of a cell in a sentence
_ADVICE = "correct the cell or remove the row"


class HasSpace(Protocol):
    """A problem: `deephyper.hpo.HpProblem`."""

    def numeric_space(self) -> Space:
        """Its hyperparameters, as dimensions."""


@dataclass(frozen=True)
class FileRows:
    """The rows of a search, read from its CSV file.

    Args:
        columns: of the file.
        rows: its rows, with the types that they had.
        numbers: the line where each row begins, as an editor shows it.
        left_out: a sentence for everything that is not among the rows.
        is_older: whether it was in the form of another version.
    """

    columns: list[str]
    rows: list[Row]
    numbers: list[int]
    left_out: list[str]
    is_older: bool


def read_file(
    path: str | os.PathLike[str],
    parsers: Mapping[str, Parse],
    where: str = "",
    default: Parse = value_of,
    advice: str = _ADVICE,
) -> FileRows:
    """Read the rows of a search from its CSV file, with the types that they had, without a last line that was cut off.

    Args:
        path: the file.
        parsers: for hyperparameters, how to turn the text of a cell into its value, see `Dimension.read_cell`; an empty
            cell means inactive and becomes NaN.
        where: the subject of errors.
        default: reads the cells of all other hyperparameters.
        advice: what to do about a cell that holds no value of its column.

    Raises:
        ValueError: it is no such file, or a cell holds no value of its column.
    """
    lines = as_today(lines_of(path, where))
    place = f"{where}: {path}" if where else str(path)
    objectives = objectives_of(lines.columns, place)
    names = [name for name in lines.columns if name]
    of_columns = {name: _parser_of(name, parsers, objectives, default) for name in names}
    lines = _without_torn_row(lines, of_columns)
    cells = [_parsed(f"{place}, row", lines, name, of_columns[name], advice) for name in names]
    rows = [dict(zip(names, values, strict=True)) for values in zip(*cells, strict=True)]
    return FileRows(names, rows, [line.number for line in lines.rows], lines.left_out, lines.is_older)


def read_csv(path: str | os.PathLike[str], problem: HasSpace | None = None) -> Results:
    """Read the file `results.csv` of a search as the table that the search returned, with all types.

    `None` is told from inactive, and tuples, bools, whole numbers and texts that look like numbers come back as they
    were; `best_parameters` works.

    Args:
        path: the file.
        problem: the problem of the search. Without it, the values of choices come from `search.json` beside the file.
            It knows everything that Python can write as a literal: texts, numbers, None, tuples, lists, dictionaries.
            Objects of another kind come back only with the problem; otherwise they are texts.

    Raises:
        ValueError: it is no such file, or a cell holds no value of its column; with row and column.
        FileNotFoundError: there is no such file.

    With pandas alone, `pd.read_csv(path, keep_default_na=False, na_values=[""], dtype={"objective": "objective"})`
    tells the choices "None" and "nan" from empty cells, and has an objective that computes, once `deephyper.results` is
    imported; tuples stay texts, and whole numbers beside empty cells become floats.

    Example:
        >>> import pathlib, tempfile
        >>> from deephyper.results import read_csv
        >>> path = pathlib.Path(tempfile.mkdtemp(), "results.csv")
        >>> _ = path.write_text("p:depth,p:kind,objective,job_id,job_status\\n3,null,0.5,0,DONE\\n,true,F_x,1,DONE\\n")
        >>> read_csv(path).configurations
        [{'depth': 3, 'kind': None}, {'kind': True}]
    """
    if problem is None:
        parsers = parsers_of_literals(_literals_beside(Path(path)))
    else:
        space = problem.numeric_space()
        parsers = {dimension.name: lenient(dimension.read_cell, space) for dimension in space.dimensions}
    found = read_file(path, parsers, "read_csv")
    if problem is not None and space.is_conditional:
        leave_out_inactive(found, space, f"read_csv: {path}", _ADVICE)
    warn_of(found.left_out, path, "read_csv")
    names = [name.removeprefix(PARAMETER) for name in found.columns if name.startswith(PARAMETER)]
    return table_of(found.rows, names, Objectives.of_columns(found.columns))


def as_frame(
    table: pd.DataFrame | str | os.PathLike[str], parsers: Mapping[str, Parse] | None = None, where: str = ""
) -> pd.DataFrame:
    """Take a table as it is, or read it from a CSV file, where the values of hyperparameters stay texts.

    Args:
        table: the table, or the path of the file.
        parsers: for some hyperparameters, another way to read a cell.
        where: the subject of errors.
    """
    if isinstance(table, pd.DataFrame):
        return table
    found = read_file(table, parsers or {}, where, default=str)
    warn_of(found.left_out, table, where)
    return pd.DataFrame({name: column([row[name] for row in found.rows]) for name in found.columns})


def _literals_beside(path: Path) -> Mapping[str, Any]:
    """What `search.json` beside a table says of choices; nothing if there is none."""
    beside = path.with_name("search" + path.stem.removeprefix("results") + ".json")
    try:
        found = json.loads(beside.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        logger.warning("read_csv: %s cannot be read (%s); lists may stand for tuples.", beside, error)
        return {}
    literals = found.get("choices") if isinstance(found, dict) else None
    return literals if isinstance(literals, dict) else {}


def warn_of(left_out: Sequence[str], path: str | os.PathLike[str], where: str, then: str = "") -> None:
    """Say what was left out of a file."""
    if left_out:
        logger.warning("%s: %s: left out: %s.%s", where or "read_csv", path, "; ".join(left_out), then)


def objectives_of(columns: Sequence[str], place: str) -> Objectives:
    """The objectives of a table by its columns.

    Raises:
        ValueError: they are no objectives of one search.
    """
    objectives = Objectives.of_columns(columns)
    numbered = [name for name in columns if name.startswith("objective_") and name[10:].isdigit()]
    others = [name for name in numbered if name not in objectives.columns]
    if "objective" in columns and "objective" not in objectives.columns:
        others.append("objective")
    if others:
        raise ValueError(
            f"{place}: the objectives must be 'objective' alone, or 'objective_0', 'objective_1' and so on, got "
            f"{quoted(name for name in columns if name in numbered or name == 'objective')}; rename or remove a column."
        )
    return objectives


def _parsed(place: str, lines: Lines, column: str, parse: Parse, advice: str) -> list[Any]:
    """The values of one column. Equal texts are read once where there are many of them."""
    k = lines.columns.index(column)
    texts = [line.cells[k] for line in lines.rows]
    different = set(texts)
    try:
        if 4 * len(different) < len(texts):
            known = {text: parse(text) for text in different}
            if all(isinstance(value, _SHARED) for value in known.values()):
                return [known[text] for text in texts]
        return [parse(text) for text in texts]
    except (ValueError, RecursionError):
        for line, text in zip(lines.rows, texts, strict=True):
            _try(parse, text, f"{place} {line.number}: column {column!r}", advice)
        raise


def _try(parse: Parse, text: str, place: str, advice: str) -> None:
    """Raise with a sentence if a cell holds no value."""
    try:
        parse(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"{place} cannot hold {shown(text, _LONGEST)}: {str(error).removesuffix('.')}; {advice}."
        ) from None


def refuse(place: str, number: int, column: str, reason: str) -> NoReturn:
    """Raise with a sentence for a cell of a row, by the number of its line."""
    raise ValueError(f"{place}, row {number}: column {column!r}: {reason}")


class _Unread(str):
    """The text of a cell that holds no value of its hyperparameter, which does no harm where that is inactive."""


def lenient(parse: Parse, space: Space) -> Parse:
    """Read a cell, and keep its text for `leave_out_inactive` where it holds no value and may be inactive."""

    def read(text: str) -> Any:
        try:
            return parse(text)
        except ValueError:
            return _Unread(text)

    return read if space.is_conditional else parse


def leave_out_inactive(file: FileRows, space: Space, place: str, advice: str, needs_values: bool = False) -> bool:
    """Empty the cells of inactive hyperparameters, which some programs fill in, and say whether any held something.

    Nothing is known to be inactive where columns are missing. Active ones must hold a value of theirs, or be empty, but
    with `needs_values` not where the evaluation has ended.
    """
    held, has_all = False, {PARAMETER + name for name in space.names} <= {*file.columns}
    for dimension, values in zip(space.dimensions, space.value_columns(_rows(space, file.rows)).values(), strict=True):
        column = PARAMETER + dimension.name
        if column not in file.columns:
            continue
        for row, number, value in zip(file.rows, file.numbers, values, strict=True):
            if has_all and is_inactive(value):
                held |= not is_inactive(row[column])
                row[column] = math.nan
            elif isinstance(row[column], _Unread):
                _try(dimension.read_cell, row[column], f"{place}, row {number}: column {column!r}", advice)
            elif needs_values and is_inactive(row[column]) and row["job_status"] == JobStatus.DONE.value:
                reason = (
                    "by the conditions of this problem it is active there and is empty, so the table belongs to other"
                )
                refuse(place, number, column, f"{reason} conditions; use another log_dir, or give it to fit_surrogate.")
    return held


def _rows(space: Space, rows: Sequence[Row]) -> Array:
    """Canonical rows, (n, d), whatever inactive or missing hyperparameters hold."""
    X = np.empty((len(rows), space.n_columns))
    for j, dimension in enumerate(space.columns):
        X[:, j], values = dimension.imputed, [row.get(PARAMETER + dimension.name, math.nan) for row in rows]
        there = [i for i, value in enumerate(values) if not (is_inactive(value) or isinstance(value, _Unread))]
        X[there, j] = dimension.encode([values[i] for i in there])
    return space.canonical(X)


def _without_torn_row(lines: Lines, parsers: Mapping[str, Parse]) -> Lines:
    """The same lines without a last one that was cut off in its last cell, so that this holds no value."""
    if not lines.has_open_end or not lines.rows:
        return lines
    *others, last = lines.rows
    try:
        parsers.get(lines.columns[-1], value_of)(last.cells[-1])
    except ValueError:
        return replace(lines, rows=others, left_out=[*lines.left_out, f"row {last.number} was cut off"])
    return lines


def _parser_of(name: str, of_hyperparameters: Mapping[str, Parse], objectives: Objectives, default: Parse) -> Parse:
    """How to turn the text of a cell into a value, by the name of its column."""
    if name.startswith(SOLUTION):
        return _solution_parser(name.removeprefix(SOLUTION), of_hyperparameters)
    if name.startswith(PARAMETER):
        parse = of_hyperparameters.get(name.removeprefix(PARAMETER), default)
        return lambda text: math.nan if text == "" else parse(text)
    return _objective if name in objectives.columns else _PARSERS.get(name, value_of)


def _solution_parser(name: str, of_hyperparameters: Mapping[str, Parse]) -> Parse:
    """The same for what was recommended. Nothing is learned from it, so what is no such value is kept as it is."""
    parse = of_hyperparameters.get(name.removeprefix(PARAMETER), value_of) if name.startswith(PARAMETER) else value_of

    def read(text: str) -> Any:
        try:
            return math.nan if text == "" else parse(text)
        except ValueError:
            return text

    return read


def _objective(text: str) -> float | str:
    value = value_of(text)
    if isinstance(value, str) and is_reason(value):
        return value
    try:
        return _number(text)
    except ValueError:
        raise ValueError("it must be a finite number, or a text that begins with 'F' for a failure") from None


def _status(text: str) -> str:
    if text not in _STATUSES:
        raise ValueError(f"it must be one of {quoted(_STATUSES)}")
    return text


def _job_id(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text[:20]) > _LARGEST_NUMBER:
        raise ValueError(f"it must be a whole number from 0 to {_LARGEST_NUMBER}")
    return int(text)


def _flag(text: str) -> bool:
    if text.lower() not in ("true", "false", ""):
        raise ValueError("it must be true or false")
    return text.lower() == "true"


def _number(text: str) -> float:
    if not text:
        return math.nan
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError("it must be a finite number")
    return number


_PARSERS: dict[str, Parse] = {
    "job_id": _job_id,
    "job_status": _status,
    PARETO: _flag,
    **{METADATA + name: _number for name in TIMES},
}
