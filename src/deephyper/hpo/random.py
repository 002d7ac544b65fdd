"""RandomSearch, which draws configurations and learns nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

import numpy as np

from .._arrays import Array
from .._draws import Draws, Purpose
from ..acquisition import any_new
from ..evaluator import Evaluator
from ..job import REPLAY, Job, JobStatus
from ..optimizer import Step, Trace
from ..space import Space, Walkers, row_keys
from .again import Again, Guide, Repeated
from .asked import Asked
from .notes import Notebook, note_restored
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

    Attributes:
        n_asked: how many rows were handed out.
    """

    def __init__(self, space: Space, draws: Draws, member: int):
        # Where draws are hardly ever legal, what was found legal once is walked from.
        self._space, self._draws = space.walked_by(Walkers(np.empty((0, space.n_columns)))), draws
        self._asked, self._notebook = Asked(member), Notebook(draws.member)
        self._known: set[bytes] = set()
        self.n_asked = 0
        self._trace = Trace()
        self._trace.note("seed", draws.seed)

    def ask(self, n: int, evaluator: Evaluator | None) -> list[Trial]:
        trials: list[Trial] = []
        for _ in range(n):
            if evaluator is not None and evaluator.time_left <= 0:
                break
            row = self.draw()
            if not len(row):
                break
            trials.append(self.trial(row, is_certain=evaluator is not None))
        return trials

    def draw(self) -> Array:
        """The next row, (1, d); (0, d) if none is left."""
        row = any_new(self._space, self._known, self._draws.at(Purpose.SAMPLE, self.n_asked))
        if not len(row):
            # Where legal rows are walked to, the walkers have moved.
            self._trace.note("none")
        return row

    def trial(self, row: Array, is_certain: bool = True) -> Trial:
        """Hand out a row, (1, d), whose job will come into the table, or is not certain to."""
        note = self._notebook.cell(self.n_asked, self.n_asked, 0, self._trace.take(), is_certain)
        self._known.update(row_keys(row))
        self.n_asked += 1
        return Trial(self._space.decode(row)[0], {REPLAY: note, **self._asked.add(row[0])})

    def tell(self, jobs: Sequence[Job]) -> None:
        self._trace.note("told", *(job.id for job in jobs))
        self._notebook.save(jobs)
        self._learn(jobs)

    def _learn(self, jobs: Sequence[Job]) -> None:
        rows = self._asked.take_rows(jobs, self._space)
        for job, key in zip(jobs, row_keys(rows), strict=True):
            # A cancelled configuration may be drawn again.
            if job.status is JobStatus.CANCELLED:
                self._known.discard(key)
            else:
                self._known.add(key)

    def restore(self, jobs: Sequence[Job], n_asked: int) -> None:
        self.n_asked = n_asked
        self._asked.begin_at(n_asked)
        self._learn(jobs)
        note_restored(self._trace, jobs, n_asked)

    def again(self, guide: Guide) -> Again:
        return _SamplerAgain(self, guide, self._space)


@final
class _SamplerAgain(Again):
    """Draws again.

    Args:
        sampler: draws.
        guide: knows the recorded search.
        space: the search space.
    """

    def __init__(self, sampler: _Sampler, guide: Guide, space: Space):
        self._sampler, self._guide, self._space = sampler, guide, space

    def repeat(self, step: Step) -> None:
        if step.verb != "none":
            raise ValueError(f"the step {step} cannot be repeated")
        self._sampler.draw()

    def hand_out(self) -> Repeated | None:
        number, row = self._sampler.n_asked, self._sampler.draw()
        if not len(row):
            return None
        instead = self._guide.instead(number, 0, self._space.decode(row)[0])
        trial = self._sampler.trial(row if instead is None else self._space.encode([instead]))
        return Repeated(number, number, 0, None, trial.metadata)
