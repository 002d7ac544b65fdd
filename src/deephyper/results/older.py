"""Tables of other versions, brought into the form of today."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..job import METADATA, PARAMETER, TIMES, JobStatus, Objectives, is_reason
from .lines import Line, Lines

_FAILURES = {"": "F_nan", "nan": "F_nan", "inf": "F_infinite", "-inf": "F_infinite"}


def as_today(lines: Lines) -> Lines:
    """Give a table in the form of today; one that has it is given back as it is.

    Others have no prefixes, and hyperparameters come first; no statuses; only two times; numbers such as "0.3", the
    search and its job, or those of several searches; reasons for what was cancelled. There, an evaluation that was told
    to end and returned a number all the same is done, and an objective that is no finite number is a failure.
    """
    columns, objectives = _with_prefixes(lines.columns), Objectives.of_columns(lines.columns)
    if "job_id" not in columns or not objectives.are_in(columns):
        return lines
    ids = [line.cells[columns.index("job_id")] for line in lines.rows]
    submit, start = (METADATA + name for name in TIMES[:2])
    rows = [{"job_status": "DONE", **dict(zip(columns, line.cells, strict=True))} for line in lines.rows]
    has_reasons = any(row["job_status"] == "CANCELLED" and is_reason(row[objectives.columns[0]]) for row in rows)
    is_today = columns == lines.columns and "job_status" in columns and (start in columns or submit not in columns)
    if is_today and not (ids and all("." in number for number in ids)) and not has_reasons:
        return lines
    for row, number in zip(rows, _numbers(ids), strict=True):
        status, cells = _ended(row["job_status"], [row[name] for name in objectives.columns])
        row |= {"job_id": number, "job_status": status, **dict(zip(objectives.columns, cells, strict=True))}
    whole = [Line(line.number, list(row.values())) for line, row in zip(lines.rows, rows, strict=True)]
    return replace(lines, columns=list(dict.fromkeys(["job_status", *columns])), rows=whole, is_older=True)


def _with_prefixes(columns: list[str]) -> list[str]:
    own = {"", "job_id", "job_status", *Objectives.of_columns(columns).columns}
    if any(name.startswith(PARAMETER) for name in columns) or own.isdisjoint(columns):
        return columns
    first = next(k for k, name in enumerate(columns) if name in own and name)
    return [n if n in own else (PARAMETER if k < first else METADATA) + n for k, n in enumerate(columns)]


def _numbers(ids: Sequence[str]) -> list[str]:
    """Different numbers: those that are there, those of the searches' jobs, or else those of the rows."""
    wholes, jobs = [number.partition(".")[0] for number in ids], [number.rpartition(".")[2] for number in ids]
    for numbers in (wholes if set(jobs) <= {"0", *ids} else jobs, jobs):
        if len(set(numbers)) == len(ids) and all(number.isdigit() for number in numbers):
            return numbers
    return [str(k) for k in range(len(ids))]


def _ended(status: str, cells: list[str]) -> tuple[str, list[str]]:
    """How an evaluation ended, and its objectives."""
    reasons = [cell if is_reason(cell) else _FAILURES.get(cell.lower()) for cell in cells]
    reason = next(filter(None, reasons), None)
    if status in JobStatus.__members__ and status != "DONE":
        return ("DONE", cells) if reason is None else ("CANCELLED", [""] * len(cells))
    return status, cells if reason is None else [reason] * len(cells)
