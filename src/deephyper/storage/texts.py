"""Records as JSON text and back, for stores that other processes write to: whatever is no record is left out."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Any, final

from .._checks import shown
from .storage import IS_FINAL, Record

logger = logging.getLogger(__name__)

# Every number of a job, in all stores: a float can hold it too, and so can the integers of data bases.
MOST = 2**53

_STATUSES = frozenset((*IS_FINAL, "READY", "RUNNING", "CANCELLING"))


def text_of(value: Any) -> str:
    """Write plain data as one line of ASCII, from which the same values come back: -0.0, NaN, halves of surrogates."""
    return json.dumps(value, separators=(",", ":"))


def record_of(text: Any) -> Record:
    """Read the text of a record.

    Raises:
        ValueError: it is none.
    """
    return checked(value_of(text))


def value_of(text: Any) -> Any:
    """Read a text of JSON.

    Raises:
        ValueError: it is none, or has too many levels.
    """
    if not isinstance(text, (str, bytes)):
        raise ValueError(f"{shown(text, 60)} is no text")
    try:
        return json.loads(text if isinstance(text, str) else text.decode("ascii"))
    except RecursionError:
        raise ValueError(f"{shown(text, 60)} is nested too deeply") from None


def checked(record: Any) -> Record:
    """Return a value that is a record.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(record, dict):
        raise ValueError(f"{shown(record, 60)} is no record of a job")
    if not is_number(record.get("job_id")):
        raise ValueError(f"it has the number {shown(record.get('job_id'), 60)}")
    status = record.get("status")
    if not isinstance(status, str) or status not in _STATUSES:
        raise ValueError(f"job {record['job_id']} has the status {shown(status, 60)}")
    return record


def is_number(value: Any) -> bool:
    """Whether a job can have this number."""
    return type(value) is int and 0 <= value < MOST


def brought(where: str, record: Record) -> int | None:
    """The number that a record brings, None if the store is to number it.

    Raises:
        ValueError: no job can have it.
    """
    number: int | None = record["job_id"]
    if number is None or is_number(number):
        return number
    raise ValueError(
        f"{where}: the number of a job must be a whole number from 0 to {MOST - 1}, or None for the next one, "
        f"got {shown(number, 60)}."
    )


def finished(where: str, records: Iterable[Record]) -> None:
    """Raise ValueError if one of the records is not that of a job that has ended."""
    for record in records:
        if record["status"] not in IS_FINAL:
            raise ValueError(f"{where}: job {record['job_id']} has not finished, it is {record['status']}.")


def key_of(search_id: str) -> str:
    """A short name for a search in ASCII letters and digits, whatever its own name is made of."""
    return sha256(search_id.encode("utf-8", "surrogatepass")).hexdigest()[:32]


@final
class Reader:
    """Reads records that others have written, and logs the first one that is none.

    Args:
        where: name of the store, for the log.
    """

    def __init__(self, where: str):
        self._where = where
        self._has_warned = False

    def records(self, texts: Iterable[Any]) -> Iterator[Record]:
        """Read texts of records, and leave out those that are none."""
        for text in texts:
            try:
                yield record_of(text)
            except ValueError as error:
                self.leave_out("a record", error)

    def names(self, texts: Iterable[Any]) -> list[str]:
        """Read the names of searches, and leave out what is none."""
        names = []
        for text in texts:
            try:
                names.append(str(value_of(text)))
            except ValueError as error:
                self.leave_out("the name of a search", error)
        return names

    def description(self, text: Any) -> dict[str, Any]:
        """Read what a search is made of; empty if it cannot be read."""
        try:
            return dict(value_of(text))
        except (ValueError, TypeError) as error:
            self.leave_out("the description of a search", error)
            return {}

    def leave_out(self, what: str, why: object) -> None:
        """Log once that something cannot be used."""
        if not self._has_warned:
            self._has_warned = True
            logger.warning("%s: %s is left out: %s; further ones are not logged", self._where, what, why)
