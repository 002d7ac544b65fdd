"""What a store of jobs must be able to do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

Record = dict[str, Any]
"""A job as plain data: job_id, parameters, status, objective, metadata, and its times."""


class Storage(ABC):
    """The memory of jobs, perhaps shared by several searches.

    A record is plain data; what comes out of a store is never unpickled or evaluated. Searches that use one store and one
    `search_id` see each other's finished jobs.
    """

    @abstractmethod
    def new_search(self, search_id: str | None = None) -> str:
        """Open a search, or join the one of that name, and return its name."""

    @abstractmethod
    def new_job(self, search_id: str, record: Mapping[str, Any]) -> int:
        """Remember a job and return its number: 0, 1, 2, … in order of submission."""

    @abstractmethod
    def update_job(self, search_id: str, job_id: int, fields: Mapping[str, Any]) -> None:
        """Change fields of a job's record; a status of DONE or CANCELLED makes it news for the other searches."""

    @abstractmethod
    def finished(self, search_id: str, after: int) -> tuple[list[Record], int]:
        """Give what has finished since a position in the news.

        Args:
            search_id: whose jobs.
            after: 0 at first, then the position that the call before returned.

        Returns:
            Records in order of finishing, and the position to ask from next time.
        """

    @abstractmethod
    def job(self, search_id: str, job_id: int) -> Record:
        """Give one job's record.

        Raises:
            KeyError: there is no such job.
        """

    @abstractmethod
    def job_ids(self, search_id: str) -> list[int]:
        """Numbers of all jobs of a search, in order of submission."""

    @abstractmethod
    def search_ids(self) -> list[str]:
        """Names of all searches, in order of their opening."""

    def close(self) -> None:
        """Let go of connections and files, if there are any."""
