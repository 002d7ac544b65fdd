"""The base class of stores, and what every store promises."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, ClassVar, NamedTuple, Self
from uuid import uuid4

from .._checks import one_of

STORES = {
    "files": "FileStorage",
    "memory": "MemoryStorage",
    "null": "NullStorage",
    "redis": "RedisStorage",
    "sql": "SQLStorage",
}
"""The class of every store that is built in, in the module of its name."""

Record = dict[str, Any]
"""One job as plain JSON data: job_id, parameters, status, objective, metadata, times; see `Job.record`."""

Cursor = dict[int, int]
"""How many entries of each member's log a reader has seen, by the member's number."""

IS_FINAL = ("DONE", "CANCELLED")
"""The statuses of a finished job."""


class Member(NamedTuple):
    """One process that takes part in a search.

    Args:
        search_id: name of the search.
        number: 0, 1, 2, … in the order of joining.
        age: seconds from the beginning of the search until this member joined, on the store's clock; 0 for member 0.
    """

    search_id: str
    number: int
    age: float


class Storage(ABC):
    """Keeps the jobs of searches, perhaps shared by several processes that search together.

    A store keeps one log for each member of a search. Only that member writes to the log, so its entries have one
    order, and a reader that remembers how many entries of each log it has seen misses none. What goes in and comes out
    is plain JSON data. Nothing is ever unpickled or evaluated.

    What every store promises (`deephyper.testing.StorageContract` tests it):

    - *Threads.* Any thread may call any method at any time.
    - *Atomicity.* A call of `submit` or `finish` takes effect for all of its records or for none, and a reader never
      sees a part of one. Numbers of jobs come from one counter per search, so that no two jobs share a number.
    - *Ownership.* Records belong to the store once they are given to it, and to the caller once they are handed out:
      to change one changes no other. Only a member itself writes in its name.
    """

    is_shared: ClassVar[bool] = True
    """Whether several processes may use it at the same time; one of them may then die without the others."""

    @abstractmethod
    def join(self, search_id: str | None = None, description: Mapping[str, Any] | None = None) -> Member:
        """Become a member of a search; the search begins if nobody has joined it before.

        Args:
            search_id: name of the search; a new name if None.
            description: what the search is made of, as plain data. Only the description of member 0 is kept.
        """

    @abstractmethod
    def submit(self, member: Member, records: Sequence[Record]) -> list[int]:
        """Store jobs that are to be evaluated.

        Args:
            member: who will evaluate them.
            records: one record per job. A record with a number in `job_id`, such as a row of an earlier table, keeps
                that number, and no later job gets it. The others get the next numbers: 0, 1, 2, … in the order of
                submission.

        Returns:
            Their numbers, in the order of the records.

        Raises:
            ValueError: the number in a record belongs to another job.
        """

    @abstractmethod
    def finish(self, member: Member, records: Sequence[Record]) -> None:
        """Replace the records of jobs that have ended, in the order in which they ended.

        They become news for the other members. A job that is finished again is news again.

        Args:
            member: who evaluated them; they are added to its log.
            records: complete records whose status is DONE or CANCELLED.

        Raises:
            KeyError: a job was never submitted.
        """

    @abstractmethod
    def news(self, member: Member, cursor: Cursor) -> tuple[list[Record], Cursor]:
        """Return the records that other members have finished.

        Args:
            member: who asks; its own log is left out.
            cursor: empty at first, then the one that the previous call returned.

        Returns:
            The records, those of each member in the order in which it finished them, and the cursor for the next call.
        """

    @abstractmethod
    def open_jobs(self, search_id: str) -> list[Record]:
        """Return the jobs that were submitted and have not finished, sorted by number.

        Returns:
            Records with two more fields: `member`, the number of the member who submitted the job, and `last_beat`, how
            many seconds ago that member was last known to be alive.

        Raises:
            KeyError: there is no such search.
        """

    @abstractmethod
    def beat(self, member: Member) -> None:
        """Note that a member is alive; called at most once a second."""

    @abstractmethod
    def records(self, search_id: str) -> list[Record]:
        """Return the records of all jobs of a search, open ones included, sorted by number.

        Raises:
            KeyError: there is no such search.
        """

    @abstractmethod
    def description(self, search_id: str) -> dict[str, Any]:
        """Return what a search is made of, as described by the member who began it.

        Raises:
            KeyError: there is no such search.
        """

    @abstractmethod
    def search_ids(self) -> list[str]:
        """Return the names of all searches, in the order in which they began."""

    @staticmethod
    def create(method: str = "memory", method_kwargs: Mapping[str, Any] | None = None) -> Storage:
        """Make a store by its name, as older scripts do; `method_kwargs` are the arguments of its class."""
        one_of("Storage.create", "method", method, STORES)
        made: Storage = getattr(import_module(f".{method}", __package__), STORES[method])(**(method_kwargs or {}))
        return made

    def create_new_search(self) -> str:
        """Return a new name, which several evaluators can be given as `search_id`; it is stored by the first `join`."""
        return uuid4().hex

    def connect(self) -> Self:
        """Return the store, which is connected from the start; older scripts call this first."""
        return self

    def close(self) -> None:
        """Close connections and files, if there are any."""
