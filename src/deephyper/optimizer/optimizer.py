"""Ask for rows, tell their values; what was asked and not yet told is known to every proposal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import final

import numpy as np

from .._arrays import Array, Indices
from .._threads import limited
from ..space import Space, row_keys
from ..transfer import Source, SourceReport
from .belief import Belief, Recommended, believed, can_believe, recommended
from .chooser import MOST_NOMINATIONS
from .handed_out import HandedOut
from .model import Model, restored_model, told_model
from .opening import Opening
from .proposal import Proposals, Propose, Snapshot, propose
from .settings import Settings
from .shelf import Shelf, prepared_rows
from .strategy import n_negligible
from .suggestion import Suggestion
from .told import FEWEST_VALUES, Told
from .trace import Trace


@final
class BayesianOptimizer:
    """Bayesian optimization on canonical rows; objectives are maximized.

    A seed and the order of asks and tells fix every proposal. A resumed search goes on with the same ones, except where
    so few configurations are legal that it walks from those it has found: these it has to find again.

    Args:
        settings: how it decides.
        propose: makes the proposals; anything else than `deephyper.optimizer.propose` is for those who follow another
            search.

    Attributes:
        nominees: what each acquisition of a portfolio would have suggested lately, (k, acquisitions, d).
        source_report: what has become of the source; None where there is none.
        trace: what was asked of it since the last suggestion; what it was told is noted by whoever tells.
    """

    def __init__(self, settings: Settings, propose: Propose = propose):
        d = settings.space.n_columns
        self._settings, self._propose = settings, propose
        self.trace = Trace()
        self._n_calls = 0
        self._told = Told(np.empty((0, d)), np.empty((0, 1)))
        self._handed_out = HandedOut(d)
        self._n_given = Counter(row_keys(settings.initial_rows))
        self._shelf = Shelf()
        self._model: Model | None = None
        self._source: Source | None = None
        self.source_report: SourceReport | None = None
        # Nothing was asked or told yet but what an interrupted search has left.
        self._is_untouched = True
        self.nominees = np.empty((0, len(settings.acquisitions), d))
        self._fresh_nominees = self.nominees
        self._places: Indices = np.arange(0)
        # Places known to be legal, where draws from the priors hardly ever are.
        self._feasible = np.empty((0, d))

    @property
    def n_told(self) -> int:
        """How many rows were told, failures included."""
        return len(self._told.X)

    @property
    def n_asked(self) -> int:
        """How many rows were handed out; the number of the next suggestion."""
        return self._handed_out.n_asked

    @property
    def n_pending(self) -> int:
        """How many rows were handed out and neither told nor forgotten."""
        return self._handed_out.n_pending

    @property
    def n_volunteered(self) -> int:
        """How many rows were told without having been asked."""
        return self._handed_out.n_volunteered

    def take_fresh_nominees(self) -> Array:
        """Return the nominees that have come since the last call, (k, acquisitions, d)."""
        fresh, self._fresh_nominees = self._fresh_nominees, self._fresh_nominees[:0]
        return fresh

    @property
    def n_ready(self) -> int:
        """How many prepared rows wait to be taken."""
        return len(self._shelf)

    @property
    def n_newest_ready(self) -> int:
        """How many of them know as much as the next one."""
        return self._shelf.n_newest

    def learn_from(self, source: Source) -> None:
        """Use from now on what earlier tasks say, in place of those given before.

        An interrupted search that is given its source again goes on as if it had had it from the beginning.
        """
        # Rows that the user wants to be tried first are no controls: they may be known to be good.
        n_given = len(self._settings.initial_rows)
        n_told, n_asked = (n_given, 0) if self._is_untouched else (self.n_told, self.n_asked)
        self._source = replace(source, n_told=n_told, n_asked=n_asked)
        self.source_report = SourceReport(tuple(0.0 for _ in source.guides))
        self._shelf.drop()
        self._model = self._restored_model() if self._is_untouched and self.n_told else None

    def ask(self, n: int = 1) -> Array:
        """Hand out suggestions, which become pending.

        Returns:
            Canonical, legal rows, (k, d), none of them told or pending but those that were given several times; k < n
            only when nothing is left.
        """
        rows = [suggestion.row for suggestion in self.suggest(n)]
        return np.array(rows).reshape(len(rows), self._settings.space.n_columns)

    def suggest(self, n: int = 1, is_wanted: Callable[[], bool] = lambda: True) -> list[Suggestion]:
        """Hand out suggestions as `ask` does; fewer only when nothing is left, or no more are wanted.

        They know everything that was told; only where very many rows are pending may they have missed a few of the
        newest results, so that one model serves several asks.
        """
        self.trace.note("ask", n)
        n_behind = n_negligible(self.n_pending)
        self._shelf.drop(fewest_told=self.n_told - n_behind)
        taken = self._hand_out(n, was_prepared=False)
        while len(taken) < n:
            self._take_over(self._propose(self._snapshot(), max(n - len(taken), n_behind), is_wanted))
            fresh = self._hand_out(n - len(taken), was_prepared=False)
            if not fresh:
                break
            taken += fresh
        return taken

    def tell(self, X: Array, y: Array) -> None:
        """Learn objectives.

        Args:
            X: canonical rows, (n, d), asked for or not.
            y: their objectives, (n,), higher is better; NaN for a failed evaluation.
        """
        self._is_untouched = False
        self._told = self._told.followed_by(X, np.asarray(y, float).reshape(len(X), 1))
        self._handed_out.close(X)

    @property
    def has_beliefs(self) -> bool:
        """Whether the values that were told say anything about other rows: there are three, and they differ."""
        return can_believe(self._settings.context(self._source).read(self._told))

    def believed(self, X: Array) -> Belief:
        """What is believed of rows (n, d) after all that was told; only where `has_beliefs`.

        No suggestion is changed by it: the model that this may need to learn is not kept.
        """
        context = self._settings.context(self._source)
        told = context.read(self._told)
        with limited(self._settings.n_threads):
            return believed(context, told_model(context, self._model, told), told, X)

    def recommended(self, X: Array, y: Array) -> Recommended | None:
        """The row of which most is believed among those told and these, which are about to be; None without a value.

        Args:
            X: canonical rows, (n, d), whose places come after those told so far.
            y: their objectives, (n,), higher is better; NaN for a failed evaluation.
        """
        context = self._settings.context(self._source)
        told = context.read(self._told.followed_by(X, np.asarray(y, float).reshape(len(X), 1)))
        with limited(self._settings.n_threads):
            return recommended(context, self._model, told)

    def forget(self, X: Array, may_return: bool = True) -> None:
        """Let rows whose evaluation gave nothing be pending no longer; they teach nothing.

        Args:
            X: canonical rows, (n, d).
            may_return: they may be proposed again, as after a cancellation; not so when they may be what killed a
                worker.
        """
        self._handed_out.give_up(X, may_return)

    def restore(
        self,
        X: Array,
        y: Array,
        n_asked: int,
        n_volunteered: int = 0,
        places: Indices | None = None,
        pending: Array | None = None,
        nominees: Array | None = None,
    ) -> None:
        """Take over the history of an interrupted search, in the order told, and go on with suggestion `n_asked`.

        Hyperparameters become those of a search that asked after every tell.

        Args:
            X: canonical rows that came back, (n, d).
            y: their objectives, (n,).
            n_asked: how many rows were handed out.
            n_volunteered: how many rows were told without having been asked.
            places: how many rows were handed out or volunteered before each of them, (n,); those that were cancelled
                count as well. None if none were.
            pending: rows that were asked and can still be told, (p, d).
            nominees: what each acquisition of a portfolio would have suggested so far, (k, acquisitions, d).
        """
        self.tell(X, y)
        self._handed_out.resume(n_asked, n_volunteered, pending)
        self._places = np.arange(len(X)) if places is None else places
        if nominees is not None and nominees.shape[1:] == self.nominees.shape[1:]:
            self.nominees = nominees[-MOST_NOMINATIONS:]
        self._is_untouched = True
        self._model = self._restored_model()

    def _restored_model(self) -> Model | None:
        context = self._settings.context(self._source)
        # The model chose for the first time after so many suggestions; of them, these had come back.
        length = Opening(self._settings, context).length(context.read(self._told))
        is_over = self._handed_out.n_asked + self._handed_out.n_volunteered >= length
        n_first = max(int((self._places < length).sum()), FEWEST_VALUES) if is_over else self.n_told + 1
        with limited(self._settings.n_threads):
            return restored_model(context, self._told, n_first)

    def snapshot(self, n_kept: int = 0, thrift: int = 0) -> Snapshot:
        """Everything that the next proposals depend on, as a value.

        Args:
            n_kept: how many of the prepared rows are expected to be handed out before the proposals come; they count as
                asked.
            thrift: how much has to be saved, a place in `THRIFTS`.
        """
        self.trace.note("prepare", n_kept, *([thrift] if thrift else []))
        return self._snapshot(n_kept, thrift)

    def _snapshot(self, n_kept: int = 0, thrift: int = 0) -> Snapshot:
        kept = self._shelf.first(n_kept)
        pending = self._handed_out.pending(kept)
        return Snapshot(
            self._settings,
            self._told,
            pending,
            self._handed_out.known(kept),
            n_asked=self.n_asked + len(kept),
            n_volunteered=self._handed_out.n_volunteered,
            model=self._model,
            source=self._source,
            nominees=self.nominees,
            feasible=self._feasible,
            thrift=thrift,
        )

    def install(self, proposals: Proposals) -> None:
        """Take over a model unless ours is newer, and rows before those prepared ones that the proposals count on.

        They were made of the newest snapshot.
        """
        self.trace.note("ready", proposals.n_wanted)
        self._take_over(proposals)

    def _take_over(self, proposals: Proposals) -> None:
        if len(proposals.rows) < proposals.n_wanted:
            # Perhaps there was no time for more.
            self.trace.note("cut", self._n_calls, proposals.n_steps)
        if proposals.model is not None and (self._model is None or proposals.model.n_told >= self._model.n_told):
            self._model = proposals.model
            self._note_source(proposals.model)
        if proposals.nominees is not None:
            self.nominees = np.concatenate((self.nominees, proposals.nominees))[-MOST_NOMINATIONS:]
            self._fresh_nominees = np.concatenate((self._fresh_nominees, proposals.nominees))
        self._feasible = proposals.feasible
        n_late = max(0, self.n_asked - proposals.first)
        n_kept = max(0, proposals.first - self.n_asked)
        # What the design has planned is worth as much later, and it comes first.
        n_planned = max(0, self._settings.n_design - self.n_asked)
        new = prepared_rows(proposals.rows[n_late:], proposals.n_told, proposals.thrift > 0, self._n_calls, n_late)
        self._shelf.put(new, n_kept, n_before=n_planned)
        self._n_calls += 1

    def draw_from(self, space: Space) -> None:
        """Draw from now on from the priors of a space that holds the same rows."""
        self._settings = replace(self._settings, space=space)
        self._feasible = self._feasible[:0]
        self._shelf.drop()

    def _note_source(self, model: Model) -> None:
        """Remember how much the newest model uses the source."""
        if self._source is None or self.source_report is None:
            return
        told = self._settings.context(self._source).read(self._told)
        is_distrusted = self._source.is_distrusted(told.X, told.merit)
        self.source_report = self.source_report.after(model.lesson.guidances, model.n_told, is_distrusted)

    def drop_ready(self) -> None:
        """Forget the rows that were prepared."""
        if self.n_ready:
            self.trace.note("drop")
        self._shelf.drop()

    def take_ready(self, n: int = 1) -> list[Suggestion]:
        """Hand out at most n prepared rows, which become pending; fewer when no more are ready."""
        return self._hand_out(n, was_prepared=True)

    def _hand_out(self, n: int, was_prepared: bool) -> list[Suggestion]:
        """Hand out at most n rows of the shelf; those that have become known since they were proposed are skipped."""
        taken: list[Suggestion] = []
        while len(taken) < n and (prepared := self._shelf.take()) is not None:
            # A row that the user has given twice is wanted twice.
            n_wanted = max(1, self._n_given[row_keys(prepared.row[None])[0]])
            if self._settings.may_repeat or self._handed_out.n_times(prepared.row) < n_wanted:
                number = self._handed_out.hand_out(prepared.row)
                origin = (prepared.call, prepared.place, self.trace.take())
                known = (prepared.row, prepared.n_told, was_prepared)
                taken.append(Suggestion(number, *known, *origin, prepared.is_cheaper))
        self._is_untouched = self._is_untouched and not taken
        return taken
