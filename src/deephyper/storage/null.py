"""A store that numbers jobs and keeps nothing."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, final

from .storage import Cursor, Member, Record, Storage


@final
class NullStorage(Storage):
    """Numbers jobs and keeps nothing, for a search in one process that needs nothing beside its table."""

    is_shared = False

    def __init__(self) -> None:
        self._n_numbers: dict[str, int] = {}
        self._n_members: dict[str, int] = {}
        self._lock = threading.Lock()

    def join(self, search_id: str | None = None, description: Mapping[str, Any] | None = None) -> Member:
        name = search_id or uuid.uuid4().hex
        with self._lock:
            self._n_numbers.setdefault(name, 0)
            self._n_members[name] = self._n_members.get(name, 0) + 1
            return Member(name, self._n_members[name] - 1, 0.0)

    def submit(self, member: Member, records: Sequence[Record]) -> list[int]:
        numbers = []
        with self._lock:
            for record in records:
                brought, after = record.get("job_id"), self._n_numbers[member.search_id]
                numbers.append(after if brought is None else brought)
                self._n_numbers[member.search_id] = max(after, numbers[-1] + 1)
        return numbers

    def finish(self, member: Member, records: Sequence[Record]) -> None:
        return None

    def news(self, member: Member, cursor: Cursor) -> tuple[list[Record], Cursor]:
        return [], cursor

    def open_jobs(self, search_id: str) -> list[Record]:
        return []

    def beat(self, member: Member) -> None:
        return None

    def records(self, search_id: str) -> list[Record]:
        return []

    def description(self, search_id: str) -> dict[str, Any]:
        return {}

    def search_ids(self) -> list[str]:
        return list(self._n_numbers)
