"""A store on a Redis server, with plain commands only."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar, final

from .._checks import instance_of, require, seconds, shown
from .patience import WritesLost, patiently
from .storage import Cursor, Member, Record, Storage
from .texts import Reader, brought, finished, key_of, record_of, text_of

T = TypeVar("T")

FORMAT = b"1"
"""How the keys are used. Whoever changes it so that older versions cannot read them adds one."""

_PREFIX = "deephyper:"
_OPEN, _ENDED = b"open", b"ended"
_TIMES_S = {"socket_timeout": 60.0, "socket_connect_timeout": 10.0}  # a host that has gone without a word


@final
class RedisStorage(Storage):
    """Keeps jobs on a Redis server, which searches of several processes and hosts may share.

    It needs no modules of the server. Needs the packages of the extra: pip install 'deephyper[redis]'.

    Whoever reaches the server may write results, so let it listen on hosts that you trust, with a password. What is
    read there is data only, and what is no record is left out, with a warning. A server keeps what it has in memory
    and, if it is told to (`appendonly yes`), on its disk.

    Args:
        host: of the server; or a URL, such as "redis://user:password@host:6379/0", "rediss://…" or "unix://…".
        port: of the server.
        db: number of its database.
        patience_s: a connection that was lost is tried again for so many seconds, while the search waits.
        options: of `redis.Redis`, such as `username`, `password` and `ssl`.
    """

    def __init__(
        self, host: str = "localhost", port: int = 6379, db: int = 0, patience_s: float = 60.0, **options: Any
    ):
        instance_of("RedisStorage", "host", host, str, "the name of a host, or a URL")
        self._patience_s = seconds("RedisStorage", "patience_s", patience_s)
        require("RedisStorage", "redis", "redis")
        import redis

        # It would send again what may have been done already; what is safe to send again is known here.
        never = redis.retry.Retry(redis.backoff.NoBackoff(), 0)
        options = {**_TIMES_S, **options, "retry": never, "redis_connect_func": self._connected}
        self._n_connections = self._n_checked = 0
        if "://" in host:
            self._client = redis.Redis.from_url(host, **options)
        else:
            self._client = redis.Redis(host, port, db, **options)
        self._lost = (redis.ConnectionError, redis.TimeoutError, redis.exceptions.BusyLoadingError)
        self._refused = redis.ResponseError
        self._where = f"RedisStorage({host.rpartition('@')[2]!r})"
        self._reader = Reader(self._where)
        self._lock = threading.RLock()
        self._n_entries: dict[tuple[str, int], int] = {}
        self._n_pending = 0  # entries of which nobody knows yet whether they have arrived
        self._mine: dict[str, dict[int, int]] = {}  # open jobs that came from here, each with its member
        self._n_members: dict[str, int] = {}
        self._open()

    def _open(self) -> None:
        key = _PREFIX + "format"
        try:
            self._client.set(key, FORMAT, nx=True)
            found: Any = self._client.get(key)
        except self._lost as error:
            raise ConnectionError(
                f"{self._where}: the server cannot be reached: {shown(str(error), 300)}; start it, and check host, "
                "port and password."
            ) from error
        if found != FORMAT:
            age = "a newer" if found.isdigit() and int(found) > int(FORMAT) else "another"
            raise ValueError(
                f"{self._where}: {age} version of deephyper uses this database (format {shown(found, 40)}, this one "
                f"uses {shown(FORMAT)}); use that version, or another `db`."
            )

    # Keys of a search: what it is (a hash), its counter of numbers, its jobs (a hash), and a list for each log.

    def _about(self, search_id: str) -> str:
        return f"{_PREFIX}{key_of(search_id)}:about"

    def _numbers(self, search_id: str) -> str:
        return f"{_PREFIX}{key_of(search_id)}:numbers"

    def _jobs(self, search_id: str) -> str:
        return f"{_PREFIX}{key_of(search_id)}:jobs"

    def _log(self, search_id: str, number: int) -> str:
        return f"{_PREFIX}{key_of(search_id)}:log:{number}"

    def _now(self) -> float:
        whole, millionths = self._client.time()
        return float(whole) + millionths / 1e6

    def join(self, search_id: str | None = None, description: Mapping[str, Any] | None = None) -> Member:
        name = search_id or uuid.uuid4().hex
        about, text = self._about(name), text_of(dict(description or {}))

        def join(_: bool) -> Member:
            now = self._now()
            with self._client.pipeline() as calls:
                calls.hsetnx(about, "name", text_of(name))
                calls.hsetnx(about, "began", repr(now))
                calls.hsetnx(about, "description", text)
                calls.zadd(_PREFIX + "searches", {key_of(name): now}, nx=True)
                calls.hincrby(about, "n_members", 1)
                calls.hget(about, "began")
                n_members, began = calls.execute()[-2:]
            self._client.hset(about, f"beat:{n_members - 1}", repr(now))
            return Member(name, n_members - 1, 0.0 if n_members == 1 else max(0.0, now - float(began)))

        member = self._patiently(join)
        self._n_entries[name, member.number] = 0
        return member

    def submit(self, member: Member, records: Sequence[Record]) -> list[int]:
        given = [brought("RedisStorage", record) for record in records]
        numbers = [-1 if number is None else number for number in given]
        own = [place for place, number in enumerate(given) if number is not None]
        rest = [place for place, number in enumerate(given) if number is None]
        if own:
            texts = [_open_text(member, records[place], numbers[place]) for place in own]
            self._patiently(lambda again: self._bring(member.search_id, [numbers[p] for p in own], texts, again))
        while rest:
            # Somebody may have brought one of the numbers that were counted for these; then it gets another one.
            first = self._count(member.search_id, len(rest))
            for number, place in enumerate(rest, first):
                numbers[place] = number
            texts = [_open_text(member, records[place], numbers[place]) for place in rest]
            rest = [rest[i] for i in self._write_new(member.search_id, [numbers[p] for p in rest], texts)]
        with self._lock:
            self._mine.setdefault(member.search_id, {}).update(dict.fromkeys(numbers, member.number))
        return numbers

    def _count(self, name: str, n: int) -> int:
        """Count numbers for new jobs, and return the first one."""
        following: int = self._patiently(lambda _: self._client.incrby(self._numbers(name), n))
        return following - n

    def _write_new(self, name: str, numbers: Sequence[int], texts: Sequence[bytes]) -> list[int]:
        """Write jobs, and return the places of those whose numbers belong to other jobs."""

        def write(_: bool) -> list[int]:
            with self._client.pipeline() as calls:
                for number, text in zip(numbers, texts, strict=True):
                    calls.hsetnx(self._jobs(name), str(number), text)
                is_new = calls.execute()
            if all(is_new):
                return []
            there = self._client.hmget(self._jobs(name), list(numbers))
            return [place for place, text in enumerate(texts) if there[place] != text]

        return self._patiently(write)

    def _bring(self, name: str, numbers: Sequence[int], texts: Sequence[bytes], again: bool) -> None:
        """Write jobs that bring their numbers, and let the counter go on behind them."""
        jobs = self._jobs(name)

        def bring(calls: Any) -> None:
            nonlocal again
            following = max(int(calls.get(self._numbers(name)) or 0), max(numbers) + 1)
            there = calls.hmget(jobs, list(numbers))
            calls.multi()
            if again and there == texts:
                return  # done before the connection was lost
            if len(set(numbers)) < len(numbers) or any(text is not None for text in there):
                raise self._taken(name, numbers)
            again = True
            calls.set(self._numbers(name), following)
            for number, text in zip(numbers, texts, strict=True):
                calls.hsetnx(jobs, str(number), text)

        # Where somebody else changes the counter meanwhile, it is done again.
        answers: Any = self._client.transaction(bring, self._numbers(name))
        is_new = answers[1:]
        if not all(is_new):
            # Somebody who had counted such a number before has just written it.
            mine = [str(number) for number, is_mine in zip(numbers, is_new, strict=True) if is_mine]
            if mine:
                self._client.hdel(jobs, *mine)
            raise self._taken(name, numbers)

    def _taken(self, name: str, numbers: Sequence[int]) -> ValueError:
        return ValueError(f"RedisStorage: search {name!r} has a job of such a number already: {list(numbers)}.")

    def finish(self, member: Member, records: Sequence[Record]) -> None:
        finished("RedisStorage", records)
        if not records:
            return
        name, numbers = member.search_id, [record["job_id"] for record in records]
        texts: dict[Any, Any] = {
            str(record["job_id"]): b"%b %d %b" % (_ENDED, member.number, text_of(record).encode()) for record in records
        }
        with self._lock:
            self._check_known(name, numbers)
            key = (name, member.number)
            if key not in self._n_entries:
                self._n_entries[key] = self._patiently(lambda _: self._client.llen(self._log(*key)))
            try:
                self._n_pending = len(numbers)
                self._patiently(lambda again: self._append(key, texts, numbers, again))
            finally:
                self._n_pending = 0
            self._n_entries[key] += len(numbers)
            for number in numbers:
                self._mine.get(name, {}).pop(number, None)

    def _check_known(self, name: str, numbers: Sequence[int]) -> None:
        strange = [number for number in numbers if number not in self._mine.get(name, ())]
        there = self._patiently(lambda _: self._client.hmget(self._jobs(name), strange)) if strange else []
        for number, text in zip(strange, there, strict=True):
            if text is None:
                raise KeyError(f"RedisStorage: search {name!r} has no job {number}.")

    def _append(self, key: tuple[str, int], texts: dict[Any, Any], numbers: Sequence[int], again: bool) -> None:
        log, after = self._log(*key), self._n_entries[key] + len(numbers)
        if again and self._client.llen(log) == after:
            return  # done before the connection was lost
        with self._client.pipeline() as calls:
            calls.hset(self._jobs(key[0]), mapping=texts)
            calls.rpush(log, *numbers)
            _, length = calls.execute()
        if length != after:
            raise WritesLost("RedisStorage")

    def news(self, member: Member, cursor: Cursor) -> tuple[list[Record], Cursor]:
        return self._patiently(lambda _: self._news(member, cursor))

    def _news(self, member: Member, cursor: Cursor) -> tuple[list[Record], Cursor]:
        name, seen, numbers = member.search_id, dict(cursor), []
        asked = [number for number in range(self._n_members.get(name, 0)) if number != member.number]
        while True:
            with self._client.pipeline(transaction=False) as calls:
                calls.hget(self._about(name), "n_members")
                for other in asked:
                    calls.lrange(self._log(name, other), seen.get(other, 0), -1)
                n_members, *logs = calls.execute()
            for other, log in zip(asked, logs, strict=True):
                numbers += log
                if log:
                    seen[other] = seen.get(other, 0) + len(log)
            before, self._n_members[name] = self._n_members.get(name, 0), int(n_members or 0)
            asked = [number for number in range(before, self._n_members[name]) if number != member.number]
            if not asked:
                break
        texts = self._client.hmget(self._jobs(name), numbers) if numbers else []
        return [record for _, _, record in self._read(texts)], seen

    def _read(self, texts: Iterable[Any]) -> Iterator[tuple[bool, int, Record]]:
        """Read jobs: whether each is open, who wrote it last, its record."""
        for text in texts:
            try:
                kind, number, record = text.split(b" ", 2)
                yield kind == _OPEN, int(number), record_of(record)
            except (ValueError, AttributeError) as error:
                self._reader.leave_out("a record", error)

    def _all(self, search_id: str) -> list[tuple[bool, int, Record]]:
        """All jobs of a search by number."""

        def read(_: bool) -> list[bytes] | None:
            with self._client.pipeline() as calls:
                calls.exists(self._about(search_id))
                calls.hvals(self._jobs(search_id))
                is_there, texts = calls.execute()
            return texts if is_there else None

        texts = self._patiently(read)
        if texts is None:
            raise KeyError(f"{self._where}: there is no search {search_id!r}.")
        return sorted(self._read(texts), key=lambda job: job[2]["job_id"])

    def open_jobs(self, search_id: str) -> list[Record]:
        jobs = [(number, record) for is_open, number, record in self._all(search_id) if is_open]
        now = self._patiently(lambda _: self._now())
        about = self._patiently(lambda _: self._client.hgetall(self._about(search_id)))
        return [
            {**record, "member": number, "last_beat": max(0.0, now - float(about.get(b"beat:%d" % number, 0.0)))}
            for number, record in jobs
        ]

    def beat(self, member: Member) -> None:
        about = self._about(member.search_id)
        self._patiently(lambda _: self._client.hset(about, f"beat:{member.number}", repr(self._now())))

    def records(self, search_id: str) -> list[Record]:
        return [record for _, _, record in self._all(search_id)]

    def description(self, search_id: str) -> dict[str, Any]:
        text = self._patiently(lambda _: self._client.hget(self._about(search_id), "description"))
        if text is None:
            raise KeyError(f"{self._where}: there is no search {search_id!r}.")
        return self._reader.description(text)

    def search_ids(self) -> list[str]:
        def read(_: bool) -> list[Any]:
            with self._client.pipeline() as calls:
                keys: Any = self._client.zrange(_PREFIX + "searches", 0, -1)
                for key in keys:
                    calls.hget(f"{_PREFIX}{key.decode()}:about", "name")
                names: list[Any] = calls.execute()
            return names

        return self._reader.names(self._patiently(read))

    def close(self) -> None:
        self._client.close()

    # The connection.

    def _patiently(self, do: Callable[[bool], T]) -> T:
        def checked(again: bool) -> T:
            self._check_what_was_written()
            return do(again)

        try:
            return patiently(self._where, checked, lambda error: isinstance(error, self._lost), self._patience_s)
        except self._refused as error:
            raise RuntimeError(f"{self._where}: the server refuses: {shown(str(error), 300)}.") from error

    def _check_what_was_written(self) -> None:
        """Look after each new connection whether the server still has what is from here: it may have been restarted."""
        n_connections = self._n_connections
        if n_connections == self._n_checked:
            return
        with self._lock:
            for (name, number), n_entries in self._n_entries.items():
                n_there = self._client.llen(self._log(name, number))
                is_there = self._client.exists(self._about(name))
                if not is_there or n_there not in (n_entries, n_entries + self._n_pending):
                    raise WritesLost("RedisStorage")
            for name, owners in self._mine.items():
                texts = self._client.hmget(self._jobs(name), list(owners)) if owners else []
                if any(text is None for text in texts):
                    raise WritesLost("RedisStorage")
            self._n_checked = n_connections

    def _connected(self, connection: Any) -> None:
        connection.on_connect()
        self._n_connections += 1


def _open_text(member: Member, record: Record, number: int) -> bytes:
    return b"%b %d %b" % (_OPEN, member.number, text_of({**record, "job_id": number}).encode())
