"""The proposer of CBO: it translates between the rows of an optimizer and the jobs of a search."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import final

import numpy as np

from .._draws import Draws
from ..evaluator import Evaluator
from ..job import Job, JobStatus, Objective, number_of
from ..optimizer import BayesianOptimizer, Suggestion
from ..space import Space, row_keys
from ..transfer import Source, SourceReport
from .ahead import Ahead
from .asked import Asked
from .options import Checked
from .proposer import Proposer, Trial

logger = logging.getLogger(__name__)


@final
class Bayesian(Proposer):
    """Bayesian optimization on the rows of a space.

    Args:
        checked: the user's options, checked.
        draws: all random draws of this member of the search.
        member: number of this process among the members of the search.
        name: name of the search, for the log.
    """

    def __init__(self, checked: Checked, draws: Draws, member: int, name: str):
        self._checked, self._name = checked, name
        self._space = checked.settings.space
        self.optimizer = BayesianOptimizer(replace(checked.settings, draws=draws))
        self._ahead = Ahead(self.optimizer)
        self._asked = Asked(member)
        self._n_failures = 0
        self._is_drop_logged = False

    def ask(self, n: int, evaluator: Evaluator | None) -> list[Trial]:
        suggestions = self.optimizer.suggest(n) if evaluator is None else self._ahead.suggest(n, evaluator)
        return [self._trial(suggestion) for suggestion in suggestions]

    def _trial(self, suggestion: Suggestion) -> Trial:
        row = suggestion.row
        decoded = self._space.decode(row[None])[0]
        configuration = self._checked.given.get(row_keys(row[None])[0], decoded)
        # With several workers, timing decides how many results a suggestion knew. Only this note can tell afterwards.
        metadata = {"_n_told": suggestion.n_told, **self._asked.add(row)}
        return Trial(configuration, metadata, suggestion.was_prepared)

    def prepare(self, evaluator: Evaluator) -> None:
        self._ahead.prepare(evaluator)

    def rest(self) -> None:
        self._ahead.close()

    # Results.

    def check(self, objective: Objective) -> None:
        if isinstance(objective, tuple):
            raise ValueError(
                f"CBO: it maximizes one objective, and an evaluation returned {len(objective)}; return a single "
                "number, or use RandomSearch, whose table holds several."
            )

    def tell(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            if job.objective is not None:
                self.check(job.objective)
        rows = self._asked.take_rows(jobs, self._space)
        is_taught = np.array([job.teaches for job in jobs], bool)
        is_cancelled = np.array([job.status is JobStatus.CANCELLED for job in jobs], bool)
        self.optimizer.forget(rows[is_cancelled])
        self.optimizer.forget(rows[~is_taught & ~is_cancelled], may_return=False)
        if is_taught.any():
            self.optimizer.tell(rows[is_taught], np.array([number_of(job.objective) for job in jobs if job.teaches]))
        for job in jobs:
            self._n_failures += job.status is JobStatus.DONE and job.is_failure
            if job.duration is not None and job.status is JobStatus.DONE:
                self._ahead.note_evaluation(job.duration)
        self._log_source()

    def restore(self, jobs: Sequence[Job], n_asked: int) -> None:
        self._n_failures = sum(job.is_failure for job in jobs if job.status is JobStatus.DONE)
        taught = [job for job in jobs if job.teaches]
        for job in taught:
            if job.objective is not None:
                self.check(job.objective)
        closed = [job for job in jobs if job.is_lost or job.status is JobStatus.READY]
        self.optimizer.forget(self._asked.take_rows(closed, self._space), may_return=False)
        rows = self._asked.take_rows(taught, self._space)
        self.optimizer.restore(rows, np.array([number_of(job.objective) for job in taught]), n_asked)

    @property
    def reason_to_stop(self) -> str | None:
        limit = self._checked.max_total_failures
        if self._n_failures < limit:
            return None
        return f"{self._n_failures} evaluations have failed (max_total_failures={limit:g})"

    # Earlier searches.

    def learn_from(self, source: Source) -> None:
        """Use the tables of earlier searches, instead of those given before."""
        self.optimizer.learn_from(source)
        self._is_drop_logged = False

    def draw_from(self, space: Space) -> None:
        """Draw from the priors of another space, whose rows have the same meaning."""
        self._space = space
        self.optimizer.draw_from(space)

    @property
    def source(self) -> SourceReport | None:
        return self.optimizer.source_report

    def _log_source(self) -> None:
        """Log once that the tables of earlier searches are not used any more."""
        report = self.source
        if report is not None and report.dropped_after is not None and not self._is_drop_logged:
            self._is_drop_logged = True
            logger.info("search %s: %s", self._name, report)
