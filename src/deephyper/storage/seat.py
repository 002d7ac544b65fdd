"""The place of one process in one search."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, final

from .storage import IS_FINAL, Cursor, Member, Record, Storage

logger = logging.getLogger(__name__)

_BEAT_EVERY_S = 1.0


def _no_clock() -> float:
    return 0.0


@final
class Seat:
    """The place of one process in one search: where its jobs are stored, and when its times begin.

    The search makes it once, before its first suggestion, and gives it to every evaluator that works for it.

    Args:
        storage: where jobs are stored.
        search_id: name of the search in it; a new one if None.
        description: what the search is made of, as plain data.
    """

    def __init__(self, storage: Storage, search_id: str | None = None, description: Mapping[str, Any] | None = None):
        self.storage = storage
        self._member: Member = storage.join(search_id, description)
        self._cursor: Cursor = {}
        self._now: Callable[[], float] = _no_clock
        self._origin = 0.0
        self._next_beat = -math.inf

    @property
    def search_id(self) -> str:
        """Name of the search in the store."""
        return self._member.search_id

    @property
    def member(self) -> int:
        """The number of this process among the members of the search; 0 for the one that began it."""
        return self._member.number

    @property
    def is_shared(self) -> bool:
        """Whether other processes may be members of the search."""
        return self.storage.is_shared

    @property
    def age(self) -> float:
        """How many seconds after the beginning of the search this process joined it."""
        return self._member.age

    # Times.

    def follow(self, now: Callable[[], float], time: float) -> None:
        """Use a clock for the search's time from now on; do nothing if that clock is used already.

        Args:
            now: reads the clock, in seconds.
            time: seconds since the search began, at this moment.
        """
        if self._now != now:
            self._now, self._origin = now, now() - time

    @property
    def time(self) -> float:
        """Seconds since the search began."""
        return self._now() - self._origin

    def time_of(self, reading: float) -> float:
        """Convert a reading of the clock that is used to seconds since the search began."""
        return reading - self._origin

    # Jobs.

    def submit(self, records: Sequence[Record]) -> list[int]:
        """Store jobs that are to be evaluated, and return their numbers."""
        return self.storage.submit(self._member, records) if records else []

    def finish(self, records: Sequence[Record]) -> None:
        """Store how jobs have ended."""
        if records:
            self.storage.finish(self._member, records)

    def restore(self, records: Sequence[Record]) -> None:
        """Store the jobs that this search had before it joined this store, unless the store has them already.

        Raises:
            ValueError: the store has other jobs with the same numbers.
        """
        if not records:
            return
        known = {record["job_id"]: record for record in self.storage.records(self.search_id)}
        for record in records:
            there = known.get(record["job_id"], record)
            if there.get("parameters") != record.get("parameters"):
                raise ValueError(
                    f"{type(self.storage).__name__} already holds another job {record['job_id']} of search "
                    f"{self.search_id!r}: {there['parameters']!r} instead of {record['parameters']!r}. "
                    "Let the search join it before its first suggestion, or use another search_id."
                )
        self.submit([dict(record) for record in records if record["job_id"] not in known])
        ended = [record for record in records if record["status"] in IS_FINAL]
        settled = {number for number, record in known.items() if record["status"] in IS_FINAL}
        self.finish([record for record in ended if record["job_id"] not in settled])

    def news(self) -> list[Record]:
        """Return the records that other members have finished since the last call."""
        records, self._cursor = self.storage.news(self._member, self._cursor)
        return records

    def open_jobs_of_others(self) -> list[Record]:
        """Return the jobs that other members have submitted and not finished, as `Storage.open_jobs` does."""
        mine = self._member.number
        return [record for record in self.storage.open_jobs(self.search_id) if record["member"] != mine]

    @contextmanager
    def beating(self) -> Iterator[None]:
        """Note again and again that this process is alive, while the context lasts: in a thread of its own.

        For where the thread that gathers results evaluates as well.
        """
        is_over = threading.Event()
        thread = threading.Thread(target=self._beat_until, args=(is_over,), name="deephyper-beat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            thread.join()

    def _beat_until(self, is_over: threading.Event) -> None:
        while not is_over.wait(_BEAT_EVERY_S):
            try:
                self.storage.beat(self._member)
            except Exception as error:
                # The search itself meets the same fault, and raises it where somebody can see it.
                logger.warning("member %d of search %s cannot beat: %s", self.member, self.search_id, error)

    def beat(self) -> None:
        """Note in the store that this process is alive; at most one call per second reaches the store."""
        now = self._now()
        if now >= self._next_beat:
            self._next_beat = now + _BEAT_EVERY_S
            self.storage.beat(self._member)
