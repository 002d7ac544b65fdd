"""The column `m:replay`: what a table tells of each suggestion, so that `search.replay` can make it again.

A cell reads `0/23/7/2/20 told 20 18 ready 9`. In front stand the number of the member of the search, that of its
suggestion, which of its calls of `propose` has made it, which row of this call it is, and the number of the last
suggestion before it that has steps of its own. These steps follow, what was done since the suggestion before, in order;
`docs/architecture.md` explains the verbs. Three or more numbers in a row are written as `12-17`. Behind a `|` stand
notes of other suggestions, which may never come into the table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, final

from ..job import REPLAY, Job, JobStatus
from ..optimizer import Step, Trace
from .asked import number_asked

_FEWEST_JOINED = 3
# So many suggestions may be open before the notes of the oldest ones are lost.
_MOST_CARRIED = 16
_SEPARATOR = " | "


@final
@dataclass(frozen=True)
class Note:
    """What is recorded of one suggestion.

    Args:
        member: whose random draws it comes from.
        number: how many suggestions the member had made before it.
        call: which call of `propose` has made it, counted from the beginning of the process.
        place: which row of that call it is.
        after: the number of the last suggestion before it that has steps; its own one where it is the first that has.
        steps: what was done since the suggestion before it.
    """

    member: int
    number: int
    call: int
    place: int
    after: int
    steps: tuple[Step, ...] = ()

    def __str__(self) -> str:
        words = [f"{self.member}/{self.number}/{self.call}/{self.place}/{self.after}"]
        for step in self.steps:
            words += [step.verb, *_joined(step.numbers)]
        return " ".join(words)

    @classmethod
    def of(cls, text: str) -> Note:
        """Read a note.

        Raises:
            ValueError: it is none.
        """
        words = text.split() or [""]
        member, number, call, place, after = map(int, words[0].split("/"))
        return cls(member, number, call, place, after, tuple(_steps(words[1:])))

    @property
    def seed(self) -> int | None:
        """The seed with which the process began, if it began with this suggestion."""
        return next((step.numbers[0] for step in self.steps if step.verb == "seed" and step.numbers), None)


def notes_of(cell: Any) -> list[Note]:
    """Read the notes of a cell, that of its own suggestion first; none if it holds no notes.

    So it is where a configuration was told without having been suggested.
    """
    try:
        return [Note.of(text) for text in cell.split("|")] if isinstance(cell, str) else []
    except ValueError:
        return []


@final
class Notebook:
    """Writes the cells of one member of a search.

    A suggestion that is handed out by `ask` may never be told, and so never come into the table. So the next ones carry
    what is noted of it, until one that does is told.

    Args:
        member: its number, by which its random draws differ from those of others.
    """

    def __init__(self, member: int):
        self._member = member
        self._after: int | None = None
        self._unsaved: dict[int, Note] = {}

    def cell(self, number: int, call: int, place: int, steps: tuple[Step, ...], is_certain: bool) -> str:
        """Write the cell of a suggestion.

        Args:
            number: how many suggestions were made before it.
            call: which call of `propose` has made it.
            place: which row of that call it is.
            steps: what was done since the suggestion before it.
            is_certain: whether it will come into the table, whatever becomes of it.
        """
        note = Note(self._member, number, call, place, number if self._after is None else self._after, steps)
        text = _SEPARATOR.join(map(str, (note, *list(self._unsaved.values())[-_MOST_CARRIED:])))
        if steps:
            self._after = number
        if steps and not is_certain:
            self._unsaved[number] = note
        return text

    def save(self, jobs: Sequence[Job]) -> None:
        """Note that jobs come into the table."""
        if not self._unsaved:
            return
        for note in (note for job in jobs for note in notes_of(job.metadata.get(REPLAY))):
            self._unsaved.pop(note.number, None)


def _joined(numbers: Sequence[int]) -> Iterator[str]:
    """Write numbers, those that follow each other as their first and last one."""
    begin = 0
    for end in range(1, len(numbers) + 1):
        if end < len(numbers) and numbers[end] == numbers[end - 1] + 1:
            continue
        if end - begin >= _FEWEST_JOINED:
            yield f"{numbers[begin]}-{numbers[end - 1]}"
        else:
            yield from map(str, numbers[begin:end])
        begin = end


def _steps(words: Sequence[str]) -> Iterator[Step]:
    verbs = [k for k, word in enumerate(words) if word.isalpha()]
    if words and verbs[:1] != [0]:
        raise ValueError(f"a verb must come first, got {words[0]!r}")
    for begin, end in pairwise([*verbs, len(words)]):
        yield Step(words[begin], tuple(number for word in words[begin + 1 : end] for number in _numbers(word)))


def _numbers(word: str) -> range:
    first, _, last = word.partition("-")
    return range(int(first), int(last or first) + 1)


def note_restored(trace: Trace, jobs: Sequence[Job], n_asked: int, n_volunteered: int = 0, n_nominees: int = 0) -> None:
    """Note what a proposer has taken over from an interrupted search; the arguments are those of `Proposer.restore`."""
    left = [job for job in jobs if job.status is JobStatus.READY]
    trace.note("table", *(job.id for job in jobs if job.status is not JobStatus.READY))
    trace.note("open", *(number for job in left for number in (job.id, number_asked(job) or 0)))
    trace.note("resume", n_asked, n_volunteered, n_nominees)
