"""Reading what an interrupted search left in its CSV file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..job import PARAMETER, Job, Objectives, Row
from ..space import Space
from .reading import read_rows


@dataclass(frozen=True)
class Restored:
    """The evaluations of an interrupted search.

    Args:
        rows: as its table had them.
        jobs: the same evaluations as jobs.
        objectives: those of the search, as far as the evaluations tell.
    """

    rows: list[Row]
    jobs: list[Job]
    objectives: Objectives


def read_interrupted(path: Path, space: Space) -> Restored:
    """Read the file of an interrupted search, without a last line that was cut off.

    Raises:
        ValueError: it is the file of another problem, or of something else than a search.
    """
    columns, rows = read_rows(path, {dimension.name: dimension.read_cell for dimension in space.dimensions})
    missing = [name for name in space.names if PARAMETER + name not in columns]
    if missing:
        raise ValueError(
            f"checkpoint_restart: {path} has no column for {missing[0]!r}, so it belongs to another problem."
        )
    objectives = Objectives.of_columns(columns)
    for name in (*objectives.columns, "job_id", "job_status"):
        if name not in columns:
            raise ValueError(
                f"checkpoint_restart: {path} has no column {name!r}, so it was not written by a search; rename it."
            )
    jobs = [Job.from_row(row, space.names, objectives) for row in rows]
    return Restored(rows, jobs, objectives.learned_from(job.objective for job in jobs))
