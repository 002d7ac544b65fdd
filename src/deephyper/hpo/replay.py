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
from .recording import Evaluation, Recording, Session, has_ended
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
    sessions = recording.sessions
    _check_seeds(maker, [note for session in sessions for note in session.notes.values()])
    jobs = {evaluation.job.id: evaluation.job for evaluation in recording.evaluations}
    suggestions: list[Replayed] = []
    left_out: list[str] = []
    n_lessons, before = 0, dict[int, _Course]()
    n_all = sum(len(session.evaluations) for session in sessions)
    with tqdm(total=n_all, disable=not shows_progress, desc="replay") as bar:
        for session in sessions:
            course = before[session.member] = _Course(maker, session, jobs, before.get(session.member))
            for replayed in course.made_again():
                suggestions.append(replayed)
                bar.update(1)
            left_out += [course.reason] * (len(session.evaluations) - course.n_made)
            n_lessons = max(n_lessons, course.n_lessons)
    notes = [*_differing(maker.arguments, recording.description)]
    if len(maker.lessons) > n_lessons and not left_out:
        notes.append("this search was given the table of an earlier one, and the recorded search was not")
    return Replay(tuple(suggestions), tuple(left_out), tuple(notes))


def _check_seeds(maker: Maker, notes: Iterable[Note]) -> None:
    """Raise ValueError if the recorded search cannot be this one, since it was made with another seed."""
    seeds = [note.seed for note in notes if note.seed is not None]
    if not seeds or maker.seed in seeds or not (maker.is_seed_given or maker.lessons):
        return
    ours = f"and this one has {maker.seed}" if maker.is_seed_given else "by which it drew from earlier tables too"
    raise ValueError(f"{maker.where}: the recorded search has random_state={seeds[0]}, {ours}; make this one with it.")


# How many numbers some steps have; others have any number of them, or are known to the proposer.
_N_NUMBERS = {"seed": 1, "resume": 3, "taught": 0}


class _Lost(Exception):
    """The way cannot be followed any further, for the reason that it gives."""


@final
class _Course:
    """The way of one member of the search, from one of its starts to the next.

    Args:
        maker: makes the suggestions.
        session: what is recorded of its suggestions.
        jobs: all evaluations of the search, by number.
        before: the way until this start, if there was one.

    Attributes:
        n_made: how many suggestions were made again.
        n_lessons: how often it was given what earlier searches say.
        reason: why no more of them could be.
    """

    def __init__(self, maker: Maker, session: Session, jobs: Mapping[int, Job], before: _Course | None):
        self._maker, self._session, self._jobs = maker, session, jobs
        self._before = before
        self._guide = _Guide(maker.space, session)
        self._proposer: Proposer | None = None
        self._again: Again | None = None
        self._next_number = 0
        self._named: dict[str, tuple[int, ...]] = {}
        # What was handed out by now, also before this start, by its number, with the metadata of its job.
        self._handed_out: dict[int, tuple[Mapping[str, Any], dict[str, Any]]] = {}
        self._handed_out |= {} if before is None else before._handed_out
        self.n_made = self.n_lessons = 0
        self.reason = ""

    def made_again(self) -> Iterator[Replayed]:
        """Make the suggestions again, one after the other, as far as that is possible."""
        try:
            for _, note in sorted(self._session.notes.items()):
                repeated = self._repeated(note)
                if (evaluation := self._session.evaluations.get(note.number)) is not None:
                    evaluation.job.metadata.update(repeated.metadata)
                    self.n_made += 1
                    yield self._guide.replayed(evaluation, note, repeated.n_told)
        except _Lost as lost:
            self.reason = str(lost)

    def _repeated(self, note: Note) -> Repeated:
        # Suggestions without steps of their own can be made again, although nothing is known of them.
        while self._again is not None and note.after < self._next_number < note.number:
            self._hand_out(self._again)
        for step in note.steps:
            self._repeat(step, note)
        if self._again is None or note.number != self._next_number:
            raise _Lost(f"suggestion {self._next_number}, on which they depend, is not in the table")
        repeated = self._hand_out(self._again)
        if (repeated.call, repeated.place) != (note.call, note.place):
            raise _Lost(self._misfit(note.number))
        return repeated

    def _hand_out(self, again: Again) -> Repeated:
        """Make the next suggestion."""
        repeated = again.hand_out()
        if repeated is None or repeated.number != self._next_number:
            raise _Lost(self._misfit(self._next_number))
        configuration = self._guide.went_on_with(repeated.call, repeated.place)
        self._handed_out[self._next_number] = (configuration, repeated.metadata)
        self._next_number += 1
        return repeated

    @staticmethod
    def _misfit(number: int) -> str:
        return (
            f"what is recorded up to suggestion {number} does not fit together, as if another kind of search or "
            "version had made it"
        )

    def _repeat(self, step: Step, note: Note) -> None:
        if len(step.numbers) != _N_NUMBERS.get(step.verb, len(step.numbers)):
            raise _Lost(self._misfit(note.number))
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
        memory = {} if self._before is None or self._before._proposer is None else self._before._proposer.memory
        nominees = memory.get("nominees", ())
        if len(nominees) != n_nominees:
            raise _Lost("the search was continued with some nominees of its portfolio, and not all of them are known")
        ended, left = self._named.get("table", ()), self._named.get("open", ())
        if unknown := [number for number in ended if number not in self._jobs]:
            raise _Lost(f"the search was continued after job {unknown[0]}, which is not in the table")
        taken = [*(self._jobs[number] for number in ended), *map(self._reopened, left[::2], left[1::2])]
        memory = {"n_asked": n_asked, "n_told": len(taken), "n_volunteered": n_volunteered}
        proposer.recall({**memory, **({"nominees": nominees} if n_nominees else {})})
        proposer.restore(taken, n_asked)
        self._next_number = n_asked

    def _reopened(self, job_id: int, number: int) -> Job:
        """A job as it was when it had been asked for, and not told."""
        if number in self._handed_out:
            configuration, metadata = self._handed_out[number]
            return Job(job_id, configuration, "", metadata)
        if job_id not in self._jobs:
            raise _Lost(f"the search was continued while job {job_id} was open, which is not in the table")
        job = self._jobs[job_id]
        return Job(job_id, job.parameters, "", job.metadata)

    def _teach(self, proposer: Proposer, note: Note) -> None:
        if self.n_lessons >= len(self._maker.lessons):
            raise _Lost(
                f"before suggestion {note.number} the search was given the table of an earlier one; give it to this "
                "search too, by fit_surrogate, fit_generative_model or fit_search_space"
            )
        self._maker.lessons[self.n_lessons](proposer)
        self.n_lessons += 1


@final
class _Guide:
    """Knows the suggestions of one session; see `again.Guide`.

    Args:
        space: the search space.
        session: what is recorded of them.
    """

    def __init__(self, space: Space, session: Session):
        self._space = space
        noted = [(session.notes[number], evaluation.job) for number, evaluation in session.evaluations.items()]
        self._jobs = {(note.call, note.place): job for note, job in noted}
        cuts = [step.numbers for note in session.notes.values() for step in note.steps if step.verb == "cut"]
        self._cuts = {numbers[0]: numbers[1] for numbers in cuts if len(numbers) == 2}
        self._proposed: dict[int, Mapping[str, Any]] = {}
        self._went_on_with: dict[tuple[int, int], Mapping[str, Any]] = {}
        self._distances: dict[int, float] = {}
        self._differing: dict[int, int] = {}

    def n_steps(self, call: int) -> int | None:
        return self._cuts.get(call)

    def instead(self, call: int, place: int, proposed: Mapping[str, Any]) -> Mapping[str, Any] | None:
        self._went_on_with[call, place] = proposed
        if (job := self._jobs.get((call, place))) is None:
            return None
        distance = _distance(self._space, job.parameters, proposed)
        self._proposed[job.id], self._distances[job.id] = proposed, distance
        if distance > ROUNDING:
            self._differing.setdefault(call, place)
        # Whoever tells results of evaluations that were made elsewhere may have rounded.
        is_told_by_hand = has_ended(job) and job.timestamp_submit is None
        is_same = distance == 0.0 or (is_told_by_hand and distance <= ROUNDING)
        if is_same:
            return None
        self._went_on_with[call, place] = job.parameters
        return job.parameters

    def went_on_with(self, call: int, place: int) -> Mapping[str, Any]:
        """The configuration that stands in a row of a call, be it the proposed or the recorded one."""
        return self._went_on_with[call, place]

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

# These say where a search works and what it shows, not how it decides; the seed is looked at before.
_ELSEWHERE = {"evaluator", "log_dir", "verbose", "checkpoint_history_to_csv", "checkpoint_restart"}
_ELSEWHERE |= {"random_state", "solution_selection"}


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
