"""A store in a folder: plain files, which processes on all hosts that see it may share."""

from __future__ import annotations

import os
import re
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, final

from .._checks import instance_of, shown, yes_or_no
from .claims import Claims
from .lines import Lines, create, first, modified, read, touch, write_all
from .storage import Cursor, Member, Record, Storage
from .texts import Reader, brought, checked, finished, key_of, text_of, value_of

FORMAT = 1
"""How the files are written. Whoever changes it so that older versions cannot read them adds one."""

_LOG = re.compile(r"(\d{1,6})\.jsonl")
_SUBMITTED, _FINISHED = b'{"submitted":', b'{"finished":'
_WAITS_S, _LOOKS_EVERY_S = 2.0, 0.01  # for the head of a file that somebody has just made


class _Head(NamedTuple):
    """The first line of a member's file.

    Args:
        search: name of the search.
        description: what the search is made of.
        joined: when the member joined, in seconds on the clock of the file system.
        joined_ns: … in nanoseconds on the clock of its host, which is finer.
    """

    search: str
    description: dict[str, Any]
    joined: float
    joined_ns: int


@final
class FileStorage(Storage):
    """Keeps jobs in the files of a folder, which searches of several processes and hosts may share.

    Each member appends to a file of its own, and nobody else does. It needs no server and no locks, so that the shared
    folders of a cluster will do. A process that is killed, at whatever moment, costs the others nothing. Times are
    those of the file system: the clocks of the hosts may differ.

    Whoever may write in the folder may write results. What is read there is data only, and what is no record is left
    out, with a warning.

    Args:
        directory: the folder, which is made if it is missing.
        sync: whether what is written is on the disk before a call returns, so that a power cut costs nothing. Without
            it a power cut may cost what was written last, some seconds of it.
    """

    def __init__(self, directory: str | os.PathLike[str], sync: bool = False):
        instance_of("FileStorage", "directory", directory, (str, os.PathLike), "the path of a folder")
        self._root = os.path.abspath(os.path.expanduser(os.fspath(directory)))
        self._syncs = yes_or_no("FileStorage", "sync", sync)
        self._reader = Reader(f"FileStorage({self._root!r})")
        self._lock = threading.Lock()
        self._writers: dict[tuple[str, int], Lines] = {}
        self._folders: dict[str, str] = {}
        self._claims: dict[str, Claims] = {}
        self._mine: dict[str, set[int]] = {}  # open jobs that came from here
        _open_root(self._root)

    def join(self, search_id: str | None = None, description: Mapping[str, Any] | None = None) -> Member:
        name = search_id or uuid.uuid4().hex
        folder = self._folder(name)
        os.makedirs(f"{folder}/numbers", exist_ok=True)
        number, joined = self._take_seat(folder, name, dict(description or {}))
        if number == 0:
            return Member(name, 0, 0.0)
        return Member(name, number, max(0.0, joined - self._first_head(folder).joined))

    def _take_seat(self, folder: str, name: str, description: dict[str, Any]) -> tuple[int, float]:
        number = max(self._members(folder), default=-1) + 1
        while (file := create(_log(folder, number))) is None:
            number += 1
        try:
            head = _Head(name, description, os.fstat(file).st_mtime, time.time_ns())
            write_all(file, text_of({"format": FORMAT, **head._asdict()}).encode() + b"\n", self._syncs)
        finally:
            os.close(file)
        if self._syncs:
            _sync_folder(folder)
        return number, head.joined

    def submit(self, member: Member, records: Sequence[Record]) -> list[int]:
        if not records:
            return []
        given, name = [brought("FileStorage", record) for record in records], member.search_id
        with self._lock:
            claims = self._claims_of(name)
            try:
                numbers = claims.take(given)
            except ValueError as error:
                raise ValueError(f"FileStorage: search {name!r} has a job {error.args[0]} already.") from None
            numbered = [{**record, "job_id": n} for record, n in zip(records, numbers, strict=True)]
            self._writer(member).append(text_of({"submitted": numbered}))
            self._mine.setdefault(name, set()).update(numbers)
        return numbers

    def finish(self, member: Member, records: Sequence[Record]) -> None:
        finished("FileStorage", records)
        if not records:
            return
        name = member.search_id
        with self._lock:
            mine = self._mine.setdefault(name, set())
            for record in records:
                if record["job_id"] not in mine and not self._holds(name, record["job_id"]):
                    raise KeyError(f"FileStorage: search {name!r} has no job {record['job_id']}.")
            self._writer(member).append(text_of({"finished": records}))
            mine.difference_update(record["job_id"] for record in records)

    def _holds(self, name: str, number: int) -> bool:
        return self._claims_of(name).holds(number)

    def _claims_of(self, name: str) -> Claims:
        if name not in self._claims:
            self._claims[name] = Claims(f"{self._folder(name)}/numbers")
        return self._claims[name]

    def _writer(self, member: Member) -> Lines:
        key = (member.search_id, member.number)
        if key not in self._writers:
            self._writers[key] = Lines(_log(self._folder(member.search_id), member.number), self._syncs)
        return self._writers[key]

    def news(self, member: Member, cursor: Cursor) -> tuple[list[Record], Cursor]:
        # A cursor holds positions in the files: bytes instead of entries.
        folder, seen = self._folder(member.search_id), dict(cursor)
        records: list[Record] = []
        for number in self._members(folder):
            if number != member.number:
                lines, seen[number] = self._lines(folder, number, cursor.get(number, 0))
                for line in lines:
                    if not line.startswith(_SUBMITTED):
                        records += self._records(line, "finished")
        with self._lock:
            self._claims_of(member.search_id).go_behind(max((record["job_id"] for record in records), default=-1))
        return records, {number: position for number, position in seen.items() if position}

    def open_jobs(self, search_id: str) -> list[Record]:
        folder = self._known(search_id)
        jobs = [(record, owner) for record, owner, has_ended in self._jobs(folder) if not has_ended]
        beats = {owner: modified(_log(folder, owner)) for _, owner in jobs}
        now = self._now(folder)
        return [{**record, "member": owner, "last_beat": max(0.0, now - beats[owner])} for record, owner in jobs]

    def records(self, search_id: str) -> list[Record]:
        return [record for record, _, _ in self._jobs(self._known(search_id))]

    def beat(self, member: Member) -> None:
        touch(_log(self._folder(member.search_id), member.number))

    def description(self, search_id: str) -> dict[str, Any]:
        return self._first_head(self._known(search_id)).description

    def search_ids(self) -> list[str]:
        heads = []
        for folder in [f"{self._root}/{name}" for name in os.listdir(self._root)]:
            if self._members(folder):
                try:
                    heads.append(self._first_head(folder))
                except KeyError:
                    continue
        return [head.search for head in sorted(heads, key=lambda head: (head.joined, head.joined_ns))]

    # Reading.

    def _folder(self, name: str) -> str:
        if name in self._folders:
            return self._folders[name]
        # For people a part of the name; for the rest a key, so that no name leads out of the folder.
        shown_part = re.sub(r"[^A-Za-z0-9_-]+", "-", name)[:40]
        self._folders[name] = f"{self._root}/{shown_part}-{key_of(name)}"
        return self._folders[name]

    def _known(self, name: str) -> str:
        folder = self._folder(name)
        if not self._members(folder):
            raise KeyError(f"FileStorage: there is no search {name!r} in {self._root!r}.")
        return folder

    def _members(self, folder: str) -> list[int]:
        try:
            names = os.listdir(folder)
        except (FileNotFoundError, NotADirectoryError):
            return []
        return sorted(int(found[1]) for name in names if (found := _LOG.fullmatch(name)))

    def _now(self, folder: str) -> float:
        try:
            return touch(f"{folder}/clock", makes=True)
        except OSError:  # whoever may only read here
            return time.time()

    def _lines(self, folder: str, number: int, begin: int) -> tuple[list[bytes], int]:
        """The lines of a member from a position on, without the head."""
        path = _log(folder, number)
        try:
            lines, end = read(path, begin)
            if begin == 0 and lines:
                _check_head(folder, lines.pop(0))
        except (OSError, ValueError) as error:
            self._reader.leave_out(path, error)
            return [], begin
        return lines, end

    def _records(self, line: bytes, kind: str) -> Iterator[Record]:
        try:
            records = value_of(line).get(kind)
            if not isinstance(records, list):
                raise ValueError(f"{shown(line, 60)} is no list of records")
        except (ValueError, AttributeError) as error:
            self._reader.leave_out("a line", error)
            return
        for record in records:
            try:
                yield checked(record)
            except ValueError as error:
                self._reader.leave_out("a record", error)

    def _first_head(self, folder: str) -> _Head:
        """The head of the first member's file that has one."""
        deadline = time.monotonic() + _WAITS_S
        for number in self._members(folder):
            try:
                while (line := first(_log(folder, number))) is None and time.monotonic() < deadline:
                    time.sleep(_LOOKS_EVERY_S)
                return _check_head(folder, line)
            except (OSError, ValueError) as error:
                self._reader.leave_out(_log(folder, number), error)
        raise KeyError(f"FileStorage: no file in {folder!r} says which search it is.")

    def _jobs(self, folder: str) -> list[tuple[Record, int, bool]]:
        """All jobs by number: the record, who submitted it, whether it has ended."""
        open_ones: dict[int, tuple[Record, int]] = {}
        ended: dict[int, tuple[Record, int]] = {}
        for member in self._members(folder):
            for line in self._lines(folder, member, 0)[0]:
                if line.startswith(_SUBMITTED):
                    for record in self._records(line, "submitted"):
                        open_ones.setdefault(record["job_id"], (record, member))
                    continue
                for record in self._records(line, "finished"):
                    earlier = ended.get(record["job_id"])
                    # What was given up in the name of a member that seemed dead, and has ended after all, has ended.
                    if earlier is None or record["status"] == "DONE" or earlier[0]["status"] != "DONE":
                        ended[record["job_id"]] = (record, member)
        found = [(record, owner, False) for n, (record, owner) in open_ones.items() if n not in ended]
        found += [(record, owner, True) for record, owner in ended.values()]
        return sorted(found, key=lambda job: job[0]["job_id"])


def _check_head(folder: str, line: bytes | None) -> _Head:
    """Read the first line of a member's file.

    Raises:
        ValueError: it is none of ours, or one of another search.
    """
    value = value_of(line)
    if not isinstance(value, dict) or not isinstance(value.get("search"), str):
        raise ValueError(f"it begins with {shown(line, 60)}")
    if not folder.endswith(key_of(value["search"])):
        raise ValueError(f"it belongs to the search {shown(value['search'], 60)}")
    fields: list[Any] = [value.get(field) for field in _Head._fields]
    if [type(field) for field in fields] != [str, dict, float, int]:
        raise ValueError(f"it begins with {shown(line, 60)}")
    return _Head(*fields)


def _log(folder: str, number: int) -> str:
    return f"{folder}/{number}.jsonl"


def _open_root(root: str) -> None:
    """Make the folder, and note in it how its files are written; refuse a folder of another version.

    Raises:
        ValueError: another version of this package has written it.
    """
    os.makedirs(root, exist_ok=True)
    path = f"{root}/deephyper-store.json"
    file = create(path)
    if file is not None:
        write_all(file, text_of({"format": FORMAT}).encode() + b"\n", False)
        os.close(file)
        return
    line = first(path)
    found = FORMAT if line is None else _format_of(line)  # None: somebody has just made it
    if found != FORMAT:
        age = "a newer" if isinstance(found, int) and found > FORMAT else "another"
        raise ValueError(
            f"FileStorage: {age} version of deephyper has written {root!r} (format {shown(found, 40)}, and this "
            f"one reads {FORMAT}); use that version, or another folder."
        )


def _format_of(line: bytes) -> Any:
    try:
        return value_of(line).get("format")
    except (ValueError, AttributeError):
        return shown(line, 40)


def _sync_folder(folder: str) -> None:
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
