"""The base class of searches: common options, records, and the public methods."""

from __future__ import annotations

import json
import logging
import os
import weakref
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, cast

from .. import __version__
from .._cells import plain
from .._checks import count, explained, instance_of, is_bool, yes_or_no
from .._draws import Draws, draws_from
from .._turns import Turns
from ..errors import AllFailedError, SearchSpaceExhausted
from ..evaluator import Evaluator, Place, RunFunction
from ..job import Objective, Outcome, is_failure, replace_file
from ..problem import HpProblem
from ..results import Results, literals_of
from .arguments import Chosen, budgets_of, check_problem, pairs_of, refuse_mistyped
from .calls import Called
from .ending import refuse_unwritten, warn_of_lateness, why_nothing_is_left
from .granted import timeout_of
from .interrupts import CaughtSignal, orderly_end
from .ledger import Ledger
from .other_words import Addressed, instead_in_call, instead_of_option
from .proposer import Proposer
from .recording import Source, read_recording
from .replay import Maker, replay
from .replayed import Replay
from .run import Limits, Run
from .selection import OBSERVED, Selection, checked_selection
from .statistics import Crashes, Statistics

logger = logging.getLogger(__name__)


class Search(Addressed, metaclass=Called):
    """Base of all searches; a subclass implements `_new_proposer`, which makes the object that decides.

    One call at a time uses a search: whoever calls `search`, `ask` or `tell` meanwhile, from another thread, a callback
    or a run-function, gets a RuntimeError. Reading `history` is always possible. One thread after the other may use it.

    Args:
        problem: the search space.
        evaluator: runs the evaluations: an `Evaluator`, or a plain or `async` function. It may be given to `search`
            instead.
        random_state: fixes every random draw; None draws differently in every search.
        log_dir: folder of `results.csv` and `search.json`; None writes nothing. It is made once something is
            written, and is where it was when the search was made, also if a run-function changes the working directory.
            `~` is the home. Files of an earlier search are renamed to `results_<time>.csv`. If another search writes
            there at the same time, this one says so and writes `results-1.csv` and `search-1.json` (or `-2`, and so
            on). When a file cannot be written, the search says so once, goes on in memory and writes all rows as soon
            as it can.
        verbose: 0 is silent, 1 shows a progress bar.
        checkpoint_history_to_csv: append every evaluation to `<log_dir>/results.csv` as soon as it is gathered.
        checkpoint_restart: continue from `<log_dir>/results.csv` if it is there, whichever
            version has written it: an older form is kept under another name. Evaluations that have ended are not
            repeated, and count in `max_evals_total` of `search`. While another process writes there, FolderInUse is
            raised. What was asked and not told can still be told. Numbers of jobs never come twice: while anything is
            open, `open_jobs.jsonl` holds what was handed out, so that a killed search suggests it again under others.
        solution_selection: with "argmax_obs" every row of the table also says, in the columns `sol.p:<name>` and
            `sol.objective`, which configuration was the best one observed so far. `CBO` has another way to choose.

    Example:
        >>> import tempfile
        >>> from deephyper.hpo import CBO, HpProblem
        >>> problem = HpProblem()
        >>> x = problem.add_hyperparameter((-1.0, 1.0), "x")
        >>> search = CBO(problem, random_state=1, log_dir=tempfile.mkdtemp())
        >>> (configuration,) = search.ask()
        >>> search.tell([(configuration, -(configuration["x"] ** 2))])
        >>> results = search.search(lambda job: -(job["x"] ** 2), max_evals=9)
        >>> len(results), results.best.objective.item() > -0.1
        (10, True)
    """

    # What to write instead of an argument that this search does not take; empty if it is known nowhere.
    _instead_of: ClassVar[Callable[..., str]] = staticmethod(instead_of_option)
    # Brings arguments of an earlier version into the form that the constructor takes.
    _in_todays_words: ClassVar[Callable[..., dict[str, Any]]] = staticmethod(dict)

    # Ways to choose what is recommended.
    _selections: ClassVar[tuple[str, ...]] = (OBSERVED,)

    is_master: ClassVar[bool] = True
    """Whether this process decides what is evaluated."""

    def __init__(
        self,
        problem: HpProblem,
        evaluator: Evaluator | RunFunction | None = None,
        random_state: Any = None,
        log_dir: str | os.PathLike[str] | None = ".",
        verbose: int = 0,
        checkpoint_history_to_csv: bool = True,
        checkpoint_restart: bool = False,
        *,
        solution_selection: str | None = None,
    ):
        where = type(self).__name__
        check_problem(where, problem)
        if not len(problem):
            raise ValueError(
                f"{where}: the problem has no hyperparameters; add one with "
                "problem.add_hyperparameter((0.0, 1.0), 'x')."
            )
        self.problem = problem
        self.checkpoint_history_to_csv, self.checkpoint_restart = checkpoint_history_to_csv, checkpoint_restart
        self._calls: list[dict[str, Any]] = []
        self._space = problem.numeric_space()
        self._draws = draws_from(random_state, f"{where}: random_state")
        self._is_seed_given = random_state is not None
        # True and False are what most people write.
        self._verbose = int(verbose) if is_bool(verbose) else count(where, "verbose", verbose, at_least=0)
        yes_or_no(where, "checkpoint_history_to_csv", checkpoint_history_to_csv)
        yes_or_no(where, "checkpoint_restart", checkpoint_restart)
        # An evaluator that we make from a function is closed after every call, and starts again in the next one.
        self._evaluator = None if evaluator is None else Chosen.of(where, evaluator)
        self._crashes = Crashes()
        self._proposer: Proposer | None = None
        self._lessons: list[Callable[[Any], None]] = []
        self.stop_reason: str | None = None
        self.statistics: Statistics | None = None
        kind = checked_selection(where, solution_selection, self._selections)
        # A table outlives its search, and must keep neither it nor its evaluator's workers alive.
        this = weakref.ref(self)
        self._selection = Selection(where, kind, lambda: getattr(this(), "_proposer", None))
        self._ledger = Ledger(
            where,
            self._space,
            log_dir,
            checkpoint_history_to_csv,
            checkpoint_restart,
            self._check,
            self._selection.after,
        )
        self._selection.after(self._ledger.history.jobs() if kind is not None else ())
        self._turns = Turns(
            "this search",
            "give each thread a search of its own; with one `storage` and `search_id` they share what they find",
            "it may read `history`, `statistics`, `search_id` and the evaluator's `time_left`",
        )

    @abstractmethod
    def _new_proposer(self, draws: Draws, member: int) -> Proposer:
        """Make the proposer of this search; called once, before the first suggestion.

        Args:
            draws: all random draws of this member of the search.
            member: number of this process among the members of the search.
        """

    def _seated(self, evaluator: Evaluator | None = None) -> Proposer:
        """Join a store and make the proposer, unless that has been done; return the proposer."""
        given = evaluator or (None if self._evaluator is None else self._evaluator.evaluator)
        place = Place(None, None) if given is None else given.place
        seat = self._ledger.seat(place, self._description)
        if self._proposer is None:
            self._proposer = self._new_proposer(replace(self._draws, member=self._ledger.member), seat.member)
            if self._ledger.left:
                self._proposer.recall(self._ledger.memory)
                self._proposer.restore(self._ledger.left, self._ledger.n_suggested)
            for lesson in self._lessons:
                lesson(self._proposer)
        return self._proposer

    def _teach(self, lesson: Callable[[Any], None]) -> None:
        """Call a function with the proposer: now, or once it is made and has learned from an interrupted search."""
        with self._turn("fit_surrogate, fit_generative_model or fit_search_space"):
            self._lessons.append(lesson)
            if self._proposer is not None:
                lesson(self._proposer)

    def _turn(self, call: str) -> AbstractContextManager[None]:
        return self._turns.of(f"{type(self).__name__}.{call}")

    # Public methods.

    @property
    def search_id(self) -> str:
        """Name of the search in its storage."""
        if not self._ledger.search_id:
            with self._turn("search_id"):
                self._seated()
        return self._ledger.search_id

    @property
    def history(self) -> Results:
        """The table of all evaluations so far."""
        return self._ledger.history.table()

    @property
    def stopped(self) -> bool:
        """Whether the last call of `search` ended before its budget was spent; `stop_reason` says why."""
        return self.stop_reason is not None

    @explained("search.ask(4)")
    def ask(self, n: int = 1) -> list[dict[str, Any]]:
        """Suggest configurations to evaluate elsewhere.

        Args:
            n: how many. The list is shorter only if no other legal configuration is left.

        Raises:
            SearchSpaceExhausted: no legal configuration is left.
        """
        n = count(type(self).__name__ + ".ask", "n", n)
        with self._turn("ask"):
            proposer = self._seated()
            self._hear_others(proposer)
            trials = proposer.ask(n, None)
            if not trials:
                raise SearchSpaceExhausted(f"{type(self).__name__}: {self._why_nothing_is_left()}.")
            self._ledger.ask(trials)
            return [trial.configuration for trial in trials]

    @explained("tell([(configuration, objective)])")
    def tell(self, results: Sequence[tuple[Mapping[str, Any], Any]]) -> None:
        """Report evaluations that were made elsewhere.

        Args:
            results: pairs of a configuration and what a run-function would have returned for it.

        Raises:
            ValueError: a configuration is not legal, a value is no objective and no reason of a failure "F…", or the
                search cannot learn from it. Then nothing is stored.
            TypeError: an element is no pair. Then nothing is stored.
        """
        with self._turn("tell"):
            self._tell(f"{type(self).__name__}.tell", self._seated(), results)

    def _tell(self, where: str, proposer: Proposer, results: Sequence[tuple[Mapping[str, Any], Any]]) -> None:
        objectives, outcomes = self._ledger.history.objectives, []
        for i, (configuration, returned) in enumerate(pairs_of(where, results)):
            # What is no configuration is refused below; the pair may be in the wrong order.
            if isinstance(configuration, Mapping):
                refuse_mistyped(f"{where}: results[{i}]", returned)
            outcome = Outcome.parse(returned, objectives)
            self._check(outcome.objective)
            objectives = objectives.learned_from([outcome.objective])
            outcomes.append((configuration, outcome))
        proposer.tell(self._ledger.tell(outcomes))

    def _hear_others(self, proposer: Proposer) -> None:
        """Learn what other members of the search have finished."""
        if news := self._ledger.news():
            self._ledger.keep(news)
            proposer.tell(news)

    def _check(self, objective: Objective) -> None:
        """Raise ValueError for an objective from which the proposer could not learn."""
        if self._proposer is not None and not is_failure(objective):
            self._proposer.check(objective)

    @explained("search(run, max_evals=100, timeout=3600)", instead_in_call)
    def search(
        self,
        evaluator: Evaluator | RunFunction | int | None = None,
        max_evals: float | None = None,
        timeout: float | None = None,
        max_evals_total: float | None = None,
        *,
        max_evals_strict: bool = True,
    ) -> Results:
        """Search until a budget is spent; another call continues the same search with a new budget.

        The first Ctrl-C ends the search, not the program: running evaluations are cancelled, the table is written and
        returned. The second one raises KeyboardInterrupt at once. SIGTERM and SIGHUP end the search in the same order,
        and then the process: SystemExit is raised with status 143 or 129. In an allocation, SIGUSR1 and SIGUSR2, by
        which schedulers warn of its end, end the search like a deadline, and the script goes on. Signals for which the
        program has a handler of its own are left to it. Afterwards `stop_reason` says why the search ended early, and
        `statistics` how busy the workers were.

        Args:
            evaluator: runs the evaluations, if the constructor was not given one. A number here is `max_evals`.
            max_evals: how many evaluations this call submits, exactly; -1 or None for no limit. What was evaluated
                before does not count, and neither does what `checkpoint_restart` has found.
            timeout: seconds from now after which running evaluations are cancelled; None for no limit, and in an
                allocation of Slurm, PBS, LSF or Flux for its end, less two minutes. A plain function on a "serial"
                evaluator, as one that is passed here, runs in this thread and cannot be ended: from the deadline on
                `job.stopped()` is True in it, and `job.status` CANCELLING, so that a loop can end; the call returns
                after the evaluation that is running.
            max_evals_total: how many evaluations the whole search may have; -1 or None for no limit. All that ended
                count: in earlier calls, before a restart, told, or at other members of the search. Cancelled ones do
                not. So a script that is started again with `checkpoint_restart` ends at the same number. Beside
                `max_evals`, whatever is reached first ends the call.
            max_evals_strict: accepted for scripts that pass it; `max_evals` is exact with either value.

        Returns:
            One row per evaluation since the search began.

        Raises:
            ResultsNotWritten: the table could not be written to its file; its `results` are the table.
            AllFailedError: the first evaluations all raised, lost their worker or returned no objective; its `results`
                hold the rows.
        """
        where = f"{type(self).__name__}.search"
        yes_or_no(where, "max_evals_strict", max_evals_strict)
        first, limits, timeout = budgets_of(where, evaluator, max_evals, timeout, max_evals_total)
        given = cast("Evaluator | RunFunction | None", first)
        chosen = self._evaluator if given is None else Chosen.of(where, given)
        if chosen is None:
            raise TypeError(f"{where}: there is no evaluator; pass a function or an Evaluator as the first argument.")
        with (
            self._turns.of(where),
            chosen.evaluator.kept_for(where),
            orderly_end(chosen.evaluator) as caught,
            chosen.open() as opened,
            self._ledger.writing(keeps=False),
        ):
            self._calls.append({"max_evals": limits.here, "timeout": timeout, "max_evals_total": limits.total})
            return self._search(opened, limits, timeout_of(opened, timeout), caught)

    def _search(self, evaluator: Evaluator, limits: Limits, timeout: float | None, caught: CaughtSignal) -> Results:
        name, proposer = type(self).__name__, self._seated(evaluator)
        self._ledger.begin(evaluator, self._description())
        run = Run(name, evaluator, proposer, self._ledger, self._crashes, self._why_nothing_is_left, caught)
        try:
            self.statistics = run.until(limits, timeout, shows_progress=self._verbose > 0)
        finally:
            self.stop_reason = run.stop_reason
            self._ledger.settle(proposer.memory)
        if self._crashes.are_all(evaluator.num_workers):
            # The next call is judged by its own evaluations: the function may have been mended.
            crashes, self._crashes = self._crashes, Crashes()
            raise AllFailedError(f"{name}: {crashes}", self.history)
        warn_of_lateness(name, evaluator, timeout, 0.0 if self.statistics is None else self.statistics.wall_s)
        refuse_unwritten(name, self._ledger)
        reason = self.stop_reason or "its budget is spent"
        logger.info("search %s ended: %s; %s", self._ledger.search_id, reason, self.statistics)
        return self.history

    def replay(self, table: Source, search_id: str | None = None) -> Replay:
        """Make the suggestions of a recorded search again, with the options of this one, and compare them.

        Every suggestion is made from the results that the recorded one knew, however many workers there were; the
        recorded search is followed also where it differs. Nothing is written, and this search does not change.

        Args:
            table: the table of a search, the path of its `results.csv` or of its folder, or a store. A folder also
                tells what was running in the end. Numbers in a file are exact, those that pandas has read almost.
            search_id: which search of a store; needed where it holds several.

        Raises:
            ValueError: it does not fit this problem, has another random_state, or tells nothing of suggestions.
        """
        where = f"{type(self).__name__}.replay"
        with self._turn("replay"):
            seed, is_given, arguments = self._draws.seed, self._is_seed_given, self._description()["search"]
            maker = Maker(where, self._space, seed, is_given, self._new_proposer, self._lessons, plain(arguments))
            recording = read_recording(where, table, self.problem, self._space, search_id)
            return replay(maker, recording, shows_progress=self._verbose > 0)

    def _why_nothing_is_left(self) -> str:
        return why_nothing_is_left(self._ledger, self._space)

    def get_params(self) -> dict[str, Any]:
        """Describe this search as plain JSON data: `search` has its type and arguments, `calls` those of `search()`."""
        return {**self._description(), "search_id": self.search_id}

    to_json = get_params

    def _description(self) -> dict[str, Any]:
        """Describe this search for its store and for `search.json`, as plain JSON data."""
        return {
            "version": __version__,
            "search": {"type": type(self).__name__, **self._arguments()},
            "calls": [*self._calls],
            # JSON knows no tuples; see `deephyper.results.read_csv`.
            "choices": literals_of(self._space),
        }

    def _arguments(self) -> dict[str, Any]:
        """The arguments of the constructor, as plain JSON data."""
        evaluator, folder = self._evaluator, self._ledger.folder
        return {
            "problem": self.problem.to_json(),
            "evaluator": None if evaluator is None else evaluator.evaluator.to_json(),
            "random_state": self._draws.seed,
            "log_dir": None if folder is None else str(folder),
            "verbose": self._verbose,
            "checkpoint_history_to_csv": self.checkpoint_history_to_csv,
            "checkpoint_restart": self.checkpoint_restart,
            "solution_selection": self._selection.kind,
        }

    @explained("search.save_params('params.json')")
    def save_params(self, filename: str | os.PathLike[str] = "params.json") -> None:
        """Write `get_params()` as JSON to a file, relative to the log directory if there is one."""
        where = f"{type(self).__name__}.save_params"
        instance_of(where, "filename", filename, (str, os.PathLike), "the path of a file")
        text = json.dumps(self.get_params(), indent=2, default=str)
        replace_file((self._ledger.folder or Path.cwd()) / filename, text.encode("utf-8"))
