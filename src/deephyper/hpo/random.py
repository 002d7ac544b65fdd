"""RandomSearch, which draws configurations and learns nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

import numpy as np

from .._draws import Draws, Purpose
from ..acquisition import any_new
from ..evaluator import Evaluator
from ..job import Job, JobStatus
from ..space import Space, Walkers, row_keys
from .asked import Asked
from .other_words import instead_of_learning
from .proposer import Proposer, Trial
from .search import Search


@final
class RandomSearch(Search):
    """Draws legal configurations from the problem's priors, none of them twice.

    The arguments are those of `Search`.

    Example:
        >>> import tempfile
        >>> from deephyper.hpo import HpProblem, RandomSearch
        >>> problem = HpProblem()
        >>> x = problem.add_hyperparameter((0.0, 1.0), "x")
        >>> search = RandomSearch(problem, random_state=1, log_dir=tempfile.mkdtemp())
        >>> len(search.search(lambda job: job["x"], max_evals=3))
        3
    """

    _instead_of = staticmethod(instead_of_learning)

    def _new_proposer(self, draws: Draws, member: int) -> Proposer:
        return _Sampler(self._space, draws, member)


@final
class _Sampler(Proposer):
    """Draws from the priors.

    Args:
        space: the search space.
        draws: all random draws of this member of the search.
        member: number of this process among the members of the search.
    """

    def __init__(self, space: Space, draws: Draws, member: int):
        # Where draws are hardly ever legal, what was found legal once is walked from.
        self._space, self._draws = space.walked_by(Walkers(np.empty((0, space.n_columns)))), draws
        self._asked = Asked(member)
        self._known: set[bytes] = set()
        self._n_asked = 0

    def ask(self, n: int, evaluator: Evaluator | None) -> list[Trial]:
        trials: list[Trial] = []
        for _ in range(n):
            if evaluator is not None and evaluator.time_left <= 0:
                break
            row = any_new(self._space, self._known, self._draws.at(Purpose.SAMPLE, self._n_asked))
            if not len(row):
                break
            self._known.update(row_keys(row))
            trials.append(Trial(self._space.decode(row)[0], self._asked.add(row[0])))
            self._n_asked += 1
        return trials

    def tell(self, jobs: Sequence[Job]) -> None:
        rows = self._asked.take_rows(jobs, self._space)
        for job, key in zip(jobs, row_keys(rows), strict=True):
            # A cancelled configuration may be drawn again.
            if job.status is JobStatus.CANCELLED:
                self._known.discard(key)
            else:
                self._known.add(key)

    def restore(self, jobs: Sequence[Job], n_asked: int) -> None:
        self._n_asked = n_asked
        self._asked.begin_at(n_asked)
        self.tell(jobs)
