"""Reading what an interrupted search left in its CSV file; it must fit the problem exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

from .._checks import did_you_mean
from ..job import PARAMETER, Job, JobStatus, Objectives, Row, is_failure
from ..space import Dimension, Space
from .kinds import is_inactive
from .reading import FileRows, leave_out_inactive, lenient, objectives_of, read_file, refuse, warn_of

_WHERE = "checkpoint_restart"
_ADVICE = "correct the cell, or use another log_dir if the table belongs to another problem"


@dataclass(frozen=True)
class Restored:
    """The evaluations of an interrupted search.

    Args:
        rows: as its table had them.
        jobs: the same evaluations as jobs.
        objectives: those of the search, as far as the evaluations tell.
        left_out: a sentence for everything in the file that is not among them.
        is_as_written: whether the file holds them as this version writes them.
    """

    rows: list[Row]
    jobs: list[Job]
    objectives: Objectives
    left_out: list[str] = field(default_factory=list)
    is_as_written: bool = True


def read_interrupted(path: Path, space: Space) -> Restored:
    """Read the file of an interrupted search, without a last line that was cut off.

    Raises:
        ValueError: it does not fit the problem exactly, or is something else than the table of a search.
    """
    readers = {dimension.name: _Reader(dimension) for dimension in space.dimensions}
    parsers = {name: lenient(reader.value, space) for name, reader in readers.items()}
    file = read_file(path, parsers, _WHERE, advice=_ADVICE)
    place = f"{_WHERE}: {path}"
    objectives = objectives_of(file.columns, place)
    _check_columns(file.columns, space, objectives, place)
    _check_numbers(file, place)
    _check_objectives(file, objectives, place)
    if not file.is_older:
        _check_kinds(file, readers, place)
    is_as_written = not leave_out_inactive(file, space, place, _ADVICE, needs_values=True) and not file.is_older
    jobs = [Job.from_row(row, space.names, objectives) for row in file.rows]
    kept = (
        f" The whole file is kept under another name, {path.stem}_<time>{path.suffix}, when this one is written again."
    )
    warn_of(file.left_out, path, _WHERE, kept)
    learned = objectives.learned_from(job.objective for job in jobs)
    return Restored(file.rows, jobs, learned, file.left_out, is_as_written)


def _check_columns(columns: Sequence[str], space: Space, objectives: Objectives, place: str) -> None:
    for name in (*objectives.columns, "job_id", "job_status"):
        if name not in columns:
            raise ValueError(f"{place} has no column {name!r}, so it was not written by a search; rename it.")
    missing = [name for name in space.names if PARAMETER + name not in columns]
    if missing:
        raise ValueError(
            f"{place} has no column for {missing[0]!r}, so it belongs to another problem; use another log_dir, or "
            "give the table to fit_surrogate."
        )
    parameters = [name.removeprefix(PARAMETER) for name in columns if name.startswith(PARAMETER)]
    for name in parameters:
        if name not in space.names:
            near = did_you_mean(name, space.names)
            raise ValueError(
                f"{place} has a column for {name!r}, which is no hyperparameter of this problem, so it belongs to "
                f"another one; use another log_dir, or give the table to fit_surrogate.{near}"
            )


def _check_numbers(file: FileRows, place: str) -> None:
    first: dict[int, int] = {}
    for row, number in zip(file.rows, file.numbers, strict=True):
        job_id = row["job_id"]
        if job_id in first:
            reason = f"every job must have a number of its own, and row {first[job_id]} has {job_id} too; remove one of"
            refuse(place, number, "job_id", f"{reason} the rows.")
        first[job_id] = number


def _check_objectives(file: FileRows, objectives: Objectives, place: str) -> None:
    """A row has all objectives, one reason of failure in all their columns, or none at all if it was cancelled."""
    for row, number in zip(file.rows, file.numbers, strict=True):
        cells = [row[name] for name in objectives.columns]
        n_empty, reason = sum(map(is_inactive, cells)), ""
        if row["job_status"] == JobStatus.CANCELLED.value:
            if n_empty < len(cells):
                reason = f"it must be empty where the job_status is CANCELLED; {_ADVICE}."
        elif n_empty:
            reason = (
                "it must hold a number, or a text that begins with 'F', where the job_status is DONE, and is empty; "
                "correct the cell or remove the row."
            )
        elif len({cell if is_failure(cell) else "" for cell in cells}) > 1:
            reason = f"all of them must be numbers, or the same reason of a failure, got {cells}; {_ADVICE}."
        if reason:
            refuse(place, number, objectives.columns[0], reason)


@final
class _Reader:
    """Reads the cells of a hyperparameter, and notes how whole numbers were written.

    Args:
        dimension: the hyperparameter.
    """

    def __init__(self, dimension: Dimension):
        self._dimension = dimension
        self.as_float, self.as_whole = "", ""

    def value(self, text: str) -> Any:
        """The value that a cell holds."""
        value = self._dimension.read_cell(text)
        if type(value) is int and text.lstrip("+-").isdigit():
            self.as_whole = text
        elif type(value) is int:
            self.as_float = text
        return value


def _check_kinds(file: FileRows, readers: Mapping[str, _Reader], place: str) -> None:
    """Refuse whole numbers that all stand there as floats, unless pandas wrote them, as it does beside empty cells."""
    for name, reader in readers.items():
        are_floats = reader.as_float and not reader.as_whole
        if are_floats and not any(is_inactive(row[PARAMETER + name]) for row in file.rows):
            reason = (
                f"it must hold whole numbers, and all of them stand there as {reader.as_float!r} does, so the table "
                "belongs to a problem with real numbers; use another log_dir, or give the table to fit_surrogate."
            )
            refuse(place, file.numbers[0], PARAMETER + name, reason)
