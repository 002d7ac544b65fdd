"""Jobs from the records of a store, as far as they are records of jobs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

from ..job import Job
from ..storage import Record

logger = logging.getLogger(__name__)


def readable(records: Sequence[Record], search_id: str, read: Callable[[Any], Any] | None = None) -> list[Job]:
    """Turn records of a store into jobs, without those that are none, since others may write to a store."""
    jobs = []
    for record in records:
        try:
            jobs.append(Job.from_record(record, search_id, read))
        except (ValueError, TypeError, KeyError) as error:
            logger.debug("job %s of search %s is left out: %s", record.get("job_id"), search_id, error)
    return jobs
