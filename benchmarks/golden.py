"""Record seeded searches, and check whether later code still gives the same ones.

    python benchmarks/golden.py record FOLDER
    python benchmarks/golden.py compare FOLDER [--allow-ids] [--only NAME,NAME]
    python benchmarks/golden.py list

`record` runs the searches of `golden_cases.py` and writes three files for each, with floats to the last digit:

- `<name>.asked`: the configurations in the order in which they were asked for;
- `<name>.csv`: the table that the search returned;
- `<name>.file.csv`: its `results.csv`.

`older-results.csv` is the file of an interrupted search. It is written once; the code under test then resumes it.

`compare` runs all of them again and prints one line per search: "identical", or the first difference of each kind
(what was asked, the rows, the job numbers, the times). It exits with 1 if anything differs; `--allow-ids` reports
other job numbers but accepts them. Times are compared only where the clock is simulated. To run the code of another
source tree, set PYTHONPATH to its `src`.
"""

from __future__ import annotations

import argparse
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import csv
import logging
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from golden_cases import CASES, Place, Trace, write_older_results

import deephyper

OLDER_RESULTS = "older-results.csv"
TIMES = tuple(f"m:timestamp_{name}" for name in ("submit", "start", "end", "gather"))
JOB_ID, TRACEBACK = "job_id", "m:traceback"


@dataclass(frozen=True)
class Grid:
    """A table as texts."""

    columns: list[str]
    rows: list[list[str]]

    def only(self, columns: Sequence[str]) -> Grid:
        places = [self.columns.index(name) for name in columns]
        return Grid(list(columns), [[row[i] for i in places] for row in self.rows])


@dataclass(frozen=True)
class Recording:
    """What is kept of a search.

    Args:
        asked: one text per configuration.
        table: as it was returned.
        file: as it stands in `results.csv`.
    """

    asked: list[str]
    table: Grid
    file: Grid


# From a search to texts.


def exact(value: Any) -> str:
    """The text of a value, with all digits of a float; scalars of numpy look like those of Python."""
    return repr(value.item() if hasattr(value, "item") else value)


def asked_text(configuration: Any) -> str:
    if not isinstance(configuration, dict):
        return exact(configuration)
    return ", ".join(f"{name}={exact(configuration[name])}" for name in sorted(configuration))


def without_clock(grid: Grid, has_virtual_times: bool) -> Grid:
    """Leave out times of a real clock, and of tracebacks all but the last line: the others name files and lines."""
    grid = grid if has_virtual_times else grid.only([name for name in grid.columns if name not in TIMES])
    if TRACEBACK not in grid.columns:
        return grid
    place = grid.columns.index(TRACEBACK)
    rows = [[*row[:place], last_line(row[place]), *row[place + 1 :]] for row in grid.rows]
    return Grid(grid.columns, rows)


def last_line(text: str) -> str:
    return text.replace("\\n", "\n").strip("\"'\n ").rpartition("\n")[2]


def table_grid(table: pd.DataFrame) -> Grid:
    columns = [[exact(value) for value in table[name].tolist()] for name in table.columns]
    return Grid(list(table.columns), [list(row) for row in zip(*columns, strict=True)])


def file_grid(path: Path) -> Grid:
    if not path.exists():
        return Grid([], [])
    with path.open(newline="", encoding="utf-8") as file:
        columns, *rows = csv.reader(file)
    return Grid(columns, rows)


def recorded(trace: Trace, log_dir: Path) -> Recording:
    table, file = (
        without_clock(grid, trace.has_virtual_times)
        for grid in (table_grid(trace.table), file_grid(log_dir / "results.csv"))
    )
    return Recording([asked_text(configuration) for configuration in trace.asked], table, file)


def run(name: str, folder: Path) -> Recording:
    """Run one search in a folder of its own."""
    with tempfile.TemporaryDirectory() as log_dir:
        trace = CASES[name](Place(Path(log_dir), folder / OLDER_RESULTS))
        return recorded(trace, Path(log_dir))


# Files.


def write(folder: Path, name: str, recording: Recording) -> None:
    (folder / f"{name}.asked").write_text("".join(f"{line}\n" for line in recording.asked), encoding="utf-8")
    for suffix, grid in (("csv", recording.table), ("file.csv", recording.file)):
        with (folder / f"{name}.{suffix}").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([grid.columns, *grid.rows])


def read(folder: Path, name: str) -> Recording:
    asked = (folder / f"{name}.asked").read_text(encoding="utf-8").splitlines()
    return Recording(asked, file_grid(folder / f"{name}.csv"), file_grid(folder / f"{name}.file.csv"))


# Differences.


def first_difference(before: Sequence[str], after: Sequence[str]) -> str:
    """Where two lists of texts differ first; empty if they are the same."""
    for i, (old, new) in enumerate(zip(before, after, strict=False)):
        if old != new:
            return f"number {i}: {old} -> {new}"
    return "" if len(before) == len(after) else f"{len(before)} -> {len(after)} of them"


def first_difference_of(before: Grid, after: Grid) -> str:
    """Where two tables differ first, by row and then by column; the order of columns counts."""
    if before.columns != after.columns:
        return f"columns: {first_difference(before.columns, after.columns)}"
    for i, (old, new) in enumerate(zip(before.rows, after.rows, strict=False)):
        for name, x, y in zip(before.columns, old, new, strict=True):
            if x != y:
                return f"row {i}, {name}: {x} -> {y}"
    return "" if len(before.rows) == len(after.rows) else f"{len(before.rows)} -> {len(after.rows)} rows"


def differences_of(before: Grid, after: Grid, what: str) -> Iterator[tuple[str, str]]:
    """The kinds of difference between two tables, each with the place of the first one."""
    kinds: dict[str, Callable[[str], bool]] = {
        "rows": lambda name: name != JOB_ID and name not in TIMES,
        "job ids": lambda name: name == JOB_ID,
        "times": lambda name: name in TIMES,
    }
    for kind, belongs in kinds.items():
        old, new = (grid.only([name for name in grid.columns if belongs(name)]) for grid in (before, after))
        if difference := first_difference_of(old, new):
            yield kind, f"{kind} of the {what}: {difference}"


def differences(before: Recording, after: Recording) -> Iterator[tuple[str, str]]:
    """Pairs of a kind and a sentence."""
    if difference := first_difference(before.asked, after.asked):
        yield "asked", f"asked: {difference}"
    yield from differences_of(before.table, after.table, "table")
    yield from differences_of(before.file, after.file, "file")


# The commands.


@contextmanager
def quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    logging.disable(logging.NOTSET)


def record(folder: Path, names: Sequence[str]) -> bool:
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / OLDER_RESULTS).exists():
        with tempfile.TemporaryDirectory() as log_dir:
            write_older_results(Path(log_dir))
            (folder / OLDER_RESULTS).write_bytes((Path(log_dir) / "results.csv").read_bytes())
    for name in names:
        begin = time.process_time()
        recording = run(name, folder)
        write(folder, name, recording)
        size = f"{len(recording.asked):4d} asked, {len(recording.table.rows):4d} rows"
        print(f"{name:28s} {size}, {time.process_time() - begin:5.2f} s of CPU", flush=True)
    return True


def compare(folder: Path, names: Sequence[str], allow_ids: bool) -> bool:
    """Print what differs; True if all is well."""
    n_bad = sum(not compare_one(folder, name, allow_ids) for name in names)
    print(f"{len(names) - n_bad} of {len(names)} searches are as recorded in {folder}")
    return n_bad == 0


def compare_one(folder: Path, name: str, allow_ids: bool) -> bool:
    if not (folder / f"{name}.asked").exists():
        print(f"{name:28s} NOT RECORDED")
        return False
    before = read(folder, name)
    try:
        found = list(differences(before, run(name, folder)))
    except Exception:
        print(f"{name:28s} RAISED\n{traceback.format_exc()}", flush=True)
        return False
    if not found:
        print(f"{name:28s} identical ({len(before.asked)} asked, {len(before.table.rows)} rows)", flush=True)
    for kind, sentence in found:
        note = " (allowed)" if allow_ids and kind == "job ids" else ""
        print(f"{name:28s} DIFFERENT {sentence}{note}", flush=True)
    return all(allow_ids and kind == "job ids" for kind, _ in found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["record", "compare", "list"])
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--only", help="names of searches, separated by commas")
    parser.add_argument("--allow-ids", action="store_true", help="other job numbers are no failure")
    args = parser.parse_args()
    if args.command == "list":
        print("\n".join(CASES))
        return
    if args.folder is None:
        parser.error("a folder is needed")
    names = args.only.split(",") if args.only else list(CASES)
    if unknown := set(names) - set(CASES):
        parser.error(f"unknown searches: {', '.join(sorted(unknown))}")
    print(f"code: {Path(deephyper.__file__).parent}")
    with quiet():
        is_fine = (
            record(args.folder, names) if args.command == "record" else compare(args.folder, names, args.allow_ids)
        )
    sys.exit(0 if is_fine else 1)


if __name__ == "__main__":
    main()
