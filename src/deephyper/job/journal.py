"""Rows appended to a CSV file as they come, so that nothing is lost when a process dies."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import math
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import final

from .._cells import cell
from .columns import METADATA, Row
from .files import identity, replace_file

# Holds, as JSON, the cells of columns that came late, until these get columns of their own. Keys of metadata that begin
# with "_" are never written, so no user's column has this name.
_LATE = METADATA + "_late"
# So often may late columns have every row written again, on average; more rows than these are never too many.
_MOST_REWRITES, _FEW_ROWS = 8, 500


@final
class Journal:
    """A CSV file that grows row by row.

    The file is opened and flushed for each append, so another program may read it at any time. A column that comes late
    needs all lines again: they are written to a second file, which then replaces the first one in a single step. When
    columns come late again and again, their cells stand in one column for a while. A file of that name that another
    search wrote, before or meanwhile, is kept under `<name>_<time>.csv`.

    All methods raise OSError when the file cannot be written. Then it holds what it held before, and the same rows may
    be tried again.

    Args:
        path: the file; it is touched by the first row, not before.
    """

    def __init__(self, path: str | os.PathLike[str]):
        self.path = Path(path)
        self._columns: list[str] = []
        self._left: tuple[int, ...] = ()  # which file it was when we last wrote, and how long
        self._is_torn = self._needs_line_end = False
        self._n_rows = self._n_rewritten = 0

    @property
    def has_begun(self) -> bool:
        """Whether it has written the file or goes on with one."""
        return bool(self._columns)

    @property
    def is_untouched(self) -> bool:
        """Whether nobody else has changed, replaced or removed the file since."""
        return self._left == identity(self.path)

    @property
    def has_late_cells(self) -> bool:
        """Whether columns that came late have none of their own yet."""
        return _LATE in self._columns

    def adopt(self, n_rows: int) -> bool:
        """Go on with the file that is there, without changing it.

        Args:
            n_rows: how many rows were read from it.

        Returns:
            False if it holds anything else, such as a last row that was cut off: then rewrite all rows.
        """
        self._left = identity(self.path)
        data = self.path.read_bytes()
        lines = _lines_of(data)
        if len(lines) != n_rows + 1 or _is_inside_quotes(data):
            # It counts as somebody else's, so that it is kept beside what is written in its place.
            self._left = ()
            return False
        self._columns, self._n_rows = lines[0], n_rows
        self._needs_line_end = not data.endswith((b"\n", b"\r"))
        return True

    def append(self, rows: Sequence[Row]) -> bool:
        """Write rows at the end of the file.

        Returns:
            False, and nothing is written, if somebody else has changed the file meanwhile: then rewrite all rows.
        """
        if not rows:
            return True
        if self.has_begun:
            self._mend()
            if not self.is_untouched:
                return False
        late = [name for name in dict.fromkeys(name for row in rows for name in row) if name not in self._columns]
        if not self._columns:
            # The first rows come with the header, so that an older file is not moved away before they are there.
            self.rewrite(rows, late)
            return True
        if late:
            self._make_room(late)
        self._write_at_the_end(rows)
        return True

    def rewrite(self, rows: Sequence[Row], columns: Sequence[str], keep_older: bool = True) -> None:
        """Replace the whole file by these rows.

        Args:
            rows: all rows.
            columns: all columns, in order.
            keep_older: keep a file that is there and was not written by this journal under another name.
        """
        is_anothers = keep_older and not self.is_untouched
        self._replace(columns, [_line(row, columns) for row in rows], keeps_older=is_anothers)

    def _make_room(self, late: list[str]) -> None:
        """Give late columns their place, or a common one if that would write all rows again too often."""
        may_rewrite = self._n_rewritten <= _MOST_REWRITES * self._n_rows + _FEW_ROWS
        if self.has_late_cells and not may_rewrite:
            return
        # Every line counts: the last one of a file that was not written here may have no line end.
        header, *lines = with_late_columns(_lines_of(self.path.read_bytes()))
        # Some of them may have stood in the common column until now.
        late = [name for name in late if name not in header]
        new = late if may_rewrite else [_LATE]
        self._replace(header + new, [line + [""] * len(new) for line in lines])

    def _write_at_the_end(self, rows: Sequence[Row]) -> None:
        line_end = b"\r\n" if self._needs_line_end else b""
        data = _csv(_line(row, self._columns) for row in rows)
        self._is_torn = True
        try:
            with self.path.open("ab") as file:
                file.write(line_end + data)
        except BaseException:
            with contextlib.suppress(OSError):
                self._mend()
            raise
        self._is_torn = self._needs_line_end = False
        self._n_rows += len(rows)
        self._left = identity(self.path)

    def _mend(self) -> None:
        """Cut off what was written of rows when the disk was full, if that is still there."""
        if not self._is_torn:
            return
        now = identity(self.path)
        if now[:2] == self._left[:2] and len(now) == 3 and now[2] > self._left[2]:
            os.truncate(self.path, self._left[2])
        self._is_torn = False

    def _replace(self, columns: Sequence[str], lines: list[list[str]], keeps_older: bool = False) -> None:
        replace_file(self.path, _csv([columns, *lines]), keeps_older)
        self._columns, self._n_rows, self._is_torn, self._needs_line_end = list(columns), len(lines), False, False
        self._n_rewritten += len(lines)
        self._left = identity(self.path)


def _line(row: Row, columns: Sequence[str]) -> list[str]:
    if _LATE in columns:
        late = {name: cell(value) for name, value in row.items() if name not in columns}
        row = {**row, _LATE: late} if late else row
    return [cell(row.get(name, math.nan)) for name in columns]


def _csv(lines: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(lines)
    return text.getvalue().encode("utf-8")


def _lines_of(data: bytes) -> list[list[str]]:
    text = data.decode("utf-8-sig", errors="ignore")
    # A long text or a large list may stand in one cell; the limit can only be set for the whole process.
    limit = csv.field_size_limit()
    csv.field_size_limit(max(limit, len(text)))
    try:
        return [line for line in csv.reader(io.StringIO(text, newline="")) if line]
    finally:
        csv.field_size_limit(limit)


def _is_inside_quotes(data: bytes) -> bool:
    """A quote within a quoted cell is doubled, so a whole file holds an even number of them."""
    return data.count(b'"') % 2 == 1


def with_late_columns(lines: list[list[str]]) -> list[list[str]]:
    """Give each name that the common column of late ones holds a column of its own.

    Args:
        lines: the texts of all cells, the header first.
    """
    if not lines or _LATE not in lines[0]:
        return lines
    place = lines[0].index(_LATE)
    late = [_late_cells(line[place]) if place < len(line) else {} for line in lines[1:]]
    names = list(dict.fromkeys(name for cells in late for name in cells))
    others = [[*line[:place], *line[place + 1 :]] for line in lines]
    rows = [line + [cells.get(name, "") for name in names] for line, cells in zip(others[1:], late, strict=True)]
    return [others[0] + names, *rows]


def _late_cells(text: str) -> dict[str, str]:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}
