"""Rows appended to a CSV file as they come, so that nothing is lost when a process dies."""

from __future__ import annotations

import csv
import io
import math
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import final

from .._cells import cell
from .columns import Row


@final
class Journal:
    """A CSV file that grows row by row.

    The file is opened and flushed for each append, so another program may read it at any time. A column that comes late
    needs all lines again: they are written to a second file, which then replaces the first one in a single step. A file
    of that name that another search wrote, before or meanwhile, is kept under `<name>_<time>.csv`.

    Args:
        path: the file; it is touched by the first row, not before.
    """

    def __init__(self, path: str | os.PathLike[str]):
        self.path = Path(path)
        self._columns: list[str] = []
        self._left: tuple[int, ...] = ()  # which file it was when we last wrote, and how long

    def append(self, rows: Sequence[Row]) -> bool:
        """Write rows at the end of the file.

        Returns:
            False, and nothing is written, if somebody else has changed the file meanwhile: then rewrite all rows.
        """
        if not rows:
            return True
        if self._columns and self._left != _identity(self.path):
            return False
        late = [name for name in dict.fromkeys(name for row in rows for name in row) if name not in self._columns]
        if not self._columns:
            self.rewrite([], late)
        elif late:
            self._widen(late)
        with self.path.open("a", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(self._lines(rows))
        self._left = _identity(self.path)
        return True

    def rewrite(self, rows: Sequence[Row], columns: Sequence[str], keep_older: bool = True) -> None:
        """Replace the whole file by these rows.

        Args:
            rows: all rows.
            columns: all columns, in order.
            keep_older: keep a file that is there and was not written by this journal under another name.
        """
        if keep_older and self.path.exists() and self._left != _identity(self.path):
            keep_older_file(self.path)
        self._columns = list(columns)
        self._replace(self._lines(rows))

    def _lines(self, rows: Sequence[Row]) -> list[list[str]]:
        return [[cell(row.get(name, math.nan)) for name in self._columns] for row in rows]

    def _widen(self, late: list[str]) -> None:
        _, *lines = read_lines(self.path)
        self._columns += late
        self._replace([line + [""] * len(late) for line in lines])

    def _replace(self, lines: list[list[str]]) -> None:
        beside = self.path.with_name(self.path.name + ".new")
        with beside.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(self._columns)
            writer.writerows(lines)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self.path)
        self._left = _identity(self.path)


def _identity(path: Path) -> tuple[int, ...]:
    """Device, number and length of a file, which change when it is replaced or grows; nothing if there is none."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return ()
    return status.st_dev, status.st_ino, status.st_size


def keep_older_file(path: Path) -> None:
    """Rename a file to `<name>_<time>.csv`, never onto another one."""
    stem = f"{path.stem}_{time.strftime('%Y%m%d-%H%M%S')}"
    target, n = path.with_name(f"{stem}{path.suffix}"), 1
    while target.exists():
        target, n = path.with_name(f"{stem}-{n}{path.suffix}"), n + 1
    path.rename(target)


def read_lines(path: Path) -> list[list[str]]:
    """Read the lines of a CSV file as lists of cells, the header first; a last line that was cut off is left out."""
    text = path.read_bytes().decode("utf-8", errors="ignore")
    # A long text or a large list may stand in one cell; the limit can only be set for the whole process.
    limit = csv.field_size_limit()
    csv.field_size_limit(max(limit, len(text)))
    try:
        lines = [line for line in csv.reader(io.StringIO(text, newline="")) if line]
    finally:
        csv.field_size_limit(limit)
    if len(lines) > 1 and (
        len(lines[-1]) < len(lines[0]) or not text.endswith(("\n", "\r")) or _is_inside_quotes(text)
    ):
        del lines[-1]
    return lines


def _is_inside_quotes(text: str) -> bool:
    """A quote within a quoted cell is doubled, so a whole file holds an even number of them."""
    return text.count('"') % 2 == 1
