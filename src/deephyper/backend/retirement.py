"""When a worker process is replaced by a new one although nothing is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self, final

from .._checks import byte_count, count
from ..worker.memory import memory_of


@final
@dataclass(frozen=True)
class Retirement:
    """How long a worker is used. It retires between two evaluations only, so that nothing is lost.

    Args:
        max_tasks: how many evaluations it runs at most; None for no limit.
        max_memory_bytes: how much memory it may take, its child processes included, when an evaluation has ended; None
            for no limit.
    """

    max_tasks: int | None = None
    max_memory_bytes: int | None = None

    @classmethod
    def checked(cls, where: str, max_tasks_per_child: int | None, max_memory_per_child: float | None) -> Self:
        """Refuse what is no limit."""
        n_tasks, n_bytes = max_tasks_per_child, max_memory_per_child
        return cls(
            None if n_tasks is None else count(where, "max_tasks_per_child (None for no limit)", n_tasks),
            None if n_bytes is None else byte_count(where, "max_memory_per_child (bytes, None for no limit)", n_bytes),
        )

    def is_due(self, pid: int | None, n_tasks: int) -> bool:
        """Whether a worker of that process number, which has run so many evaluations, retires now."""
        if self.max_tasks is not None and n_tasks >= self.max_tasks:
            return True
        return self.max_memory_bytes is not None and pid is not None and memory_of([pid])[pid] > self.max_memory_bytes
