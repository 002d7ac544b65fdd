"""Makes the suggestions of a recorded search again, and says which are not the same."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from tqdm.auto import tqdm

from .._checks import shown
from .._draws import Draws
from ..job import Job
from ..optimizer import Step
from ..space import Space
from .again import Again, Repeated
from .notes import Note
from .proposer import Proposer
from .recording import Evaluation, Recording, has_ended
from .replayed import ROUNDING, Replay, Replayed


@final
@dataclass(frozen=True)
class Maker:
    """The search that makes the suggestions again, as far as that matters.

    Args:
        where: the subject of errors.
        space: the search space.
        seed: of its random draws.
        is_seed_given: whether the user has chosen it; otherwise the recorded one is used.
        new_proposer: makes a proposer from random draws and the number of a member.
        lessons: what it was given of earlier searches; each is called with the proposer.
        arguments: of its constructor, as plain data.
    """

    where: str
    space: Space
    seed: int
    is_seed_given: bool
    new_proposer: Callable[[Draws, int], Proposer]
    lessons: Sequence[Callable[[Any], None]]
    arguments: Mapping[str, Any]


def replay(maker: Maker, recording: Recording, shows_progress: bool = False) -> Replay:
    """Make the suggestions of a recorded search again.

    Args:
        maker: makes them.
        recording: of the search.
        shows_progress: whether to show a progress bar.

    Raises:
        ValueError: the seeds differ.
    """
    noted = [(evaluation, evaluation.note) for evaluation in recording.evaluations if evaluation.note is not None]
    _check_seeds(maker, [note for _, note in noted])
    jobs = {evaluation.job.id: evaluation.job for evaluation in recording.evaluations}
    suggestions: list[Replayed] = []
    left_out: list[str] = []
    n_lessons, before = 0, dict[int, _Course]()
    with tqdm(total=len(noted), disable=not shows_progress, desc="replay") as bar:
        for session in _sessions(noted):
            member = session[0][1].member
            course = before[member] = _Course(maker, session, jobs, before.get(member))
            for replayed in course.made_again():
                suggestions.append(replayed)
                bar.update(1)
            left_out += [course.reason] * (len(session) - course.n_made)
            n_lessons = max(n_lessons, course.n_lessons)
    notes = [*_differing(maker.arguments, recording.description)]
    if len(maker.lessons) > n_lessons and not left_out:
        notes.append("this search was given the table of an earlier one, and the recorded search was not")
    return Replay(tuple(suggestions), tuple(left_out), tuple(notes))


Session = list[tuple[Evaluation, Note]]


def _seed_of(note: Note) -> int | None:
    return next((step.numbers[0] for step in note.steps if step.verb == "seed" and step.numbers), None)


def _check_seeds(maker: Maker, notes: Iterable[Note]) -> None:
    """Raise ValueError if the recorded search cannot be this one, since it was made with another seed."""
    seeds = [seed for note in notes if (seed := _seed_of(note)) is not None]
    if not seeds or maker.seed in seeds or not (maker.is_seed_given or maker.lessons):
        return
    ours = f"and this one has {maker.seed}" if maker.is_seed_given else "by which it drew from earlier tables too"
    raise ValueError(f"{maker.where}: the recorded search has random_state={seeds[0]}, {ours}; make this one with it.")


def _sessions(noted: Session) -> list[Session]:
    """The suggestions of each member of the search from each of its starts on, in their order."""
    sessions: dict[int, list[Session]] = {}
    for evaluation, note in noted:
        of_member = sessions.setdefault(note.member, [])
        if not of_member or _seed_of(note) is not None:
            of_member.append([])
        of_member[-1].append((evaluation, note))
    return [session for of_member in sessions.values() for session in of_member]


class _Lost(Exception):
    """The way cannot be followed any further, for the reason that it gives."""


@final
class _Course:
    """The way of one member of the search, from one of its starts to the next.

    Args:
        maker: makes the suggestions.
        session: its suggestions, in the order in which they were made.
        jobs: all evaluations of the search, by number.
        before: the way until this start, if there was one.

    Attributes:
        n_made: how many suggestions were made again.
        n_lessons: how often it was given what earlier searches say.
        reason: why no more of them could be.
    """

    def __init__(self, maker: Maker, session: Session, jobs: Mapping[int, Job], before: _Course | None):
        self._maker, self._session, self._jobs = maker, session, jobs
        self._memory = {} if before is None or before._proposer is None else before._proposer.memory
        self._guide = _Guide(maker.space, session)
        self._proposer: Proposer | None = None
        self._again: Again | None = None
        self._next_number = 0
        self._named: dict[str, tuple[int, ...]] = {}
        self.n_made = self.n_lessons = 0
        self.reason = ""

    def made_again(self) -> Iterator[Replayed]:
        """Make the suggestions again, one after the other, as far as that is possible."""
        try:
            for evaluation, note in self._session:
                repeated = self._repeated(note)
                evaluation.job.metadata.update(repeated.metadata)
                self.n_made += 1
                yield self._guide.replayed(evaluation, note, repeated.n_told)
        except _Lost as lost:
            self.reason = str(lost)

    def _repeated(self, note: Note) -> Repeated:
        for step in note.steps:
            self._repeat(step, note)
        if self._again is None or note.number != self._next_number:
            raise _Lost(f"suggestion {self._next_number}, on which they depend, is not in the table")
        self._next_number += 1
        repeated = self._again.hand_out()
        if repeated is None or (repeated.number, repeated.call, repeated.place) != (note.number, note.call, note.place):
            raise _Lost(
                f"what is recorded up to suggestion {note.number} does not fit together, as if another kind of search "
                "or version had made it"
            )
        return repeated

    def _repeat(self, step: Step, note: Note) -> None:
        if step.verb == "seed":
            self._begin(Draws(step.numbers[0], note.member))
        elif self._proposer is None or self._again is None:
            return  # Its beginning is not in the table, which is said in the end.
        elif step.verb in ("table", "open"):
            self._named[step.verb] = step.numbers
        elif step.verb == "resume":
            self._resume(self._proposer, *step.numbers)
        elif step.verb == "told":
            self._proposer.tell([self._ended(number, note) for number in step.numbers])
        elif step.verb == "taught":
            self._teach(self._proposer, note)
        else:
            self._repeat_other(self._again, step)

    def _repeat_other(self, again: Again, step: Step) -> None:
        try:
            again.repeat(step)
        except ValueError as error:
            raise _Lost(str(error)) from error

    def _begin(self, draws: Draws) -> None:
        self._proposer = self._maker.new_proposer(draws, draws.member)
        try:
            self._again = self._proposer.again(self._guide)
        except ValueError as error:
            raise ValueError(f"{self._maker.where}: {error}.") from error

    def _ended(self, number: int, note: Note) -> Job:
        job = self._jobs.get(number)
        if job is None or not has_ended(job):
            raise _Lost(f"suggestion {note.number} knew the result of job {number}, which is not in the table")
        return job

    def _resume(self, proposer: Proposer, n_asked: int, n_volunteered: int, n_nominees: int) -> None:
        """Let the proposer go on as it did when the search was continued."""
        nominees = self._memory.get("nominees", ())
        if len(nominees) != n_nominees:
            raise _Lost("the search was continued with some nominees of its portfolio, and not all of them are known")
        numbers = (*self._named.get("table", ()), *self._named.get("open", ()))
        if unknown := [number for number in numbers if number not in self._jobs]:
            raise _Lost(f"the search was continued after job {unknown[0]}, which is not in the table")
        ended = [self._jobs[number] for number in self._named.get("table", ())]
        taken = [*ended, *(_reopened(self._jobs[number]) for number in self._named.get("open", ()))]
        memory = {"n_asked": n_asked, "n_told": len(taken), "n_volunteered": n_volunteered}
        proposer.recall({**memory, **({"nominees": nominees} if n_nominees else {})})
        proposer.restore(taken, n_asked)
        self._next_number = n_asked

    def _teach(self, proposer: Proposer, note: Note) -> None:
        if self.n_lessons >= len(self._maker.lessons):
            raise _Lost(
                f"before suggestion {note.number} the search was given the table of an earlier one; give it to this "
                "search too, by fit_surrogate, fit_generative_model or fit_search_space"
            )
        self._maker.lessons[self.n_lessons](proposer)
        self.n_lessons += 1


def _reopened(job: Job) -> Job:
    """A job as it was before it was told."""
    return Job(job.id, job.parameters, job.search_id, job.metadata)


@final
class _Guide:
    """Knows the suggestions of one session; see `again.Guide`.

    Args:
        space: the search space.
        session: the suggestions.
    """

    def __init__(self, space: Space, session: Session):
        self._space = space
        self._jobs = {(note.call, note.place): evaluation.job for evaluation, note in session}
        cuts = [step.numbers for _, note in session for step in note.steps if step.verb == "cut"]
        self._cuts = {numbers[0]: numbers[1] for numbers in cuts if len(numbers) == 2}
        self._proposed: dict[int, Mapping[str, Any]] = {}
        self._distances: dict[int, float] = {}
        self._differing: dict[int, int] = {}

    def n_steps(self, call: int) -> int | None:
        return self._cuts.get(call)

    def instead(self, call: int, place: int, proposed: Mapping[str, Any]) -> Mapping[str, Any] | None:
        if (job := self._jobs.get((call, place))) is None:
            return None
        distance = _distance(self._space, job.parameters, proposed)
        self._proposed[job.id], self._distances[job.id] = proposed, distance
        if distance > ROUNDING:
            self._differing.setdefault(call, place)
        # Whoever tells results of evaluations that were made elsewhere may have rounded.
        is_told_by_hand = has_ended(job) and job.timestamp_submit is None
        is_same = distance == 0.0 or (is_told_by_hand and distance <= ROUNDING)
        return None if is_same else job.parameters

    def replayed(self, evaluation: Evaluation, note: Note, n_told: int | None) -> Replayed:
        """What became of a suggestion."""
        job = evaluation.job
        distance = self._distances[job.id]
        follows = distance > ROUNDING and self._differing[note.call] < note.place
        return Replayed(
            number=note.number,
            member=note.member,
            job_id=job.id,
            row=evaluation.row,
            n_told=n_told,
            recorded=job.parameters,
            replayed=self._proposed[job.id],
            distance=distance,
            follows=follows,
        )


def _distance(space: Space, one: Mapping[str, Any], other: Mapping[str, Any]) -> float:
    """By how much of a range two configurations differ at most; infinity if a choice or a whole number does."""
    if one == other:
        return 0.0
    rows = space.encode([one, other])
    apart = np.abs(rows[0] - rows[1])
    if apart[~space.is_continuous].any():
        return math.inf
    return float(apart.max(initial=0.0))


# What else may differ.

# These say where a search works, not how it decides.
_ELSEWHERE = ("evaluator", "log_dir", "verbose", "checkpoint_history_to_csv", "checkpoint_restart", "random_state")


def _differing(ours: Mapping[str, Any], description: Mapping[str, Any]) -> Iterator[str]:
    """A sentence for everything that decides suggestions and is not the same in a recorded search."""
    theirs = description.get("search")
    if not isinstance(theirs, Mapping):
        return
    for name in ours:
        if name in _ELSEWHERE or name not in theirs or theirs[name] == ours[name]:
            continue
        if name == "problem":
            yield "the recorded search has another problem"
        else:
            yield f"the recorded search has {name}={shown(theirs[name])}, and this one has {shown(ours[name])}"
