"""From the bytes of a CSV file to its rows of texts: what is cut off is left out, what is no such file is refused."""

from __future__ import annotations

import codecs
import csv
import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from .._checks import quoted
from ..job import with_late_columns

# Nothing that is written by hand or by a program ends with it.
_END = "\x1e\x1e"
_MARKS = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
_PACKED = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"PK\x03\x04": "zip or Excel", b"PAR1": "Parquet"}
_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}


class Line(NamedTuple):
    """A row of texts: the number of the line where it begins, as an editor shows it, and its texts."""

    number: int
    cells: list[str]


@dataclass(frozen=True)
class Lines:
    """What a CSV file holds.

    Args:
        columns: names of its columns; empty for one without a name, such as the index that pandas writes.
        rows: its whole rows.
        left_out: a sentence for everything that is not among them.
        has_open_end: whether the last row may have been cut off in its last cell.
        is_older: whether it was in the form of another version.
    """

    columns: list[str]
    rows: list[Line]
    left_out: list[str]
    has_open_end: bool
    is_older: bool = False


def lines_of(path: str | os.PathLike[str], where: str) -> Lines:
    """Read the rows of a CSV file.

    Args:
        path: the file; UTF-8, with commas.
        where: the subject of errors, such as "checkpoint_restart".

    Raises:
        ValueError: it is no CSV file of that kind, or a row has more or fewer cells than the header.
        FileNotFoundError: there is no such file.
    """
    where = f"{where}: {path}" if where else str(path)
    text, left_out = _text_of(_bytes_of(Path(path), where), where)
    physical = list(io.StringIO(text, newline=""))
    (header, *records), is_closed = _records(physical, left_out)
    _check_header(header.cells, where)
    rows = []
    has_open_end = not is_closed and not text.endswith(("\n", "\r"))
    for i, record in enumerate(records):
        if len(record.cells) == len(header.cells):
            rows.append(record)
        elif len(record.cells) < len(header.cells) and has_open_end and i == len(records) - 1:
            left_out.append(f"row {record.number} was cut off")
            has_open_end = False
        else:
            raise ValueError(
                f"{where}, row {record.number}: a row must have {len(header.cells)} cells like the first one, got "
                f"{len(record.cells)}; mend or remove it."
            )
    columns, *cells = with_late_columns([header.cells, *(row.cells for row in rows)])
    if columns is not header.cells:
        rows = [Line(row.number, late) for row, late in zip(rows, cells, strict=True)]
    return Lines(columns, rows, left_out, has_open_end)


def _bytes_of(path: Path, where: str) -> bytes:
    if path.is_dir():
        raise ValueError(f"{where} must be a CSV file, and is a folder; pass the file in it, such as results.csv.")
    if not path.exists():
        raise FileNotFoundError(f"{where} must be a CSV file, and there is none of that name; look at the path.")
    data = path.read_bytes()
    for mark, kind in _PACKED.items():
        if data.startswith(mark):
            raise ValueError(f"{where} must be a CSV file, and is a file of {kind}; unpack or export it first.")
    return data


def _text_of(data: bytes, where: str) -> tuple[str, list[str]]:
    """Decode a file, and say what was left out at its end."""
    for mark, kind in _MARKS.items():
        if data.startswith(mark):
            raise ValueError(f"{where} must be encoded in UTF-8, and is in {kind}; save it as UTF-8.")
    kept, left_out = data.removeprefix(codecs.BOM_UTF8).rstrip(b"\0"), []
    if b"\0" in kept[:2]:
        raise ValueError(f"{where} must be encoded in UTF-8, and holds zero bytes as UTF-16 does; save it as UTF-8.")
    if len(kept) < len(data) and data.endswith(b"\0"):
        left_out.append("zero bytes at its end, as a crash of the system leaves them")
    try:
        text = kept.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.end < len(kept) or error.reason != "unexpected end of data":
            line = kept.count(b"\n", 0, error.start) + 1
            raise ValueError(
                f"{where}, row {line}: it must be encoded in UTF-8, and holds the byte 0x{kept[error.start]:02x} at "
                f"place {error.start}, as Latin-1 or Windows-1252 do; save it as UTF-8."
            ) from None
        # It was cut off within a letter, whose first bytes do no harm.
        text = kept[: error.start].decode("utf-8")
    if not text.strip():
        raise ValueError(f"{where} must hold the table of a search, and is empty; remove it.")
    return text, left_out


def _records(physical: Sequence[str], left_out: list[str]) -> tuple[list[Line], bool]:
    """Split lines into records. What a quote that never ends swallows is looked at again, line by line.

    Returns:
        The records, and whether the end of the file was left out.
    """
    found: list[Line] = []
    begin = 0
    while begin < len(physical):
        records = _parsed(physical[begin:], begin)
        if records[-1].cells == [_END]:
            return found + _not_blank(records[:-1]), False
        *whole, broken = records
        found += _not_blank(whole)
        if not found:
            return [Line(broken.number, physical[0].rstrip("\r\n").split(","))], True
        begin = _next_whole(physical, broken.number, found[0])
        is_last = begin == len(physical)
        left_out.append(f"row {broken.number} {'was cut off' if is_last else 'has a quote that never ends'}")
    return found, True


def _parsed(physical: Sequence[str], n_before: int) -> list[Line]:
    """All records, with one that marks the end, unless a quote is open there."""
    ended = physical if physical[-1].endswith(("\n", "\r")) else [*physical[:-1], physical[-1] + "\n"]
    records, number = [], n_before + 1
    with _long_cells():
        reader = csv.reader([*ended, _END])
        for cells in reader:
            records.append(Line(number, cells))
            number = n_before + reader.line_num + 1
    return records


def _not_blank(records: Sequence[Line]) -> list[Line]:
    return [record for record in records if record.cells]


def _next_whole(physical: Sequence[str], begin: int, header: Line) -> int:
    """The first line, from a place on, that may be a whole row; the number of all lines if none is."""
    for i in range(begin, len(physical)):
        first = _parsed(physical[i : i + 1], i)[0]
        if len(first.cells) == len(header.cells) and _has_status(first.cells, header.cells):
            return i
    return len(physical)


def _has_status(cells: Sequence[str], columns: Sequence[str]) -> bool:
    cell = dict(zip(columns, cells, strict=True))
    return "job_status" not in cell or (cell["job_status"].isupper() and cell.get("job_id", "0").isdigit())


@contextmanager
def _long_cells() -> Iterator[None]:
    """A long text or a large list may stand in one cell; the limit can only be set for the whole process."""
    limit = csv.field_size_limit()
    csv.field_size_limit(max(limit, 2**31 - 1))
    try:
        yield
    finally:
        csv.field_size_limit(limit)


def _check_header(columns: Sequence[str], where: str) -> None:
    line = ",".join(columns)
    for separator, name in _SEPARATORS.items():
        if line.count(separator) > line.count(",") and len(line.split(separator)) > 1:
            raise ValueError(
                f"{where} must have commas between its cells, and has {name}; save it again with commas, for example "
                f"with pandas: pd.read_csv(path, sep={separator!r}).to_csv(path, index=False)"
            )
    twice = [name for i, name in enumerate(columns) if name in columns[:i]]
    if twice:
        raise ValueError(
            f"{where} must have a name of its own for every column, and {quoted(twice[:1])} stands there twice; "
            "remove one of the columns."
        )
