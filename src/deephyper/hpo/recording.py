"""Reads what was recorded of a search: from its table, its folder, or its store."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

import pandas as pd

from .._checks import got, quoted
from ..job import METADATA, REPLAY, Job, JobStatus
from ..problem import HpProblem
from ..results import Results, read_csv
from ..space import Space
from ..storage import Storage
from .notes import Note, notes_of
from .open_jobs import read_open_jobs

Source = pd.DataFrame | str | os.PathLike[str] | Storage


@final
@dataclass(frozen=True)
class Evaluation:
    """One evaluation of a recorded search.

    Args:
        job: the evaluation; it may be open still.
        notes: what is recorded of its suggestion, and then of others; empty if it was told without having been
            suggested.
        row: its place in the table; None if it is not there.
    """

    job: Job
    notes: list[Note]
    row: int | None = None


@final
class Session:
    """The suggestions of one member of a search from one start of its process to the next.

    Args:
        member: its number.

    Attributes:
        notes: what is recorded of suggestions, by their number; not of all.
        evaluations: those of its suggestions that are known, by the number of the suggestion.
    """

    def __init__(self, member: int):
        self.member = member
        self.notes: dict[int, Note] = {}
        self.evaluations: dict[int, Evaluation] = {}

    def goes_on_with(self, evaluation: Evaluation) -> bool:
        """Whether a later evaluation of the member belongs to it, too."""
        own = evaluation.notes[0].number
        starts = [note for note in evaluation.notes if note.seed is not None]
        return own not in self.evaluations and all(self.notes.get(note.number) == note for note in starts)

    def add(self, evaluation: Evaluation) -> None:
        """Add an evaluation that belongs to it."""
        self.evaluations[evaluation.notes[0].number] = evaluation
        self.notes.update({note.number: note for note in evaluation.notes})


@final
@dataclass(frozen=True)
class Recording:
    """What was recorded of a search.

    Args:
        evaluations: sorted by their number.
        description: what the search was made of, as its `search.json` or its store has it; empty if nobody knows.
    """

    evaluations: list[Evaluation]
    description: Mapping[str, Any] = field(default_factory=dict)

    @property
    def sessions(self) -> list[Session]:
        """The suggestions of each member from each of its starts on, those of one member in their order."""
        found: dict[int, list[Session]] = {}
        for evaluation in self.evaluations:
            if not evaluation.notes:
                continue
            of_member = found.setdefault(evaluation.notes[0].member, [])
            if not of_member or not of_member[-1].goes_on_with(evaluation):
                of_member.append(Session(evaluation.notes[0].member))
            of_member[-1].add(evaluation)
        return [session for of_member in found.values() for session in of_member]


def read_recording(where: str, source: Source, problem: HpProblem, space: Space, search_id: str | None) -> Recording:
    """Read what was recorded of a search.

    Args:
        where: the subject of errors.
        source: a table, the path of its file or of a folder with `results.csv`, or a store.
        problem: the problem of the search.
        space: its hyperparameters.
        search_id: which search of a store.

    Raises:
        ValueError: it does not fit the problem, or does not tell what each suggestion knew.
        TypeError: it is nothing of this kind.
    """
    if isinstance(source, Storage):
        found = _of_store(where, source, space, search_id)
    elif isinstance(source, pd.DataFrame):
        found = Recording(_of_table(where, source, space))
    elif isinstance(source, (str, os.PathLike)):
        found = _of_file(where, Path(source).expanduser(), problem, space)
    else:
        raise TypeError(
            f"{where}: it takes the table of a search, the path of results.csv or of its folder, or a storage, "
            f"{got(source)}."
        )
    if not any(evaluation.notes for evaluation in found.evaluations):
        raise ValueError(
            f"{where}: there is no {METADATA + REPLAY!r} that tells which results each suggestion knew, as in tables "
            "that an earlier version or another program has written, so nothing can be replayed."
        )
    return found


def _of_table(where: str, table: pd.DataFrame, space: Space, beside: Sequence[Job] = ()) -> list[Evaluation]:
    """The evaluations of a table, and those of some jobs that are not in it."""
    missing = [name for name in space.names if f"p:{name}" not in table.columns]
    if missing or ("objective" not in table.columns and "objective_0" not in table.columns):
        column = f"p:{missing[0]}" if missing else "objective"
        raise ValueError(f"{where}: the table has no column {column!r}; pass the table of a search on this problem.")
    found, jobs = [], Results(table).jobs
    for row, job in enumerate(jobs):
        found.append(_evaluation(f"{where}: row {row} of the table", job, space, row))
    there = {job.id for job in jobs}
    if len(there) < len(jobs):
        raise ValueError(f"{where}: every row must have a job_id of its own; pass the table of a single search.")
    found += [_evaluation(f"{where}: job {job.id}", job, space, None) for job in beside if job.id not in there]
    return sorted(found, key=lambda evaluation: evaluation.job.id)


def _evaluation(place: str, job: Job, space: Space, row: int | None) -> Evaluation:
    try:
        job.parameters = space.read(job.parameters)
        space.encode([job.parameters])
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{place} does not fit this problem: {error}") from error
    return Evaluation(job, notes_of(job.metadata.get(REPLAY)), row)


def _of_file(where: str, path: Path, problem: HpProblem, space: Space) -> Recording:
    path = path / "results.csv" if path.is_dir() else path
    if not path.exists():
        raise ValueError(f"{where}: there is no {path}; pass the file results.csv of a search, or its folder.")
    beside = path.stem.removeprefix("results")
    # What was running when a search was killed, or still runs, is in no table.
    left = read_open_jobs(path.with_name(f"open_jobs{beside}.jsonl"), space.read)
    described = _read_json(path.with_name(f"search{beside}.json"))
    return Recording(_of_table(where, read_csv(path, problem), space, left), described)


def _read_json(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}  # A table is enough; the file only helps to find options that differ.
    return found if isinstance(found, dict) else {}


def _of_store(where: str, store: Storage, space: Space, search_id: str | None) -> Recording:
    names = store.search_ids()
    name = names[0] if search_id is None and len(names) == 1 else search_id
    if name not in names:
        which = f"holds {quoted(names)}" if names else "holds no search"
        raise ValueError(f"{where}: the store {which}; pass search_id='…' with the name of one that it holds.")
    jobs = [Job.from_record(record, name, space.read) for record in store.records(name)]
    found = [_evaluation(f"{where}: job {job.id}", job, space, None) for job in jobs]
    return Recording(found, store.description(name))


def has_ended(job: Job) -> bool:
    """Whether an evaluation has ended by itself or was cancelled."""
    return job.status in (JobStatus.DONE, JobStatus.CANCELLED)
