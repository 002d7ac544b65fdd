"""Ask for rows, tell their values; what was asked and not yet told is known to every proposal."""

from __future__ import annotations

from dataclasses import replace
from typing import final

import numpy as np

from .._arrays import Array
from ..space import Space, row_keys
from ..transfer import Source, SourceReport
from .model import FEWEST_VALUES, Model, Told, restored_model
from .proposal import MOST_NOMINATIONS, Proposals, Snapshot, n_design, n_negligible, propose
from .settings import Settings
from .threads import blas_threads


@final
class BayesianOptimizer:
    """Bayesian optimization on canonical rows; objectives are maximized.

    A seed and the order of asks and tells fix every proposal.

    Args:
        settings: how it decides.
    """

    def __init__(self, settings: Settings):
        self._settings = settings
        nothing = np.empty((0, settings.space.n_columns))
        # These arrays are replaced and never written to, so that snapshots may share them.
        self._X, self._y = nothing, np.empty(0)
        # Keys of the rows that must not come again: told, or spent without having taught anything.
        self._closed: set[bytes] = set()
        self._pending: dict[bytes, Array] = {}
        self._ready: list[tuple[Array, int]] = []
        self._n_asked = self._n_volunteered = 0
        self._model: Model | None = None
        self._source: Source | None = None
        self._source_report: SourceReport | None = None
        # Nothing was asked or told yet but what an interrupted search has left.
        self._is_untouched = True
        self._nominees = np.empty((0, len(settings.acquisitions), settings.space.n_columns))

    @property
    def n_told(self) -> int:
        """How many rows were told, failures included."""
        return len(self._X)

    @property
    def n_asked(self) -> int:
        """How many rows were handed out; the number of the next suggestion."""
        return self._n_asked

    @property
    def n_pending(self) -> int:
        """How many rows were handed out and neither told nor forgotten."""
        return len(self._pending)

    @property
    def n_ready(self) -> int:
        """How many prepared rows wait to be taken."""
        return len(self._ready)

    @property
    def source_report(self) -> SourceReport | None:
        """What has become of the source; None where there is none."""
        return self._source_report

    def learn_from(self, source: Source) -> None:
        """Hear from now on what earlier tasks say, in place of those given before.

        An interrupted search that is given its source again goes on as if it had had it from the beginning.
        """
        n_given = len(self._settings.initial_rows)
        # Rows that the user wants to be tried first are no controls: they may be known to be good.
        self._source = source.beginning_at(*((n_given, 0) if self._is_untouched else (self.n_told, self.n_asked)))
        self._source_report = SourceReport(tuple(0.0 for _ in source.guides))
        self.drop_ready()
        self._model = self._restored_model() if self._is_untouched and self.n_told else None

    def ask(self, n: int = 1) -> Array:
        """Hand out suggestions, which become pending.

        Returns:
            Canonical, legal rows, none of them told or pending, (k, d); k < n only when nothing is left.
        """
        rows = [row for row, _ in self.suggest(n)]
        return np.array(rows).reshape(len(rows), self._settings.space.n_columns)

    def suggest(self, n: int = 1) -> list[tuple[Array, int]]:
        """Hand out suggestions as `ask` does.

        They know everything that was told; only where very many rows are pending may they have missed a few of the newest
        results, so that one model serves several asks.

        Returns:
            Canonical rows, each (d,), and how many told rows each of them knew.
        """
        n_behind = n_negligible(self.n_pending)
        self._ready = [(row, n_told) for row, n_told in self._ready if self.n_told - n_told <= n_behind]
        taken = self.take_ready(n)
        while len(taken) < n:
            self.install(propose(self.snapshot(), max(n - len(taken), n_behind)))
            fresh = self.take_ready(n - len(taken))
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
        self._n_volunteered += sum(key not in self._pending for key in row_keys(X))
        self._X = np.concatenate((self._X, X))
        self._y = np.concatenate((self._y, np.asarray(y, float)))
        self.forget(X)
        self._closed.update(row_keys(X))

    def forget(self, X: Array, may_return: bool = True) -> None:
        """Let rows whose evaluation gave nothing be pending no longer; they teach nothing.

        Args:
            X: canonical rows, (n, d).
            may_return: they may be proposed again, as after a cancellation; not so when they may be what killed a worker.
        """
        for key in row_keys(X):
            self._pending.pop(key, None)
        if not may_return:
            self._closed.update(row_keys(X))

    def restore(self, X: Array, y: Array, n_asked: int) -> None:
        """Take over the history of an interrupted search, in the order told, and go on with suggestion `n_asked`.

        Hyperparameters become those of a search that asked after every tell.
        """
        self.tell(X, y)
        self._n_asked, self._n_volunteered, self._is_untouched = n_asked, 0, True
        self._model = self._restored_model()

    def _restored_model(self) -> Model | None:
        n_first = max(n_design(self._settings, self._told), FEWEST_VALUES)
        with blas_threads(self._settings.n_threads):
            return restored_model(self._settings.family, self._told, n_first)

    @property
    def _told(self) -> Told:
        settings = self._settings
        return Told(self._X, self._y, settings.space, settings.draws, settings.failures, self._source)

    def snapshot(self, n_kept: int = 0) -> Snapshot:
        """Everything that the next proposals depend on, as a value.

        Args:
            n_kept: how many of the ready rows are expected to be handed out before the proposals come; they count as asked.
        """
        kept = [row for row, _ in self._ready[:n_kept]]
        rows = [*self._pending.values(), *kept]
        pending = np.array(rows).reshape(len(rows), self._settings.space.n_columns)
        known = frozenset(self._closed.union(self._pending, row_keys(pending)))
        first = self._n_asked + len(kept)
        return Snapshot(
            self._settings,
            self._X,
            self._y,
            pending,
            known,
            n_asked=first,
            n_volunteered=self._n_volunteered,
            model=self._model,
            source=self._source,
            nominees=self._nominees,
        )

    def install(self, proposals: Proposals) -> None:
        """Take over a model unless ours is newer, and rows behind those ready ones that the proposals count on."""
        if proposals.model is not None and (self._model is None or proposals.model.n_told >= self._model.n_told):
            self._model = proposals.model
            self._note_source(proposals.model)
        if proposals.nominees is not None:
            self._nominees = np.concatenate((self._nominees, proposals.nominees))[-MOST_NOMINATIONS:]
        n_kept, n_late = max(0, proposals.first - self._n_asked), max(0, self._n_asked - proposals.first)
        self._ready = self._ready[:n_kept] + [(row, proposals.n_told) for row in proposals.rows[n_late:]]

    def draw_from(self, space: Space) -> None:
        """Draw from now on from the priors of a space that holds the same rows."""
        self._settings = replace(self._settings, space=space)
        self.drop_ready()

    def _note_source(self, model: Model) -> None:
        """Remember how much of the source the newest model hears."""
        source, report = self._source, self._source_report
        if source is None or report is None:
            return
        if model.lesson.guidance is not None:
            weights = np.maximum(report.weights, model.lesson.guidance.weights)
            self._source_report = SourceReport(tuple(float(weight) for weight in weights))
        elif report.dropped_after is None:
            is_distrusted = source.is_distrusted(self._X, self._y)
            self._source_report = SourceReport(report.weights, model.n_told, is_distrusted)

    def drop_ready(self) -> None:
        """Forget the rows that were prepared."""
        self._ready = []

    def take_ready(self, n: int = 1) -> list[tuple[Array, int]]:
        """Hand out at most n prepared rows, which become pending; rows that have become known are skipped.

        Returns:
            Canonical rows, each (d,), and how many told rows each of them knew; fewer than n when no more are ready.
        """
        taken: list[tuple[Array, int]] = []
        while self._ready and len(taken) < n:
            row, n_told = self._ready.pop(0)
            key = row_keys(row[None])[0]
            if self._settings.may_repeat or (key not in self._closed and key not in self._pending):
                self._pending[key] = row
                taken.append((row, n_told))
        self._n_asked += len(taken)
        self._is_untouched = self._is_untouched and not taken
        return taken
