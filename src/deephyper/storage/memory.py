"""A store in the memory of this process."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from typing import Any, final

from .storage import IS_FINAL, Cursor, Member, Record, Storage


@final
class _Search:
    """One search: its jobs, who submitted them, and a log for each member.

    Args:
        description: what the search is made of.
        began: when the search began, in seconds on the store's clock.
    """

    def __init__(self, description: Mapping[str, Any], began: float):
        self.description = deepcopy(dict(description))
        self.began = began
        self.jobs: dict[int, Record] = {}
        self.owners: dict[int, int] = {}  # of open jobs only
        self.logs: list[list[int]] = []  # numbers of finished jobs, a list for each member
        self.beats: list[float] = []
        self.n_numbers = 0

    def number(self, brought: int | None) -> int:
        """The number of a new job: `brought`, the one in its record, or the next one if None."""
        number = self.n_numbers if brought is None else brought
        self.n_numbers = max(self.n_numbers, number + 1)
        return number


@final
class MemoryStorage(Storage):
    """Keeps jobs in dictionaries; searches in several threads of this process may share it.

    Args:
        clock: gives the time in seconds, from any beginning.
    """

    is_shared = False

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._searches: dict[str, _Search] = {}
        self._lock = threading.Lock()

    def join(self, search_id: str | None = None, description: Mapping[str, Any] | None = None) -> Member:
        name, now = search_id or uuid.uuid4().hex, self._clock()
        with self._lock:
            search = self._searches.setdefault(name, _Search(description or {}, now))
            search.logs.append([])
            search.beats.append(now)
            return Member(name, len(search.logs) - 1, now - search.began)

    def submit(self, member: Member, records: Sequence[Record]) -> list[int]:
        with self._lock:
            search = self._searches[member.search_id]
            brought = [record["job_id"] for record in records if record["job_id"] is not None]
            if len(set(brought)) < len(brought) or not search.jobs.keys().isdisjoint(brought):
                raise ValueError(f"MemoryStorage: search {member.search_id!r} has a job of such a number: {brought}.")
            numbers = [search.number(record["job_id"]) for record in records]
            for number, record in zip(numbers, records, strict=True):
                record["job_id"] = number
                search.jobs[number] = record
                search.owners[number] = member.number
        return numbers

    def finish(self, member: Member, records: Sequence[Record]) -> None:
        with self._lock:
            search = self._searches[member.search_id]
            for record in records:
                if record["job_id"] not in search.jobs:
                    raise KeyError(f"MemoryStorage: search {member.search_id!r} has no job {record['job_id']}.")
                if record["status"] not in IS_FINAL:
                    raise ValueError(
                        f"MemoryStorage: job {record['job_id']} has not finished, it is {record['status']}."
                    )
            for record in records:
                search.jobs[record["job_id"]] = record
                search.owners.pop(record["job_id"], None)
                search.logs[member.number].append(record["job_id"])

    def news(self, member: Member, cursor: Cursor) -> tuple[list[Record], Cursor]:
        with self._lock:
            search = self._searches[member.search_id]
            others = [number for number in range(len(search.logs)) if number != member.number]
            fresh = [job for other in others for job in search.logs[other][cursor.get(other, 0) :]]
            return [deepcopy(search.jobs[job]) for job in fresh], {other: len(search.logs[other]) for other in others}

    def open_jobs(self, search_id: str) -> list[Record]:
        now = self._clock()
        with self._lock:
            search = self._searches[search_id]
            return [
                {**deepcopy(search.jobs[number]), "member": owner, "last_beat": now - search.beats[owner]}
                for number, owner in sorted(search.owners.items())
            ]

    def beat(self, member: Member) -> None:
        with self._lock:
            self._searches[member.search_id].beats[member.number] = self._clock()

    def records(self, search_id: str) -> list[Record]:
        with self._lock:
            return [deepcopy(record) for _, record in sorted(self._searches[search_id].jobs.items())]

    def description(self, search_id: str) -> dict[str, Any]:
        with self._lock:
            return deepcopy(self._searches[search_id].description)

    def search_ids(self) -> list[str]:
        with self._lock:
            return list(self._searches)
