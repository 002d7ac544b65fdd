"""The messages between a running evaluation and its manager, and the two channels that carry them.

A lane, which is one of our own worker processes, has a pipe. An evaluation on the user's executor has a socket. Both
carry the same messages: JSON arrays of a kind and its content, as bytes. Nothing that arrives is ever unpickled.

    ["ready", process number]         a lane's process has begun; it waits for the answer
    ["begin", ticket]                 the run-function begins now (not sent by lanes, whose manager knows already)
    ["record", ticket, budget, value] an intermediate value
    ["stopped", ticket]               should this evaluation end early? It waits for the answer
    ["awaited", ticket]               does anybody still wait for this evaluation's end? It waits for the answer
    ["output", stream, text]          what was printed to "stdout" or "stderr", mostly whole lines
    ["printed", process number]       is all output before this taken in? It waits for the answer

An answer is `[process number or ticket of the question, true or false]`.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable
from enum import StrEnum
from functools import partial
from multiprocessing import AuthenticationError
from multiprocessing.connection import Connection, answer_challenge, deliver_challenge
from typing import Any, NamedTuple, Protocol, final

# How many seconds a manager may take to answer a process that connects.
_PATIENCE_S = 10.0
# As `Connection.send_bytes` begins a message of this length, and `recv_bytes` expects it.
_LENGTH = struct.Struct("!i")
_CHUNK_BYTES = 1 << 12

# Each is written at once, or not at all where a signal or an error comes in between. Linux takes twice as much at once.
LONGEST_MESSAGE = 1 << 15
"""Bytes of the longest message."""

Address = str | tuple[str, int]
"""Address of a socket: a path, or a host and a port."""


class Channel(Protocol):
    """What a running evaluation reports to its manager and asks it."""

    def begin(self) -> None:
        """Report that the run-function begins now."""

    def record(self, budget: float, objective: float) -> None:
        """Report an intermediate value."""

    def stopped(self) -> bool:
        """Ask whether the evaluation should end early."""


class Kind(StrEnum):
    """The kinds of messages that a worker sends; the table at the top of this module explains them."""

    READY = "ready"
    BEGIN = "begin"
    RECORD = "record"
    STOPPED = "stopped"
    AWAITED = "awaited"
    OUTPUT = "output"
    PRINTED = "printed"


_Types = set[tuple[type, ...]]
_TICKET: _Types = {(int,)}
_CONTENTS: dict[Kind, _Types] = {
    Kind.READY: {(int,)},
    Kind.BEGIN: _TICKET,
    # JSON does not tell 1 from 1.0, so both types of number are accepted.
    Kind.RECORD: {(int, budget, value) for budget in (int, float) for value in (int, float)},
    Kind.STOPPED: _TICKET,
    Kind.AWAITED: _TICKET,
    Kind.OUTPUT: {(str, str)},
    Kind.PRINTED: {(int,)},
}
_KINDS = {kind.value: kind for kind in Kind}


def packed(kind: Kind, *content: Any) -> bytes:
    """Write a message."""
    return json.dumps((kind, *content)).encode()


def unpacked(message: bytes) -> tuple[Kind, list[Any]]:
    """Read a message: its kind and its content.

    Raises:
        ValueError: it is not a message of the table.
    """
    try:
        name, *content = json.loads(message)
        kind = _KINDS[name]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ValueError(f"no message of a worker: {message[:80]!r}") from error
    if tuple(map(type, content)) not in _CONTENTS[kind]:
        raise ValueError(f"not what a message {kind.value!r} holds: {message[:80]!r}")
    return kind, content


def packed_answer(about: int, answer: bool) -> bytes:
    """Write the answer to a question about a process number or a ticket."""
    return json.dumps((about, answer)).encode()


@final
class Wire:
    """The worker's end of one connection to the manager, shared by all threads of the process.

    Only the process that made it sends messages: a forked child sends nothing. A thread that is interrupted here, by a
    signal handler or a finalizer, may come again: what it says then is sent when it goes on.

    Args:
        connect: opens the connection when the first message is sent. It raises OSError if the manager cannot be
            reached.
    """

    def __init__(self, connect: Callable[[], Connection]):
        self._connect = connect
        self._connection: Connection | None = None
        self._is_over = False
        self._outbox: deque[bytes] = deque()
        self._turn = threading.RLock()
        self._is_sending = self._is_asking = False
        self._inbox = b""
        self._process = os.getpid()

    @property
    def is_cut(self) -> bool:
        """True if the manager has closed a connection that existed, and so expects nothing from here any more."""
        return self._is_over and self._connection is not None and self._process == os.getpid()

    def tell(self, kind: Kind, *content: Any) -> None:
        """Send a message; it is lost if the manager cannot be reached."""
        self.put(kind, *content)
        self.deliver()

    def put(self, kind: Kind, *content: Any) -> None:
        """Keep a message for the next delivery; this waits for nothing."""
        if self._may_speak:
            self._outbox.append(packed(kind, *content))

    def deliver(self) -> None:
        """Send what was put, if nobody has done so yet."""
        if self._outbox and self._may_speak:
            with self._turn:
                self._send_all()

    def ask(self, kind: Kind, about: int) -> bool | None:
        """Send a message and wait for its answer; None if the manager cannot be reached."""
        if not self._may_speak:
            return None
        with self._turn:
            if self._is_sending or self._is_asking:
                # This is a signal handler or a finalizer. What it has interrupted must come to its end first.
                return None
            # From before the question is sent: a handler that asked meanwhile would take both answers.
            self._is_asking = True
            try:
                self.put(kind, about)
                self._send_all()
                connection = self._connection
                return None if self._is_over or connection is None else self._answer(connection, about)
            finally:
                self._is_asking = False

    def look(self) -> None:
        """Notice whether the manager has closed the connection; do nothing while another thread uses it."""
        if not self._turn.acquire(blocking=False):
            return
        try:
            if self._connection is not None and not self._is_over and self._connection.poll(0):
                self._arrived(self._connection)
        except (OSError, EOFError, ValueError):
            self._end()
        finally:
            self._turn.release()

    @property
    def _may_speak(self) -> bool:
        # A forked child may have inherited the lock in a locked state, so it must not even wait for it.
        return not self._is_over and self._process == os.getpid()

    def _send_all(self) -> None:
        while self._outbox and not self._is_sending:
            self._is_sending = True
            try:
                while self._outbox:
                    self._send(self._outbox.popleft())
            finally:
                self._is_sending = False

    def _send(self, message: bytes) -> None:
        """Send a message, if the manager can be reached."""
        if self._is_over:
            return
        try:
            if self._connection is None:
                self._connection = self._connect()
            self._write(self._connection.fileno(), _LENGTH.pack(len(message)) + message)
        except OSError:
            self._end()

    def _write(self, file: int, frame: bytes) -> None:
        """Write a whole message. A signal handler may raise before that or after it, but hardly ever in between."""
        written = os.write(file, frame)
        while written < len(frame):
            try:
                written += os.write(file, frame[written:])
            except BaseException:
                # Nobody could understand what comes after half a message.
                self._end()
                raise

    def _answer(self, connection: Connection, about: int) -> bool | None:
        try:
            while True:
                for asked, answer in self._arrived(connection):
                    # Skip answers to earlier questions: whoever asked may have been interrupted before the answer came.
                    if asked == about:
                        return bool(answer)
        except (OSError, EOFError, ValueError):
            self._end()
            return None

    def _arrived(self, connection: Connection) -> list[tuple[int, bool]]:
        """Wait for answers, and read all that are there.

        They are read at once, so that whatever a signal handler raises comes before all of them or after all of them.
        """
        self._inbox += os.read(connection.fileno(), _CHUNK_BYTES) or _no_more()
        answers, inbox = [], self._inbox
        while len(inbox) >= _LENGTH.size and len(inbox) >= (end := _LENGTH.size + _LENGTH.unpack_from(inbox)[0]):
            asked, answer = json.loads(inbox[_LENGTH.size : end])
            answers.append((asked, answer))
            inbox = inbox[end:]
        self._inbox = inbox
        return answers

    def _end(self) -> None:
        self._is_over = True
        if self._connection is not None:
            self._connection.close()


def _no_more() -> bytes:
    raise EOFError


@final
class PipeChannel:
    """The channel of one evaluation in a lane, by the pipe of its process."""

    def __init__(self, wire: Wire, ticket: int):
        self._wire, self._ticket = wire, ticket

    def begin(self) -> None:
        """Send nothing: the manager knows when it handed the evaluation to the lane."""

    def record(self, budget: float, objective: float) -> None:
        self._wire.tell(Kind.RECORD, self._ticket, budget, objective)

    def stopped(self) -> bool:
        return _is_stopped(self._wire, self._ticket)


class SocketChannel(NamedTuple):
    """The channel of one evaluation in another process of this host; it can be pickled.

    All evaluations of a process share one connection to the manager. If the manager cannot be reached, for example from
    another host, recorded values arrive only with the result, and `stopped` is False.

    Args:
        address: where the manager listens.
        key: secret that both sides must prove to know.
        ticket: number of this attempt to run the evaluation.
    """

    address: Address
    key: bytes
    ticket: int

    def __repr__(self) -> str:
        # Without the key, which belongs into no log.
        return f"SocketChannel({self.address!r}, ticket {self.ticket})"

    def begin(self) -> None:
        self._wire.tell(Kind.BEGIN, self.ticket)

    def record(self, budget: float, objective: float) -> None:
        self._wire.tell(Kind.RECORD, self.ticket, budget, objective)

    def stopped(self) -> bool:
        return _is_stopped(self._wire, self.ticket)

    def awaited(self) -> bool:
        """Ask whether anybody still waits for the end of the evaluation; true if the manager cannot be reached."""
        wire = self._wire
        answer = wire.ask(Kind.AWAITED, self.ticket)
        return not wire.is_cut if answer is None else answer

    @property
    def _wire(self) -> Wire:
        return _wire_to(self.address, self.key)


def _is_stopped(wire: Wire, ticket: int) -> bool:
    answer = wire.ask(Kind.STOPPED, ticket)
    return wire.is_cut if answer is None else answer


# The key holds the process number, since a forked child must not use its parent's connections. Only single operations
# on the dictionary are used: they need no lock, and a fork could leave a lock locked for ever.
_wires: dict[tuple[int, Address, bytes], Wire] = {}


def _wire_to(address: Address, key: bytes) -> Wire:
    """The connection of this process to a manager."""
    process = os.getpid()
    wire = _wires.get((process, address, key))
    if wire is None:
        _forget_those_that_are_over(process)
        wire = _wires.setdefault((process, address, key), Wire(partial(_connected, address, key)))
    return wire


def _forget_those_that_are_over(process: int) -> None:
    """Remove connections that their managers have closed, since a worker may outlive many searches."""
    for name, wire in list(_wires.items()):
        wire.look()
        if wire.is_cut or name[0] != process:
            _wires.pop(name, None)


def _connected(address: Address, key: bytes) -> Connection:
    """Connect to a manager.

    Raises:
        OSError: it cannot be reached.
    """
    with socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET) as way:
        way.settimeout(_PATIENCE_S)
        way.connect(address)
        way.setblocking(True)
        if not isinstance(address, str):
            # Without this, a question right after a record would wait until the record was acknowledged.
            way.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = Connection(way.detach())
    try:
        if not connection.poll(_PATIENCE_S):
            raise TimeoutError("nobody answers")
        answer_challenge(connection, key)
        deliver_challenge(connection, key)
    except (OSError, EOFError, AuthenticationError, ValueError, AssertionError) as error:
        connection.close()
        raise ConnectionError(f"no manager of ours listens there: {error}") from error
    return connection
