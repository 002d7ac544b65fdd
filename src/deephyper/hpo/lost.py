"""Writes off what a member of a search was evaluating when it died, so that a shared store says how every job ended."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import final

from ..job import Job, JobStatus
from ..storage import Record, Seat
from .readable import readable

logger = logging.getLogger(__name__)

LOST_AFTER_S = 120.0
"""A member that has not been heard of for so many seconds is taken for dead."""
# Looking reads the whole search, so it may take this share of the time at most.
_LOOK_SHARE = 0.01
_LOOK_EVERY_S = 30.0
# In the hidden metadata of a job: who has written it off.
_MARK = "_written_off_by"


def is_written_off(record: Record) -> bool:
    """Whether this record says no more than that the member who evaluated the job seemed dead.

    If it was not, its result is still to come.
    """
    metadata = record.get("metadata")
    return record.get("status") == JobStatus.CANCELLED.value and isinstance(metadata, dict) and _MARK in metadata


@final
class Lost:
    """Finds the evaluations of members that have died, and cancels them in the store.

    Args:
        where: name of the search class, for the log.
    """

    def __init__(self, where: str):
        self._where = where
        self._next_look = 0.0

    def write_off(self, seat: Seat) -> None:
        """Look for such evaluations, unless that was done shortly before.

        What was handed out by `ask`, and may be told days later, stays open.
        """
        begin = time.monotonic()
        if begin < self._next_look:
            return
        lost = [record for record in seat.open_jobs_of_others() if record["last_beat"] > LOST_AFTER_S]
        running = [record for record in lost if record.get("timestamp_submit") is not None]
        if running:
            seat.finish([_cancelled(job, seat) for job in readable(running, seat.search_id)])
            self._tell(running)
        took = time.monotonic() - begin
        self._next_look = begin + max(_LOOK_EVERY_S, took / _LOOK_SHARE)

    def _tell(self, running: Sequence[Record]) -> None:
        for member in sorted({record["member"] for record in running}):
            numbers = [str(record["job_id"]) for record in running if record["member"] == member]
            logger.warning(
                "%s: member %d of the search has not been heard of for %g s; what it was evaluating is written off "
                "(jobs %s).",
                self._where,
                member,
                LOST_AFTER_S,
                ", ".join(numbers),
            )


def _cancelled(job: Job, seat: Seat) -> Record:
    job.cancel(max(seat.time, job.timestamp_submit or 0.0))
    written = job.record()
    return {**written, "metadata": {**written["metadata"], _MARK: seat.member}}
