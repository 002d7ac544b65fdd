"""Stores that live and die with the process."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Mapping
from typing import Any, final

from .storage import Record, Storage

FINAL_STATUSES = ("DONE", "CANCELLED")


class _Search:
    def __init__(self) -> None:
        self.records: dict[int, Record] = {}
        self.news: list[int] = []


@final
class MemoryStorage(Storage):
    """Jobs in a dictionary of this process; searches in several threads may share it."""

    def __init__(self) -> None:
        self._searches: dict[str, _Search] = {}
        self._lock = threading.Lock()

    def new_search(self, search_id: str | None = None) -> str:
        name = search_id or uuid.uuid4().hex
        with self._lock:
            self._searches.setdefault(name, _Search())
        return name

    def new_job(self, search_id: str, record: Mapping[str, Any]) -> int:
        with self._lock:
            records = self._searches[search_id].records
            job_id = len(records)
            records[job_id] = {**record, "job_id": job_id}
        return job_id

    def update_job(self, search_id: str, job_id: int, fields: Mapping[str, Any]) -> None:
        with self._lock:
            search = self._searches[search_id]
            search.records[job_id].update(fields)
            if fields.get("status") in FINAL_STATUSES:
                search.news.append(job_id)

    def finished(self, search_id: str, after: int) -> tuple[list[Record], int]:
        with self._lock:
            search = self._searches[search_id]
            return [dict(search.records[job_id]) for job_id in search.news[after:]], len(search.news)

    def job(self, search_id: str, job_id: int) -> Record:
        with self._lock:
            return dict(self._searches[search_id].records[job_id])

    def job_ids(self, search_id: str) -> list[int]:
        with self._lock:
            return list(self._searches[search_id].records)

    def search_ids(self) -> list[str]:
        with self._lock:
            return list(self._searches)


@final
class NullStorage(Storage):
    """Numbers jobs and forgets them: for one search alone that needs no memory beside its table."""

    def __init__(self) -> None:
        self._n_jobs: dict[str, int] = {}

    def new_search(self, search_id: str | None = None) -> str:
        name = search_id or uuid.uuid4().hex
        self._n_jobs.setdefault(name, 0)
        return name

    def new_job(self, search_id: str, record: Mapping[str, Any]) -> int:
        job_id = self._n_jobs[search_id]
        self._n_jobs[search_id] += 1
        return job_id

    def update_job(self, search_id: str, job_id: int, fields: Mapping[str, Any]) -> None:
        return None

    def finished(self, search_id: str, after: int) -> tuple[list[Record], int]:
        return [], after

    def job(self, search_id: str, job_id: int) -> Record:
        raise KeyError(f"NullStorage remembers no jobs, so there is no job {job_id}; use MemoryStorage to look jobs up.")

    def job_ids(self, search_id: str) -> list[int]:
        return list(range(self._n_jobs[search_id]))

    def search_ids(self) -> list[str]:
        return list(self._n_jobs)
