"""What a search was given of earlier tasks, and how far it is trusted.

The best rows of the earlier tasks, the leads, are tried first, with rows of the usual design between them as controls.
When two controls beat every lead, the source is distrusted and not used any more. How much of the guides is used
depends on the values seen so far (see weights.py), and fades linearly over the first evaluations, since the values of
this search soon say more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from .._arrays import Array, Mask
from ..space import row_keys
from ..surrogate import Data
from .guide import Guide
from .guided import Guidance
from .weights import expected_weights, weights_of

N_LEADS = 4
# How many controls that beat all leads are enough to distrust a source: docs/decisions/transfer.md.
MOST_BEATEN = 2
# The values do not contradict a source with at least this weight: a third of what is expected before any value is seen.
_TRUSTED = 0.3
# A weight that changes no suggestion.
_NEGLIGIBLE = 0.01


@final
@dataclass(frozen=True, eq=False)
class Source:
    """Earlier tasks as a search sees them.

    Args:
        guides: what they say of rows.
        leads: their best rows, canonical, legal, the best first, (k, d).
        n_told: how many rows are told before the first lead.
        n_asked: how many suggestions had been made by then.
    """

    guides: tuple[Guide, ...]
    leads: Array
    n_told: int = 0
    n_asked: int = 0

    def is_distrusted(self, X: Array, y: Array) -> bool:
        """Whether controls have beaten all leads.

        Args:
            X: all told rows, (N, d).
            y: what they are ranked by, (N,); NaN for a failed evaluation.
        """
        n_beaten, _ = self.beaten(X, y)
        return n_beaten >= MOST_BEATEN

    def beaten(self, X: Array, y: Array) -> tuple[int, int]:
        """How many controls beat all leads so far, 0 before the first lead, and how many controls there are.

        The arguments are those of `is_distrusted`.
        """
        # All leads and a control: what comes later may be a suggestion of the model, which has learned from the leads.
        judged = slice(self.n_told, self.n_told + len(self.leads) + 1)
        leads = set(row_keys(self.leads))
        is_lead = np.array([key in leads for key in row_keys(X[judged])], bool)
        values = np.where(np.isnan(y[judged]), -np.inf, y[judged])
        n_controls = int((~is_lead).sum())
        if not is_lead.any():
            return 0, n_controls
        return int((values[~is_lead] > values[is_lead].max()).sum()), n_controls

    def guidance(self, X: Array, y: Array, judged: Data) -> Guidance | None:
        """What the guides say, weighted and faded; None once they are not used any more.

        Args:
            X: all told rows, (N, d).
            y: what they are ranked by, (N,).
            judged: the rows to judge by, and their targets.
        """
        n_since = max(0, len(X) - self.n_told)
        left = np.array([max(0.0, 1.0 - n_since / guide.fades_over) for guide in self.guides])
        if not left.any() or self.is_distrusted(X, y):
            return None
        weights = left * self._weights(judged)
        return Guidance(self.guides, weights) if (weights > _NEGLIGIBLE).any() else None

    def is_trusted(self, X: Array, y: Array, judged: Data) -> bool:
        """Whether the values do not contradict what the guides say; the arguments are those of `guidance`."""
        if not self.guides or self.is_distrusted(X, y):
            return False
        return bool((self._weights(judged) / expected_weights(self._have_to_help)).sum() >= _TRUSTED)

    def _weights(self, judged: Data) -> Array:
        said = np.column_stack([guide.value(judged.X) for guide in self.guides])
        return weights_of(said, judged, self._have_to_help)

    @property
    def _have_to_help(self) -> Mask:
        return np.array([guide.has_to_help for guide in self.guides], bool)


@final
@dataclass(frozen=True)
class SourceReport:
    """What has become of a source.

    Args:
        weights: the largest weight that each earlier task has had.
        dropped_after: how many evaluations had ended when none was used any more; None while one is.
        is_distrusted: whether its best rows were beaten by controls.
    """

    weights: tuple[float, ...]
    dropped_after: int | None = None
    is_distrusted: bool = False

    def after(self, guidances: Sequence[Guidance | None], n_told: int, is_distrusted: bool) -> SourceReport:
        """The report after another lesson.

        Args:
            guidances: what the lesson uses, for each objective.
            n_told: how many evaluations had ended.
            is_distrusted: whether the best rows of the source have been beaten by others.
        """
        used = [guidance.weights for guidance in guidances if guidance is not None]
        if used:
            weights = np.maximum.reduce([np.array(self.weights), *used])
            return SourceReport(tuple(float(weight) for weight in weights))
        return self if self.dropped_after is not None else SourceReport(self.weights, n_told, is_distrusted)

    def __str__(self) -> str:
        text = f"source weight {', '.join(f'{weight:.2f}' for weight in self.weights or (0.0,))}"
        if self.dropped_after is None:
            return text
        why = " as misleading" if self.is_distrusted else ""
        return f"{text}, dropped{why} after {self.dropped_after} evaluations"
