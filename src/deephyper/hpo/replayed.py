"""What came of making the suggestions of a recorded search again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import pandas as pd

from .._checks import shown

# Values that went through single precision or a text, or that another processor has computed, differ by that much of a
# range; what an engine does differently shows by more.
ROUNDING = 1e-5
_MOST_SHOWN, _MOST_VALUES, _LONGEST = 10, 8, 40


@final
@dataclass(frozen=True)
class Replayed:
    """A suggestion, as it was recorded and as it was made again.

    Args:
        number: how many suggestions its member of the search had made before it.
        member: whose random draws it comes from; 0 in a search of one process.
        job_id: the number of its job.
        row: its place in the table, as in `table.iloc[row]`; None if it is not there, such as one that still runs.
        n_told: how many results it knew; None where suggestions ask for none.
        recorded: the configuration as it was recorded.
        replayed: the configuration as it was made again.
        distance: by how much of a range they differ at most; 0 if not at all, infinity if a choice or a whole number
            does.
        follows: whether it differs, and so did one that was made before it in the same call; they know of each other.
    """

    number: int
    member: int
    job_id: int
    row: int | None
    n_told: int | None
    recorded: Mapping[str, Any]
    replayed: Mapping[str, Any]
    distance: float
    follows: bool = False

    @property
    def is_same(self) -> bool:
        """Whether both are the same configuration, perhaps but for rounding."""
        return self.distance <= ROUNDING

    def __str__(self) -> str:
        where = f"row {self.row} of the table" if self.row is not None else f"job {self.job_id}, not in the table"
        whose = f" of member {self.member}" if self.member else ""
        names = list(dict.fromkeys((*self.recorded, *self.replayed)))
        if len(names) > _MOST_VALUES:
            names = [name for name in names if self.recorded.get(name) != self.replayed.get(name)]
        knew = "" if self.n_told is None else f"; it knew {self.n_told} results"
        return (
            f"suggestion {self.number}{whose} ({where}): recorded {_values(self.recorded, names)}; "
            f"replayed {_values(self.replayed, names)}{knew}"
        )


def _values(configuration: Mapping[str, Any], names: Sequence[str]) -> str:
    there = [name for name in names[:_MOST_VALUES] if name in configuration]
    more = ", …" if len(names) > _MOST_VALUES else ""
    return ", ".join(f"{name}={shown(configuration[name], _LONGEST)}" for name in there) + more


@final
@dataclass(frozen=True)
class Replay:
    """What came of a replay; `print` says it in sentences.

    Args:
        suggestions: all that were made again, in the order in which they were made.
        left_out: why others could not be made again, a sentence for each of them.
        notes: what else differs between the recorded search and this one.
    """

    suggestions: tuple[Replayed, ...]
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @cached_property
    def differences(self) -> tuple[Replayed, ...]:
        """The suggestions that are not the same, the first one first."""
        return tuple(suggestion for suggestion in self.suggestions if not suggestion.is_same)

    @property
    def is_same(self) -> bool:
        """Whether no suggestion that could be made again differs, and there was one."""
        return bool(self.suggestions) and not self.differences

    @property
    def table(self) -> pd.DataFrame:
        """One row per suggestion that was made again: `number`, `member`, `job_id`, `row`, `n_told`, `distance`."""
        names = ("number", "member", "job_id", "row", "n_told", "distance")
        return pd.DataFrame({name: [getattr(one, name) for one in self.suggestions] for name in names})

    def __str__(self) -> str:
        return "\n".join((*self._summary(), *self._reasons(), *self.notes))

    def _summary(self) -> Iterator[str]:
        n, differences = len(self.suggestions), self.differences
        rounded = [one.distance for one in self.suggestions if 0.0 < one.distance <= ROUNDING]
        but = f", {len(rounded)} of them but for rounding (at most {max(rounded):.1g} of a range)" if rounded else ""
        if not differences:
            yield f"all {n} suggestions are the same{but}" if n else "no suggestion could be made again"
            return
        n_following = sum(one.follows for one in differences)
        following = f", {n_following} of them made together with an earlier one that does" if n_following else ""
        differ = f"{len(differences)} differ{'s' if len(differences) == 1 else ''}{following}"
        yield f"{n - len(differences)} of {n} suggestions are the same{but}; {differ}:"
        yield from map(str, differences[:_MOST_SHOWN])
        if len(differences) > _MOST_SHOWN:
            yield f"and {len(differences) - _MOST_SHOWN} more, in `differences`"

    def _reasons(self) -> Iterator[str]:
        for reason, n in Counter(self.left_out).items():
            yield f"{n} suggestion{'s' if n > 1 else ''} could not be made again: {reason}"
