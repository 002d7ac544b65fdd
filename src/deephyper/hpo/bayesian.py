"""The proposer of CBO: it translates between the rows of an optimizer and the jobs of a search."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, final

import numpy as np

from .._arrays import Array
from .._draws import Draws
from ..evaluator import Evaluator
from ..job import REPLAY, Job, JobStatus, Objective, number_of
from ..optimizer import FEWEST_VALUES, BayesianOptimizer, Belief, Settings, Suggestion
from ..problem import legal_configuration
from ..results import Solution
from ..space import Space, row_keys
from ..transfer import Source, SourceReport
from .again import Again, Guide, OptimizerAgain
from .ahead import Ahead
from .asked import Asked, number_asked
from .notes import Notebook, note_restored
from .options import Checked
from .proposer import Proposer, Trial

logger = logging.getLogger(__name__)

# The key in a job's metadata of what a portfolio's acquisitions would have suggested with it.
_NOMINEES = "_nominees"


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
        self._checked, self._draws, self._name = checked, draws, name
        self._space = checked.settings.space
        self.optimizer = BayesianOptimizer(self._settings)
        self._ahead = Ahead(self.optimizer)
        self._asked, self._notebook = Asked(member), Notebook(draws.member)
        self._told: list[int] = []  # the numbers of the jobs whose rows were told, in order
        self._memory: Mapping[str, Any] = {}
        self._n_failures = 0
        self._is_drop_logged = False
        self.optimizer.trace.note("seed", draws.seed)

    def ask(self, n: int, evaluator: Evaluator | None) -> list[Trial]:
        suggestions = self.optimizer.suggest(n) if evaluator is None else self._ahead.suggest(n, evaluator)
        # Whatever an evaluator is given ends in the table.
        trials = [self._trial(suggestion, evaluator is not None) for suggestion in suggestions]
        fresh = self.optimizer.take_fresh_nominees()
        if trials and len(fresh):
            # A restart takes them from here if the search does not come to note its memory any more.
            trials[0].metadata[_NOMINEES] = fresh.tolist()
        return trials

    def _trial(self, suggestion: Suggestion, is_certain: bool) -> Trial:
        (configuration,) = self._configurations(suggestion.row[None])
        note = self._notebook.cell(*suggestion.origin, is_certain)
        # With several workers, timing decides how many results a suggestion knew. Only this note can tell afterwards.
        metadata = {REPLAY: note, "_n_told": suggestion.n_told, **self._asked.add(suggestion.row)}
        return Trial(configuration, metadata, suggestion.was_prepared, suggestion.is_cheaper)

    def _configurations(self, rows: Array) -> list[dict[str, Any]]:
        """The configurations of rows, (n, d); given ones as the user wrote them."""
        given, decoded = self._checked.given, self._space.decode(rows)
        return [given.get(key, configuration) for key, configuration in zip(row_keys(rows), decoded, strict=True)]

    def prepare(self, evaluator: Evaluator) -> None:
        self._ahead.prepare(evaluator)

    def rest(self) -> None:
        self._ahead.close()

    @property
    def _settings(self) -> Settings:
        return replace(self._checked.settings, draws=self._draws)

    def again(self, guide: Guide) -> Again:
        again = OptimizerAgain(guide, self._settings, self._configurations, self._asked.add)
        self.optimizer = again.optimizer
        return again

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
        self.optimizer.trace.note("told", *(job.id for job in jobs))
        self._notebook.save(jobs)
        rows = self._asked.take_rows(jobs, self._space)
        is_taught = np.array([job.teaches for job in jobs], bool)
        is_cancelled = np.array([job.status is JobStatus.CANCELLED for job in jobs], bool)
        self.optimizer.forget(rows[is_cancelled])
        self.optimizer.forget(rows[~is_taught & ~is_cancelled], may_return=False)
        if is_taught.any():
            self.optimizer.tell(rows[is_taught], np.array([number_of(job.objective) for job in jobs if job.teaches]))
            self._told += [job.id for job in jobs if job.teaches]
        for job in jobs:
            self._n_failures += job.status is JobStatus.DONE and job.is_failure
            if job.duration is not None and job.status is JobStatus.DONE:
                self._ahead.note_evaluation(job.duration)
        self._log_source()

    def restore(self, jobs: Sequence[Job], n_asked: int) -> None:
        self._n_failures = sum(job.is_failure for job in jobs if job.status is JobStatus.DONE)
        left = [job for job in jobs if job.status is JobStatus.READY]
        taught = [(k, job) for k, job in enumerate(jobs) if job.teaches]
        for _, job in taught:
            if job.objective is not None:
                self.check(job.objective)
        lost = [job for job in jobs if job.is_lost]
        self.optimizer.forget(self._asked.take_rows(lost, self._space), may_return=False)
        pending = self._asked.take_rows(left, self._space)
        for job, row in zip(left, pending, strict=True):
            self._asked.expect(job, row)
        self._asked.begin_at(n_asked)
        self._told = [job.id for _, job in taught]
        self.optimizer.restore(
            self._asked.take_rows([job for _, job in taught], self._space),
            np.array([number_of(job.objective) for _, job in taught]),
            n_asked,
            n_volunteered=self._n_volunteered([job for _, job in taught]),
            places=np.array([k + sum(other.id < job.id for other in left) for k, job in taught], int),
            pending=pending,
            nominees=self._nominees_of(jobs),
        )
        n_volunteered, n_nominees = self.optimizer.n_volunteered, len(self.optimizer.nominees)
        note_restored(self.optimizer.trace, jobs, n_asked, n_volunteered, n_nominees)

    # What the model says to people.

    def believed(self, where: str, configurations: Sequence[Any]) -> Belief:
        """What is believed of configurations.

        Args:
            where: the subject of errors.
            configurations: each a dictionary, or a row of a table.

        Raises:
            ValueError: there are too few values, or a configuration is not legal.
            TypeError: something is no configuration.
        """
        rows = [
            legal_configuration(self._space, configuration, f"{where}: configurations[{k}]")[0]
            for k, configuration in enumerate(configurations)
        ]
        if not self.optimizer.has_beliefs:
            raise ValueError(
                f"{where}: it needs at least {FEWEST_VALUES} evaluations whose objectives are not all the same, and "
                f"there are {self.optimizer.n_told} evaluations so far; ask again after some more."
            )
        return self.optimizer.believed(np.concatenate([np.empty((0, self._space.n_columns)), *rows]))

    def recommended(self, jobs: Sequence[Job]) -> Solution | None:
        taught = [job for job in jobs if job.teaches]
        rows = (
            self._space.encode([job.parameters for job in taught]) if taught else np.empty((0, self._space.n_columns))
        )
        found = self.optimizer.recommended(rows, np.array([number_of(job.objective) for job in taught]))
        if found is None:
            return Solution()
        return Solution([*self._told, *(job.id for job in taught)][found.place], found.value)

    # What a restart cannot find in the table.

    @property
    def memory(self) -> dict[str, Any]:
        nominees = self.optimizer.nominees
        return {
            "n_asked": self.optimizer.n_asked,
            "n_told": self.optimizer.n_told,
            "n_volunteered": self.optimizer.n_volunteered,
            **({"nominees": nominees.tolist()} if len(nominees) else {}),
        }

    def recall(self, memory: Mapping[str, Any]) -> None:
        self._memory = memory

    def _n_volunteered(self, taught: Sequence[Job]) -> int:
        """How many rows were told without having been asked: up to the memory, and since."""
        n_told, n_volunteered = (self._memory.get(name) for name in ("n_told", "n_volunteered"))
        if not isinstance(n_told, int) or not isinstance(n_volunteered, int):
            return 0
        return n_volunteered + sum(number_asked(job) is None for job in taught[n_told:])

    def _nominees_of(self, jobs: Sequence[Job]) -> Array | None:
        """The nominees of the memory, and those that have come since."""
        n_asked = self._memory.get("n_asked", 0)
        try:
            numbered = [(number_asked(job) or 0, job) for job in jobs if _NOMINEES in job.metadata]
            since = [job for number, job in sorted(numbered, key=lambda pair: pair[0]) if number >= n_asked]
            found = [*self._memory.get("nominees", ()), *(one for job in since for one in job.metadata[_NOMINEES])]
            return np.array(found, float) if found else None
        except (TypeError, ValueError):
            # Somebody has changed the files. A portfolio that begins again is no worse than one without a memory.
            return None

    @property
    def reason_to_stop(self) -> str | None:
        limit = self._checked.max_total_failures
        if self._n_failures < limit:
            return None
        return f"{self._n_failures} evaluations have failed (max_total_failures={limit:g})"

    # Earlier searches.

    def learn_from(self, source: Source) -> None:
        """Use the tables of earlier searches, instead of those given before."""
        self.optimizer.trace.note("taught")
        self.optimizer.learn_from(source)
        self._is_drop_logged = False

    def draw_from(self, space: Space) -> None:
        """Draw from the priors of another space, whose rows have the same meaning."""
        self._space = space
        self.optimizer.trace.note("taught")
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
