"""The column `m:replay`: what a table tells of each suggestion, so that `search.replay` can make it again.

A cell reads `0/23/7/2 told 20 18 ready 9`. In front stand the number of the member of the search, that of its
suggestion, which of its calls of `propose` has made it, and which row of this call it is. Then follows what was done
since the suggestion before, in order; `docs/architecture.md` explains the verbs. Three or more numbers in a row are
written as `12-17`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, final

from ..job import Job, JobStatus
from ..optimizer import Step, Trace

_FEWEST_JOINED = 3


@final
@dataclass(frozen=True)
class Note:
    """What is recorded of one suggestion.

    Args:
        member: whose random draws it comes from.
        number: how many suggestions the member had made before it.
        call: which call of `propose` has made it, counted from the beginning of the process.
        place: which row of that call it is.
        steps: what was done since the suggestion before it.
    """

    member: int
    number: int
    call: int
    place: int
    steps: tuple[Step, ...] = ()

    def __str__(self) -> str:
        words = [f"{self.member}/{self.number}/{self.call}/{self.place}"]
        for step in self.steps:
            words += [step.verb, *_joined(step.numbers)]
        return " ".join(words)

    @classmethod
    def of(cls, cell: Any) -> Note | None:
        """Read a cell; None if it holds no such note, as where a configuration was not suggested."""
        words = cell.split() if isinstance(cell, str) else []
        try:
            member, number, call, place = map(int, words[0].split("/"))
            return cls(member, number, call, place, tuple(_steps(words[1:])))
        except (ValueError, IndexError):
            return None


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
    trace.note("table", *(job.id for job in jobs if job.status is not JobStatus.READY))
    trace.note("open", *(job.id for job in jobs if job.status is JobStatus.READY))
    trace.note("resume", n_asked, n_volunteered, n_nominees)
