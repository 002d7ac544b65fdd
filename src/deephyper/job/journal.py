"""Rows appended to a CSV file as they come, so that nothing is lost when a process dies."""

from __future__ import annotations

import csv
import json
import math
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, final

from .row import Row


@final
class Journal:
    """A CSV file that grows row by row.

    The file is opened for each append and flushed, so another program may read it at any time. A column that comes late
    rewrites the file, through a second file that takes its place in one step. An older file of that name is kept under
    `<name>_<time>.csv`.

    Args:
        path: the file; it is touched by the first row, not before.
    """

    def __init__(self, path: str | os.PathLike[str]):
        self.path = Path(path)
        self._columns: list[str] = []

    def append(self, rows: Sequence[Row]) -> None:
        """Write rows at the end of the file."""
        if not rows:
            return
        late = [name for name in dict.fromkeys(name for row in rows for name in row) if name not in self._columns]
        if not self._columns:
            self._begin(late)
        elif late:
            self._widen(late)
        with self.path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerows([[cell(row.get(name, math.nan)) for name in self._columns] for row in rows])
            file.flush()

    def rewrite(self, rows: Sequence[Row], columns: Sequence[str]) -> None:
        """Replace the whole file by these rows."""
        self._columns = list(columns)
        self._replace([[cell(row.get(name, math.nan)) for name in self._columns] for row in rows])

    def _begin(self, columns: list[str]) -> None:
        if self.path.exists():
            keep_older_file(self.path)
        self._columns = columns
        self._replace([])

    def _widen(self, late: list[str]) -> None:
        with self.path.open(newline="", encoding="utf-8") as file:
            _, *lines = csv.reader(file)
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


def keep_older_file(path: Path) -> None:
    """Rename a file to `<name>_<time>.csv`, never onto another one."""
    stem = f"{path.stem}_{time.strftime('%Y%m%d-%H%M%S')}"
    target, n = path.with_name(f"{stem}{path.suffix}"), 1
    while target.exists():
        target, n = path.with_name(f"{stem}-{n}{path.suffix}"), n + 1
    path.rename(target)


def cell(value: Any) -> str:
    """Write one value as the text of a CSV cell: empty for NaN, 17 digits for floats, JSON for lists and mappings."""
    if hasattr(value, "tolist"):  # numpy's scalars and arrays
        value = value.tolist()
    if isinstance(value, float):
        return "" if math.isnan(value) else repr(value)
    if isinstance(value, (list, tuple, Mapping)):
        return json.dumps(value, default=str)
    return str(value)
