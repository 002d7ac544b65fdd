"""Remembers the suggestions of a proposer, by number."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from itertools import count
from typing import Any, final

import numpy as np

from .._arrays import Array
from ..job import Job
from ..space import Space

# The key in a job's metadata that says which suggestion the job belongs to. The value is one text: the number of the
# member, that of the suggestion, and the unique name of the list of suggestions. The name is needed because a search
# that moves to another store may meet another member with the same number there.
_ASKED = "_asked"


def number_asked(job: Job) -> int | None:
    """The number of the suggestion that a job belongs to; None if its metadata do not say."""
    asked = job.metadata.get(_ASKED)
    parts = asked.split("/") if isinstance(asked, str) else []
    return int(parts[1]) if len(parts) == 3 and parts[1].isdigit() else None


@final
class Asked:
    """Remembers the row of every suggestion until its job has ended.

    To decode a row and encode it again may change its last digits. So each job carries the number of its suggestion, by
    which the row is found. Only configurations that were not suggested here are encoded.

    Args:
        member: number of this process among the members of the search.
    """

    def __init__(self, member: int):
        self._member, self._name = member, uuid.uuid4().hex
        self._rows: dict[str, Array] = {}
        self._numbers = count()

    def add(self, row: Array) -> dict[str, Any]:
        """Remember the row of a suggestion, (d,), and return the metadata by which its job is recognized."""
        asked = f"{self._member}/{next(self._numbers)}/{self._name}"
        self._rows[asked] = row
        return {_ASKED: asked}

    def begin_at(self, number: int) -> None:
        """Give the next suggestion this number."""
        self._numbers = count(number)

    def expect(self, job: Job, row: Array) -> None:
        """Remember the row of a job that an interrupted search has asked for and that can still be told."""
        if isinstance(asked := job.metadata.get(_ASKED), str):
            self._rows[asked] = row

    def is_ours(self, job: Job) -> bool:
        """Whether a job's configuration was suggested here and its row is still remembered."""
        asked = job.metadata.get(_ASKED)
        # A run-function may have returned metadata of this name, so the value may be anything.
        return isinstance(asked, str) and asked in self._rows

    def take_rows(self, jobs: Sequence[Job], space: Space) -> Array:
        """Return the rows of jobs, (n, d), and forget those of suggestions made here."""
        rows = [self._rows.pop(job.metadata[_ASKED]) if self.is_ours(job) else None for job in jobs]
        foreign = [job.parameters for job, row in zip(jobs, rows, strict=True) if row is None]
        encoded = iter(space.encode(foreign) if foreign else ())
        filled = [next(encoded) if row is None else row for row in rows]
        return np.array(filled).reshape(len(jobs), space.n_columns)
