"""Searches that learn nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final
from uuid import uuid4

from .._draws import Purpose
from ..acquisition import any_new
from ..job import Job, JobStatus
from ..space import row_keys
from .search import Search, Suggestion

# In a job's metadata, which search object has asked for it: those on one storage may share everything else.
_ASKED_BY = "_asked_by"


@final
class RandomSearch(Search):
    """Legal configurations drawn from the problem's priors, none of them twice."""

    def _prepare_to_ask(self) -> None:
        self._known: set[bytes] = set()
        self._token = uuid4().hex
        self._n_asked = 0

    def _ask(self, n: int) -> list[Suggestion]:
        suggestions: list[Suggestion] = []
        for _ in range(n):
            row = any_new(self._space, self._known, self._draws.at(Purpose.SAMPLE, self._n_asked))
            if not len(row):
                break
            self._known.update(row_keys(row))
            suggestions.append(Suggestion(self._space.decode(row)[0], {_ASKED_BY: self._token}))
            self._n_asked += 1
        return suggestions

    def _tell(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            # A cancelled configuration may be drawn again; one that was asked here is known.
            if job.status is JobStatus.CANCELLED:
                self._known.difference_update(row_keys(self._space.encode([job.parameters])))
            elif job.metadata.get(_ASKED_BY) != self._token:
                self._known.update(row_keys(self._space.encode([job.parameters])))

    def _restore(self, jobs: Sequence[Job], n_asked: int) -> None:
        self._n_asked = n_asked
        self._tell(jobs)
