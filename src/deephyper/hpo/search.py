"""The one loop: ask, submit, gather, tell; and what every search has in common."""

from __future__ import annotations

import json
import logging
import math
import os
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from .._checks import count, instance_of, is_integer, known_options, seconds
from .._draws import draws_from
from ..errors import AllFailedError, SearchSpaceExhausted
from ..evaluator import Evaluator, RunFunction
from ..evaluator.callback import Callback, TqdmCallback
from ..job import Job, JobStatus, Outcome, n_objectives_of
from ..results import History, Results
from ..storage import MemoryStorage, Storage
from ..transfer import SourceReport
from .interrupts import Interruption, orderly_end
from .problem import HpProblem, legal_row
from .restart import read_interrupted
from .statistics import Statistics, Tally

logger = logging.getLogger(__name__)

_EXHAUSTED = "every legal configuration of the search space has been proposed"
_NOTHING_NEW = "many draws have found no new legal configuration"
_NOTHING_LEGAL = "no legal configuration was found; look at the forbidden clauses and the constraint function"


@dataclass(frozen=True)
class Suggestion:
    """A configuration to evaluate.

    Args:
        configuration: active hyperparameters and their values.
        metadata: what is known of it; keys that begin with "_" stay out of the table.
        was_prepared: it was made while evaluations ran, so that nobody waited for it.
    """

    configuration: dict[str, Any]
    metadata: dict[str, Any] = field(default_factory=dict)
    was_prepared: bool = False


class Search(ABC):
    """Base of all searches.

    Args:
        problem: the search space.
        evaluator: who runs the evaluations: an `Evaluator` or a plain or `async` function; may be given to `search` instead.
        random_state: fixes every random draw; None makes every search another one.
        log_dir: folder of `results.csv`; made if it is missing.
        verbose: 0 is silent, 1 shows a progress bar.
        checkpoint_history_to_csv: append every evaluation to `<log_dir>/results.csv` as soon as it is gathered.
        checkpoint_restart: continue from `<log_dir>/results.csv` if it is there: nothing that ended is evaluated twice,
            and the first call's `max_evals` counts its rows.
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        # Before any subclass looks at its arguments: Python's own message does not tell the near name.
        known_options(cls.__name__, kwargs, cls.__init__)
        return super().__new__(cls)

    def __init__(
        self,
        problem: HpProblem,
        evaluator: Evaluator | RunFunction | None = None,
        random_state: Any = None,
        log_dir: str | os.PathLike[str] = ".",
        verbose: int = 0,
        checkpoint_history_to_csv: bool = True,
        checkpoint_restart: bool = False,
    ):
        where = type(self).__name__
        instance_of(where, "problem", problem, HpProblem, "a deephyper.hpo.HpProblem")
        if not len(problem):
            raise ValueError(
                f"{where}: the problem has no hyperparameters; add one with problem.add_hyperparameter((0.0, 1.0), 'x')."
            )
        self.problem = problem
        self._space = problem.numeric_space()
        self._draws = draws_from(random_state)
        self._verbose = count(where, "verbose", verbose, at_least=0)
        self._log_dir = _writable_folder(where, log_dir)
        self._history = History(self._space.names, self._log_dir / "results.csv" if checkpoint_history_to_csv else None)
        # An evaluator that we make of a function is closed after every call; it opens again by itself.
        self._is_evaluator_ours = not isinstance(evaluator, Evaluator)
        self._evaluator = None if evaluator is None else self._as_evaluator(evaluator)
        self._storage: Storage | None = None
        self._search_id = ""
        self._timed_evaluator: Evaluator | None = None
        self._origin = 0.0
        self._n_suggested = self._n_finished = self._n_crashed = self._n_counted_rows = 0
        self._first_traceback = ""
        self.stop_reason: str | None = None
        self.statistics: Statistics | None = None
        self._prepare_to_ask()
        if checkpoint_restart and (self._log_dir / "results.csv").exists():
            self._restore_from(self._log_dir / "results.csv")

    # What a search adds.

    def _prepare_to_ask(self) -> None:
        """Build what `_ask` needs, once problem, space and draws are there; the constructor calls it, then perhaps `_restore`."""

    @abstractmethod
    def _ask(self, n: int) -> list[Suggestion]:
        """Suggest `n` legal configurations; fewer only when no other is left."""

    def _tell(self, jobs: Sequence[Job]) -> None:
        """Learn from evaluations that have ended, failed or been cancelled."""

    def _restore(self, jobs: Sequence[Job], n_asked: int) -> None:
        """Learn from the evaluations of an interrupted search that had made `n_asked` suggestions."""

    def _reason_to_stop(self) -> str | None:
        """Why no more suggestions should be made; None to go on."""
        return None

    def _suggest(self, n: int, evaluator: Evaluator) -> list[Suggestion]:
        """Suggest configurations for `n` workers that are free now; at the deadline fewer may come."""
        return self._ask(n)

    def _while_running(self, evaluator: Evaluator) -> None:
        """Use the time in which all workers are busy."""

    def _source_report(self) -> SourceReport | None:
        """What has become of the tables of earlier searches; None where there were none."""
        return None

    def _rest(self) -> None:
        """Let go of what was only needed while the search ran."""

    # The public side.

    @property
    def search_id(self) -> str:
        """The name of the search in its storage."""
        self._ensure_storage()
        return self._search_id

    @property
    def history(self) -> Results:
        """What has been evaluated so far, as a table."""
        return self._history.table()

    @property
    def stopped(self) -> bool:
        """True if the last call ended before its budget was spent; `stop_reason` tells why."""
        return self.stop_reason is not None

    @property
    def is_master(self) -> bool:
        """True in the process that decides."""
        return True

    def ask(self, n: int = 1) -> list[dict[str, Any]]:
        """Suggest configurations to evaluate elsewhere.

        Args:
            n: how many; fewer come only when no other legal one is left.

        Raises:
            SearchSpaceExhausted: none is left.
        """
        suggestions = self._ask(count(type(self).__name__ + ".ask", "n", n))
        if not suggestions:
            raise SearchSpaceExhausted(f"{type(self).__name__}: {self._why_nothing_is_left()}.")
        self._n_suggested += len(suggestions)
        return [suggestion.configuration for suggestion in suggestions]

    def tell(self, results: Sequence[tuple[Mapping[str, Any], Any]]) -> None:
        """Report evaluations that were made elsewhere.

        Args:
            results: pairs of a configuration and what a run-function would have returned for it.
        """
        storage, n_objectives = self._ensure_storage(), self._history.n_objectives
        jobs = []
        for configuration, returned in results:
            active = self._space.decode(legal_row(self._space, configuration))[0]
            outcome = Outcome.parse(returned, n_objectives)
            if n_objectives is None and not outcome.is_failure:
                n_objectives = n_objectives_of(outcome.objective)
            job = Job(-1, {name: configuration.get(name, value) for name, value in active.items()}, self._search_id)
            # The clock is the evaluator's, and there is none.
            job.finish(outcome, None, math.nan, math.nan)
            jobs.append(job)
        # A search may refuse results; then nothing is remembered of them.
        self._tell(jobs)
        for job in jobs:
            job.id = storage.new_job(self._search_id, job.record())
            storage.update_job(self._search_id, job.id, job.record())
        self._history.add(jobs, origin=0.0)

    def search(
        self, evaluator: Evaluator | RunFunction | int | None = None, max_evals: float | None = None, timeout: float | None = None
    ) -> Results:
        """Search until a budget is spent; another call continues the same search with a budget of its own.

        The first Ctrl-C or SIGTERM ends it in an orderly way: what runs is cancelled, and the table is returned. The second one
        ends it at once. Afterwards `stop_reason` tells why it ended early, `statistics` how busy the workers were.

        Args:
            evaluator: who runs the evaluations, if the constructor was not given one. A number here is `max_evals`.
            max_evals: how many evaluations to submit, exactly; -1 or None for no limit.
            timeout: seconds after which what still runs is cancelled; None for no limit.

        Returns:
            One row per evaluation since the search began.

        Raises:
            AllFailedError: the first evaluations all raised or lost their worker; its `results` hold the rows.
        """
        where = f"{type(self).__name__}.search"
        if is_integer(evaluator):
            # Generation 2: search(20) and search(20, 60).
            if max_evals is not None and timeout is not None:
                raise TypeError(f"{where}: {evaluator!r} is no evaluator; pass search(evaluator, max_evals, timeout).")
            evaluator, max_evals, timeout = None, evaluator, max_evals if timeout is None else timeout
        limit = None if max_evals is None or max_evals == -1 else count(where, "max_evals", max_evals)
        timeout = None if timeout is None else seconds(where, "timeout", timeout)
        is_ours = self._is_evaluator_ours if evaluator is None else not isinstance(evaluator, Evaluator)
        chosen = self._evaluator if evaluator is None else self._as_evaluator(evaluator)
        if chosen is None:
            raise TypeError(f"{where}: there is no evaluator; pass a function or an Evaluator as the first argument.")
        try:
            return self._search(chosen, limit, timeout)
        finally:
            if is_ours:
                chosen.close()

    def get_params(self) -> dict[str, Any]:
        """What this search was made of, as plain data."""
        return {
            "search": type(self).__name__,
            "problem": self.problem.to_json(),
            "random_state": self._draws.seed,
            "log_dir": str(self._log_dir),
            "verbose": self._verbose,
            "search_id": self.search_id,
        }

    def save_params(self, path: str | os.PathLike[str] = "params.json") -> None:
        """Write `get_params()` as JSON to a file, relative to the log directory."""
        text = json.dumps(self.get_params(), indent=2, default=str)
        (self._log_dir / path).write_text(text, encoding="utf-8")

    # The loop.

    def _search(self, evaluator: Evaluator, limit: int | None, timeout: float | None) -> Results:
        self._attach(evaluator)
        progress = self._progress(evaluator)
        limit = None if limit is None else max(0, limit - self._n_counted_rows)
        self.stop_reason = None
        self._look_for_a_reason_to_stop()
        tally = Tally(evaluator)
        with orderly_end(evaluator) as interruption, ExitStack() as endings:
            # From the last to the first, each whatever the others raise, also after an error or an interrupt.
            endings.callback(evaluator.dismiss)
            endings.callback(progress.on_close)
            endings.callback(self._history.complete)
            endings.callback(self._rest)
            if timeout is not None:
                endings.callback(setattr, evaluator, "timeout", None)
                evaluator.timeout = timeout
            endings.callback(lambda: self._take(evaluator.cancel(), progress, tally))
            evaluator.announce(limit)
            progress.on_start(limit)
            self._n_counted_rows = 0
            self._loop(evaluator, limit, progress, tally)
            self._note_interruption(interruption)
        self.statistics = replace(tally.statistics(), source=self._source_report())
        if self._all_failed(evaluator):
            raise AllFailedError(
                f"{type(self).__name__}: the first {self._n_finished} evaluations all raised or lost their worker. "
                f"The first one: {self._first_traceback}",
                self.history,
            )
        logger.info("search %s ended: %s; %s", self._search_id, self.stop_reason or "its budget is spent", self.statistics)
        return self.history

    def _note_interruption(self, interruption: Interruption) -> None:
        if interruption.signal_name is not None:
            self.stop_reason = f"interrupted by {interruption.signal_name}"
            logger.warning("%s: %s; what ran was cancelled.", type(self).__name__, self.stop_reason)

    def _loop(self, evaluator: Evaluator, limit: int | None, progress: Callback, tally: Tally) -> None:
        n_left = math.inf if limit is None else limit
        while True:
            n_wanted = int(min(evaluator.num_free_workers, n_left, evaluator.num_jobs_allowed))
            if n_wanted and self.stop_reason is None and evaluator.time_left > 0:
                n_left -= self._submit(n_wanted, evaluator, tally)
            if not evaluator.num_jobs_unfinished:
                return
            self._while_running(evaluator)
            with tally.spent_on("wait"):
                gathered = evaluator.gather("BATCH", size=1)
            jobs, others = gathered if isinstance(gathered, tuple) else (gathered, [])
            self._take(jobs, progress, tally)
            # After a change of the evaluator, jobs of the one before come as another's.
            self._learn_from([job for job in others if job.id not in self._history])
            self._look_for_a_reason_to_stop()
            if evaluator.stop_reason is not None:
                self.stop_reason = evaluator.stop_reason
            elif self._all_failed(evaluator):
                self.stop_reason = "all evaluations failed"
                return

    def _look_for_a_reason_to_stop(self) -> None:
        reason = self._reason_to_stop()
        if reason is not None and self.stop_reason is None:
            self.stop_reason = reason
            logger.warning("%s: %s; the search ends with what runs.", type(self).__name__, reason)

    def _submit(self, n: int, evaluator: Evaluator, tally: Tally) -> int:
        with tally.spent_on("ask"):
            suggestions = self._suggest(n, evaluator)
        n_prepared = sum(s.was_prepared for s in suggestions)
        tally.note_suggestions(n_prepared, len(suggestions) - n_prepared)
        self._n_suggested += len(suggestions)
        if len(suggestions) < n and evaluator.time_left > 0:
            self.stop_reason = self._why_nothing_is_left()
            logger.warning("%s: %s; the search ends with what runs.", type(self).__name__, self.stop_reason)
        evaluator.submit([s.configuration for s in suggestions], [s.metadata for s in suggestions])
        return len(suggestions)

    def _take(self, jobs: Sequence[Job], progress: Callback, tally: Tally) -> None:
        """Keep and learn from jobs of this search."""
        tally.note_jobs(jobs)
        with tally.spent_on("tell"):
            self._learn_from(jobs)
        for job in jobs:
            if job.status is JobStatus.DONE:
                progress.on_done(job)
                self._n_finished += 1
                self._n_crashed += job.crashed
                if job.crashed and not self._first_traceback:
                    self._first_traceback = str(job.metadata.get("traceback", job.objective))

    def _learn_from(self, jobs: Sequence[Job]) -> None:
        if jobs:
            self._history.add(jobs, self._origin)
            self._tell(jobs)

    def _all_failed(self, evaluator: Evaluator) -> bool:
        return self._n_finished == self._n_crashed >= max(10, 2 * evaluator.num_workers)

    # Parts.

    def _as_evaluator(self, evaluator: Any) -> Evaluator:
        if isinstance(evaluator, Evaluator):
            return evaluator
        return Evaluator.create(evaluator, method="serial")

    def _ensure_storage(self) -> Storage:
        if self._storage is None:
            if self._evaluator is None:
                self._use(MemoryStorage())
            else:
                self._use(self._evaluator.storage, self._evaluator.given_search_id)
        assert self._storage is not None
        return self._storage

    def _use(self, storage: Storage, search_id: str | None = None) -> None:
        """Take a storage as the search's own; jobs of an interrupted search keep their numbers in it."""
        self._storage, self._search_id = storage, storage.new_search(search_id)
        for job_id in range(self._history.next_job_id):
            storage.new_job(self._search_id, Job(job_id, {}, self._search_id).record())

    def _attach(self, evaluator: Evaluator) -> None:
        """Make an evaluator number and time its jobs as this search's."""
        brings_storage = evaluator.given_storage not in (None, self._storage)
        if self._storage is None or (brings_storage and self._timed_evaluator is None):
            self._use(evaluator.storage, evaluator.given_search_id or self._search_id or None)
        evaluator.join(self._ensure_storage(), self._search_id, self._history.n_objectives)
        if self._timed_evaluator is not evaluator:
            # Another evaluator may have another clock: its times go on after the last ones.
            self._timed_evaluator, self._origin = evaluator, evaluator.now() - self._history.last_time

    def _why_nothing_is_left(self) -> str:
        if not self._n_suggested and not len(self._history):
            return _NOTHING_LEGAL
        return _NOTHING_NEW if self._space.grid is None else _EXHAUSTED

    def _progress(self, evaluator: Evaluator) -> Callback:
        has_bar = any(isinstance(callback, TqdmCallback) for callback in evaluator.callbacks)
        return TqdmCallback() if self._verbose and not has_bar else Callback()

    def _restore_from(self, path: Path) -> None:
        interrupted = read_interrupted(path, self._space)
        self._history.restore(interrupted.rows, interrupted.n_objectives)
        self._n_counted_rows = len(interrupted.rows)
        self._restore(interrupted.jobs, self._history.next_job_id)


def _writable_folder(where: str, log_dir: str | os.PathLike[str]) -> Path:
    folder = Path(log_dir)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        is_writable = os.access(folder, os.W_OK)
    except OSError:
        is_writable = False
    if not is_writable:
        raise ValueError(f"{where}: log_dir must be a folder that can be written, got {str(log_dir)!r}; choose another one.")
    return folder
