"""What an interrupted search left in its CSV file."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._checks import is_number, quoted
from ..job import PARAMETER, Job, JobStatus, Objective, Outcome, Row, cell, is_failure, objective_columns, value_of
from ..results import read_rows
from ..space import Constant, Dimension, Integer, Real, Space


@dataclass(frozen=True)
class Interrupted:
    """The evaluations of an interrupted search.

    Args:
        rows: as the table had them.
        jobs: the same as evaluations.
        n_objectives: number of objectives, None while unknown.
    """

    rows: list[Row]
    jobs: list[Job]
    n_objectives: int | None


def read_interrupted(path: Path, space: Space) -> Interrupted:
    """Read the file of an interrupted search; a last line that was cut off is left out."""
    columns, rows = read_rows(path, {d.name: parser_of(d) for d in space.dimensions})
    missing = [name for name in space.names if PARAMETER + name not in columns]
    if missing:
        raise ValueError(f"checkpoint_restart: {path} has no column for {missing[0]!r}, so it belongs to another problem.")
    n_several = sum(name in columns for name in objective_columns(len(columns)))
    needed = [*objective_columns(n_several or None), "job_id", "job_status"]
    for name in needed:
        if name not in columns:
            raise ValueError(f"checkpoint_restart: {path} has no column {name!r}, so it was not written by a search; rename it.")
    jobs = [_job(row, space, n_several) for row in rows]
    is_known = any(job.objective is not None and not is_failure(job.objective) for job in jobs)
    return Interrupted(rows, jobs, n_several or (1 if is_known else None))


def parser_of(dimension: Dimension) -> Callable[[str], Any]:
    """How to turn the text of a CSV cell into a value of a hyperparameter."""
    if isinstance(dimension, Real):
        return float
    if isinstance(dimension, Integer):
        return lambda text: round(float(text))
    choices = (dimension.value,) if isinstance(dimension, Constant) else getattr(dimension, "choices", ())
    # Other programs write None and True as Python does.
    texts = {str(choice): choice for choice in choices} | {cell(choice): choice for choice in choices}
    return _Choice(texts)


@dataclass(frozen=True)
class _Choice:
    texts: Mapping[str, Any]

    def __call__(self, text: str) -> Any:
        if text in self.texts:
            return self.texts[text]
        # Other programs write 16 as 16.0 where a column has empty cells.
        number = value_of(text)
        for choice in self.texts.values():
            if is_number(choice) and is_number(number) and choice == number:
                return choice
        raise ValueError(f"it must be one of {quoted(self.texts)}")


def _job(row: Row, space: Space, n_several: int) -> Job:
    values = {name: row[PARAMETER + name] for name in space.names}
    parameters = {name: value for name, value in values.items() if not (isinstance(value, float) and math.isnan(value))}
    job = Job(row["job_id"], parameters)
    if row["job_status"] == JobStatus.CANCELLED.value:
        job.cancel(math.nan)
    else:
        job.finish(Outcome(_objective(row, n_several)), None, math.nan, math.nan)
    return job


def _objective(row: Row, n_several: int) -> Objective:
    values = [row[name] for name in objective_columns(n_several or None)]
    objective: Objective = values[0] if is_failure(values[0]) or len(values) == 1 else tuple(values)
    return objective
