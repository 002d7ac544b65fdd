"""Stores for tests."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from deephyper.storage import Cursor, Member, MemoryStorage, Record, Storage


def states(storage: Any, search_id: str) -> list[tuple[int, str]]:
    """Number and status of all jobs of a search."""
    return [(record["job_id"], record["status"]) for record in storage.records(search_id)]


class TextStorage(Storage):
    """A store whose records are text meanwhile, as those of a data base are; it counts how often its verbs are called.

    It can lose power: then nothing that is written arrives, until it has power again.
    """

    def __init__(self) -> None:
        self._memory = MemoryStorage()
        self.n_calls: Counter[str] = Counter()
        self.has_power = True

    def join(self, search_id: str | None = None, description: Mapping[str, Any] | None = None) -> Member:
        return self._memory.join(search_id, _as_text(description))

    def submit(self, member: Member, records: Sequence[Record]) -> list[int]:
        self.n_calls["submit"] += 1
        return self._memory.submit(member, _as_text(records))

    def finish(self, member: Member, records: Sequence[Record]) -> None:
        self.n_calls["finish"] += 1
        if self.has_power:
            self._memory.finish(member, _as_text(records))

    def news(self, member: Member, cursor: Cursor) -> tuple[list[Record], Cursor]:
        self.n_calls["news"] += 1
        records, cursor = self._memory.news(member, cursor)
        return _as_text(records), cursor

    def open_jobs(self, search_id: str) -> list[Record]:
        return _as_text(self._memory.open_jobs(search_id))

    def beat(self, member: Member) -> None:
        self._memory.beat(member)

    def records(self, search_id: str) -> list[Record]:
        return _as_text(self._memory.records(search_id))

    def description(self, search_id: str) -> dict[str, Any]:
        return self._memory.description(search_id)

    def search_ids(self) -> list[str]:
        return self._memory.search_ids()


def _as_text(data: Any) -> Any:
    return json.loads(json.dumps(data, allow_nan=False))
