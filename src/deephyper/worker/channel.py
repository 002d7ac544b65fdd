"""The messages between a running evaluation and its manager, and the two channels that carry them.

A lane, which is one of our own worker processes, has a pipe. An evaluation on the user's executor has a socket. Both
carry the same messages: JSON arrays of a kind and its content, as bytes. Nothing that arrives is ever unpickled.

    ["ready", process number]         a lane's process has begun; it waits for the answer
    ["begin", ticket]                 the run-function begins now (not sent by lanes, whose manager knows already)
    ["record", ticket, budget, value] an intermediate value
    ["stopped", ticket]               should this evaluation end early? It waits for the answer
    ["output", stream, text]          whole lines that were printed to "stdout" or "stderr"

An answer is `[process number or ticket of the question, true or false]`.
"""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Callable
from enum import StrEnum
from functools import partial
from multiprocessing import AuthenticationError
from multiprocessing.connection import Connection, answer_challenge, deliver_challenge
from typing import Any, NamedTuple, Protocol, final

# How many seconds a manager may take to answer a process that connects.
_PATIENCE_S = 10.0

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
    OUTPUT = "output"


_Types = set[tuple[type, ...]]
_TICKET: _Types = {(int,)}
_CONTENTS: dict[Kind, _Types] = {
    Kind.READY: {(int,)},
    Kind.BEGIN: _TICKET,
    # JSON does not tell 1 from 1.0, so both types of number are accepted.
    Kind.RECORD: {(int, budget, value) for budget in (int, float) for value in (int, float)},
    Kind.STOPPED: _TICKET,
    Kind.OUTPUT: {(str, str)},
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
    """Write the answer to a question.

    Args:
        about: the process number or ticket that the question named.
        answer: yes or no.
    """
    return json.dumps((about, answer)).encode()


@final
class Wire:
    """The worker's end of one connection to the manager, shared by all threads of the process.

    Only the process that made it sends messages: a forked child sends nothing.

    Args:
        connect: opens the connection when the first message is sent. It raises OSError if the manager cannot be
            reached.
    """

    def __init__(self, connect: Callable[[], Connection]):
        self._connect = connect
        self._connection: Connection | None = None
        self._is_over = False
        self._turn = threading.Lock()
        self._process = os.getpid()

    @property
    def is_cut(self) -> bool:
        """True if the manager has closed a connection that existed, and so expects nothing from here any more."""
        return self._is_over and self._connection is not None and self._process == os.getpid()

    def tell(self, kind: Kind, *content: Any) -> None:
        """Send a message; it is lost if the manager cannot be reached."""
        if self._may_speak:
            with self._turn:
                self._send(kind, *content)

    def ask(self, kind: Kind, about: int) -> bool | None:
        """Send a message and wait for its answer; None if the manager cannot be reached."""
        if not self._may_speak:
            return None
        with self._turn:
            connection = self._send(kind, about)
            return None if connection is None else self._answer(connection, about)

    def look(self) -> None:
        """Notice whether the manager has closed the connection; do nothing while another thread uses it."""
        if not self._turn.acquire(blocking=False):
            return
        try:
            if self._connection is not None and not self._is_over and self._connection.poll(0):
                self._connection.recv_bytes()
        except (OSError, EOFError):
            self._end()
        finally:
            self._turn.release()

    @property
    def _may_speak(self) -> bool:
        # A forked child may have inherited the lock in a locked state, so it must not even wait for it.
        return not self._is_over and self._process == os.getpid()

    def _send(self, kind: Kind, *content: Any) -> Connection | None:
        """Send a message; return the connection that was used, None if the manager cannot be reached."""
        if self._is_over:
            return None
        try:
            if self._connection is None:
                self._connection = self._connect()
            self._connection.send_bytes(packed(kind, *content))
        except OSError:
            self._end()
            return None
        return self._connection

    def _answer(self, connection: Connection, about: int) -> bool | None:
        try:
            while True:
                asked, answer = json.loads(connection.recv_bytes())
                # Skip answers to earlier questions: whoever asked may have been interrupted before the answer came.
                if asked == about:
                    return bool(answer)
        except (OSError, EOFError):
            self._end()
            return None

    def _end(self) -> None:
        self._is_over = True
        if self._connection is not None:
            self._connection.close()


@final
class PipeChannel:
    """The channel of one evaluation in a lane.

    Args:
        wire: the pipe of the lane's process.
        ticket: number of this attempt to run the evaluation.
    """

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
