"""Measure what stores cost that several processes share, beside the raw drivers, and count what readers get.

    python benchmarks/shared_stores.py                              # operations a second, beside the raw driver
    python benchmarks/shared_stores.py --what rows --rows 100000    # every reader gets every row once
    python benchmarks/shared_stores.py --stores files --ops 1000

- rate: eight processes at once submit an evaluation, finish it and read the others' news, again and again. The raw
  driver does the same writes in the same run; in the second column it also fetches the others' rows, and does not look
  at them. The median of the rounds, the smallest and the largest, and the share by the CPU time of the clients, which a
  busy machine changes less.
- rows: eight processes write that many evaluations between them, as fast as they can, and each reads what the others
  write until it has all.

The servers are started here, on ports of their own; PostgreSQL waits for the disk at each commit.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Protocol

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import servers
from deephyper.storage import FileStorage, RedisStorage, SQLStorage, Storage

STORES = ("files", "sqlite", "postgres", "redis")
PARAMETERS = {f"x{i}": 0.1234567890123 * (i + 1) for i in range(5)}
TIMES = dict.fromkeys(("timestamp_submit", "timestamp_start", "timestamp_end", "timestamp_gather"), 12.3456789)
RECORD = {"job_id": None, "parameters": PARAMETERS, "status": "READY", "objective": None, "metadata": {},
          "crashed": False, "n_retries": 0, **TIMES}  # fmt: skip
ENDED = {**RECORD, "status": "DONE", "objective": 0.1234567}
TEXT = json.dumps(ENDED, separators=(",", ":"))


class Client(Protocol):
    """One process of a measurement."""

    def operate(self, step: int) -> None:
        """Write one evaluation, and read what there is to read."""


class Ours:
    """Our store, by its public verbs."""

    def __init__(self, opener: Callable[[], Storage], number: int):
        self._storage = opener()
        self._member = self._storage.join("search")
        self._cursor: dict[int, int] = {}

    def operate(self, step: int) -> None:
        numbers = self._storage.submit(self._member, [RECORD])
        self._storage.finish(self._member, [{**ENDED, "job_id": number} for number in numbers])
        _, self._cursor = self._storage.news(self._member, self._cursor)


class RawFiles:
    """Two lines and an empty file for each evaluation, as `FileStorage` writes them."""

    def __init__(self, folder: str, reads: bool, number: int):
        self._folder, self._number, self._reads = folder, number, reads
        self._seen = [0] * N_CLIENTS
        os.makedirs(f"{folder}/numbers", exist_ok=True)
        for each in range(N_CLIENTS):
            os.close(os.open(f"{folder}/{each}", os.O_CREAT, 0o666))

    def operate(self, step: int) -> None:
        os.close(os.open(f"{self._folder}/numbers/{self._number}-{step}", os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        for text in (TEXT, TEXT):
            file = os.open(f"{self._folder}/{self._number}", os.O_WRONLY | os.O_APPEND)
            os.write(file, text.encode() + b"\n")
            os.close(file)
        for other in range(N_CLIENTS if self._reads else 0):
            file = os.open(f"{self._folder}/{other}", os.O_RDONLY)
            self._seen[other] += len(os.pread(file, 1 << 24, self._seen[other]))
            os.close(file)


SQL = (
    "UPDATE members SET n_calls = n_calls + 1, beat = {now} WHERE member = ?",
    "UPDATE searches SET n = n + 1 WHERE search = 1 RETURNING n",
    "INSERT INTO jobs (job, member, call, record) VALUES (?, ?, ?, ?)",
    "UPDATE members SET n_calls = n_calls + 1, beat = {now} WHERE member = ?",
    "UPDATE members SET n_entries = n_entries + 1 WHERE member = ? RETURNING n_entries",
    "UPDATE jobs SET member_by = ?, entry = ?, record = ? WHERE job = ?",
    "SELECT member, n_entries FROM members WHERE member <> ?",
    "SELECT record FROM jobs WHERE member_by = ? AND entry > ? AND entry <= ? ORDER BY entry",
)
TABLES = (
    "CREATE TABLE searches (search INT PRIMARY KEY, n BIGINT)",
    "CREATE TABLE members (member INT PRIMARY KEY, n_calls BIGINT, n_entries INT, beat FLOAT)",
    "CREATE TABLE jobs (job BIGINT PRIMARY KEY, member INT, call BIGINT, member_by INT, entry INT, record TEXT)",
    "CREATE UNIQUE INDEX logs ON jobs (member_by, entry)",
    "INSERT INTO searches VALUES (1, 0)",
    *(f"INSERT INTO members VALUES ({number}, 0, 0, 0.0)" for number in range(8)),
)


class RawSql:
    """The statements of `SQLStorage`, by the driver itself."""

    def __init__(self, url: str, reads: bool, number: int):
        self._number, self._reads = number, reads
        self._seen = [0] * N_CLIENTS
        self._is_sqlite = url.startswith("sqlite")
        now = "clock_timestamp()"
        if self._is_sqlite:
            connection: Any = sqlite3.connect(url.removeprefix("sqlite:///"), timeout=60, isolation_level=None)
            connection.execute("PRAGMA synchronous=NORMAL")
            now = "julianday('now')"
        else:
            import psycopg

            connection = psycopg.connect(url, autocommit=True)
            now = "extract(epoch from clock_timestamp())"
        self._execute = connection.execute
        self._sql = [sql.format(now=now) if self._is_sqlite else sql.format(now=now).replace("?", "%s") for sql in SQL]

    def operate(self, step: int) -> None:
        execute, sql, me, seen = self._execute, self._sql, self._number, self._seen
        begin = "BEGIN IMMEDIATE" if self._is_sqlite else "BEGIN"
        execute(begin)
        execute(sql[0], (me,))
        (job,) = execute(sql[1]).fetchone()
        execute(sql[2], (job, me, step, TEXT))
        execute("COMMIT")
        execute(begin)
        execute(sql[3], (me,))
        (entry,) = execute(sql[4], (me,)).fetchone()
        execute(sql[5], (me, entry, TEXT, job))
        execute("COMMIT")
        for other, n in execute(sql[6], (me,)).fetchall() if self._reads else ():
            if n > seen[other]:
                execute(sql[7], (other, seen[other], n)).fetchall()
                seen[other] = n


class RawRedis:
    """The commands of `RedisStorage`, by the driver itself."""

    def __init__(self, port: int, reads: bool, number: int):
        import redis

        self._client, self._number, self._reads = redis.Redis("127.0.0.1", port), number, reads
        self._seen = [0] * N_CLIENTS

    def operate(self, step: int) -> None:
        job = self._client.incrby("raw:numbers", 1)
        with self._client.pipeline() as calls:
            calls.hsetnx("raw:jobs", str(job), TEXT)
            calls.execute()
        with self._client.pipeline() as calls:
            calls.hset("raw:jobs", mapping={str(job): TEXT})
            calls.rpush(f"raw:log:{self._number}", job)
            calls.execute()
        if self._reads:
            with self._client.pipeline(transaction=False) as calls:
                for other in range(N_CLIENTS):
                    calls.lrange(f"raw:log:{other}", self._seen[other], -1)
                logs = calls.execute()
            self._seen = [seen + len(log) for seen, log in zip(self._seen, logs, strict=True)]
            if numbers := [number for log in logs for number in log]:
                self._client.hmget("raw:jobs", numbers)


N_CLIENTS = 8
Maker = Callable[[int], Client]


def makers(store: str, folder: Path, server: servers.Server | None) -> dict[str, Maker]:
    """Three kinds of clients, each with an empty store."""
    if store == "files":
        return {
            "ours": partial(Ours, partial(FileStorage, folder / "ours")),
            "writes": partial(RawFiles, str(folder / "writes"), False),
            "reads": partial(RawFiles, str(folder / "reads"), True),
        }
    if store == "redis":
        assert server is not None
        import redis

        redis.Redis("127.0.0.1", server.port).flushall()
        ours = partial(Ours, partial(RedisStorage, "127.0.0.1", server.port))
        # Two kinds of raw clients use the same keys, one after the other; the second is told to begin anew.
        return {
            "ours": ours,
            "writes": partial(RawRedis, server.port, False),
            "reads": partial(RawRedis, server.port, True),
        }
    if store == "sqlite":
        urls = {kind: f"sqlite:///{folder / kind}.db" for kind in ("ours", "writes", "reads")}
        for kind in ("writes", "reads"):
            with sqlite3.connect(folder / f"{kind}.db") as connection:
                connection.execute("PRAGMA journal_mode=WAL")
                for statement in TABLES:
                    connection.execute(statement)
    else:
        import psycopg

        assert server is not None
        urls = {kind: servers.empty_database(server) for kind in ("ours", "writes", "reads")}
        for kind in ("writes", "reads"):
            with psycopg.connect(urls[kind], autocommit=True) as connection:
                for statement in TABLES:
                    connection.execute(statement)  # type: ignore[call-overload]
    SQLStorage(urls["ours"]).close()
    return {
        "ours": partial(Ours, partial(SQLStorage, urls["ours"])),
        "writes": partial(RawSql, urls["writes"], False),
        "reads": partial(RawSql, urls["reads"], True),
    }


@contextmanager
def server_of(store: str) -> Iterator[servers.Server | None]:
    if store == "postgres":
        with servers.postgres("fsync=on") as server:
            yield server
    elif store == "redis":
        with servers.redis() as server:
            yield server
    else:
        yield None


def _operate(make: Maker, number: int, n: int, barrier: Any, times: Any) -> None:
    client = make(number)
    client.operate(0)
    barrier.wait()
    begin, cpu = time.perf_counter(), time.process_time()
    for step in range(1, n + 1):
        client.operate(step)
    times.put((time.perf_counter() - begin, time.process_time() - cpu))
    barrier.wait()


def rate_of(make: Maker, n: int) -> tuple[float, float]:
    """Operations of all clients together: in a second, and in a second of their CPU time."""
    context = multiprocessing.get_context("spawn")
    barrier, times = context.Barrier(N_CLIENTS), context.Queue()
    running = [context.Process(target=_operate, args=(make, i, n, barrier, times)) for i in range(N_CLIENTS)]
    for process in running:
        process.start()
    took = [times.get() for _ in running]
    for process in running:
        process.join()
    return N_CLIENTS * n / max(wall for wall, _ in took), N_CLIENTS * n / sum(cpu for _, cpu in took)


def rate(stores: list[str], n: int, n_rounds: int) -> None:
    for store in stores:
        rates: dict[str, list[tuple[float, float]]] = {"ours": [], "writes": [], "reads": []}
        with server_of(store) as server:
            for _ in range(n_rounds):
                with tempfile.TemporaryDirectory() as folder:
                    for kind, make in makers(store, Path(folder), server).items():
                        if store == "redis" and kind == "reads":
                            import redis

                            redis.Redis("127.0.0.1", server.port).flushall()  # type: ignore[union-attr]
                        rates[kind].append(rate_of(make, n))
        said = f"{store:9} ours {statistics.median(wall for wall, _ in rates['ours']):6.0f} a second"
        for kind, words in (("writes", "raw writes"), ("reads", "raw writes and reads")):
            shares = sorted(a / b for (a, _), (b, _) in zip(rates["ours"], rates[kind], strict=True))
            by_cpu = statistics.median(a / b for (_, a), (_, b) in zip(rates["ours"], rates[kind], strict=True))
            span = f"{shares[0]:.0%} to {shares[-1]:.0%}"
            said += f"; {statistics.median(shares):4.0%} of {words} ({span}), {by_cpu:.0%} by CPU"
        print(said, flush=True)


def _take_part(opener: Callable[[], Storage], n: int, n_all: int, counts: Any) -> None:
    storage = opener()
    member, cursor = storage.join("search"), {}
    mine: list[int] = []
    news: list[int] = []
    for begin in range(0, n, 10):
        numbers = storage.submit(member, [RECORD] * min(10, n - begin))
        storage.finish(member, [{**ENDED, "job_id": number} for number in numbers])
        mine += numbers
        records, cursor = storage.news(member, cursor)
        news += [record["job_id"] for record in records]
    silent = 0
    while len(news) < n_all - n and silent < 6000:
        records, cursor = storage.news(member, cursor)
        news += [record["job_id"] for record in records]
        silent = 0 if records else silent + 1
        time.sleep(0.01)
    seen = set(news)
    counts.put((n_all - n - len(seen - set(mine)), len(news) - len(seen), mine))


def rows(stores: list[str], n_all: int) -> None:
    context = multiprocessing.get_context("spawn")
    for store in stores:
        with server_of(store) as server, tempfile.TemporaryDirectory() as folder:
            opener = makers(store, Path(folder), server)["ours"].args[0]  # type: ignore[attr-defined]
            counts = context.Queue()
            begin = time.perf_counter()
            running = [
                context.Process(target=_take_part, args=(opener, n_all // N_CLIENTS, n_all, counts))
                for _ in range(N_CLIENTS)
            ]
            for process in running:
                process.start()
            told = [counts.get() for _ in running]
            for process in running:
                process.join()
        numbers = [number for _, _, mine in told for number in mine]
        print(
            f"{store:9} {len(numbers)} rows: {sum(missed for missed, _, _ in told)} missed, "
            f"{sum(twice for _, twice, _ in told)} twice, {len(numbers) - len(set(numbers))} numbers given twice, "
            f"{time.perf_counter() - begin:.0f} s",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--what", choices=("rate", "rows"), default="rate")
    parser.add_argument("--stores", nargs="+", choices=STORES, default=list(STORES))
    parser.add_argument("--ops", type=int, default=300, help="operations of each process")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=100_000)
    arguments = parser.parse_args()
    if arguments.what == "rate":
        rate(arguments.stores, arguments.ops, arguments.rounds)
    else:
        rows(arguments.stores, arguments.rows)


if __name__ == "__main__":
    main()
