"""The manager's side of the sockets of pickled work."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import socket
import struct
import tempfile
import threading
import weakref
from collections.abc import Callable
from multiprocessing import AuthenticationError
from multiprocessing.connection import Connection, answer_challenge, deliver_challenge
from typing import final

from ..worker import Address, SocketChannel
from .conversation import Conversation
from .forks import is_left_to_parent
from .selecting import SelectorLoop
from .switchboard import Switchboard

logger = logging.getLogger(__name__)

_KEY_BYTES = 32
_N_WAITING = 128
# No message of a run-function is nearly as long.
_LONGEST_MESSAGE = 1 << 12
# How long whoever has begun to say something may take to finish it.
_PATIENCE_S = 10
# How soon it notices that nobody needs it any more.
_LOOK_EVERY_S = 1.0
# How many may be about to prove that they know the key.
_MOST_GREETED = 256


@final
class Listener:
    """Answers evaluations in other processes, in a thread that begins when the first channel is made.

    It listens at a path that is open to this user alone, or where there are no such sockets at a port of 127.0.0.1. It
    hears only those who know its key, and reads only bytes of JSON, so that nobody can send objects.

    Args:
        switchboard: takes in what they report.
        host: the address of this host by which workers on others reach it, where there are such workers. Then it
            listens at a port of that address.
    """

    def __init__(self, switchboard: Switchboard, host: str | None = None):
        self._switchboard, self._host = switchboard, host
        self._key = os.urandom(_KEY_BYTES)
        self._door: _Door | None = None
        self._is_abandoned = False
        # Guards both sets, and the ends of those who are greeted.
        self._lock = threading.Lock()
        self._greeted: set[Connection] = set()
        self._connections: set[Connection] = set()

    def channel(self, ticket: int) -> SocketChannel | None:
        """The channel of an evaluation that travels to another process; None where no socket can be opened."""
        if self._door is None:
            try:
                door = _Door(self._host)
            except OSError as error:
                logger.warning(
                    "intermediate values arrive with the results only, since no socket can be opened: %s", error
                )
                return None
            self._door, self._loop = door, SelectorLoop("deephyper-listener", self._look)
            self._loop.errand(lambda: self._loop.watch(door.socket, lambda: self._let_in(door)))
            is_left_to_parent(self)
        return SocketChannel(self._door.address, self._key, ticket)

    def close(self) -> None:
        """Let go of all workers: those who ask from now on learn that nobody waits for their results."""
        door, self._door = self._door, None
        if door is None:
            return
        self._loop.close()
        door.close()
        with self._lock:
            # The threads that greet them close these.
            for connection in self._greeted:
                _shut(connection)
            for connection in self._connections:
                _shut(connection)
                connection.close()
            self._connections.clear()

    def abandon(self) -> None:
        """Close soon; the garbage collector may call this, in any thread and at any moment."""
        self._is_abandoned = True

    def _look(self) -> float:
        if self._is_abandoned and self._door is not None:
            # The loop cannot wait for its own end.
            threading.Thread(target=self.close, name="deephyper-end", daemon=True).start()
        return _LOOK_EVERY_S

    def leave_to_parent(self) -> None:
        """In a forked child, close what it has inherited, so that workers notice when the parent lets go of them."""
        door, self._door = self._door, None
        if door is not None:
            door.socket.close()
        for connection in self._greeted | self._connections:
            connection.close()

    def _let_in(self, door: _Door) -> None:
        try:
            connection = door.accepted()
        except OSError as error:
            # It has gone away again, or this process has too many open files.
            logger.info("could not accept a connection: %s", error)
            return
        with self._lock:
            if len(self._greeted) >= _MOST_GREETED:
                # These are strangers who say nothing. A worker of ours is through within milliseconds.
                connection.close()
                return
            self._greeted.add(connection)
        # Beside the loop, since it may be a stranger who says nothing.
        greeting = threading.Thread(target=self._greet, args=(connection,), name="deephyper-greeting", daemon=True)
        try:
            greeting.start()
        except RuntimeError as error:
            logger.info("could not greet a connection: %s", error)
            with self._lock:
                self._greeted.discard(connection)
                connection.close()

    def _greet(self, connection: Connection) -> None:
        """Listen to whoever proves to know the key."""
        try:
            deliver_challenge(connection, self._key)
            answer_challenge(connection, self._key)
            is_known = True
        except (OSError, EOFError, AuthenticationError, ValueError, AssertionError) as error:
            logger.warning("refused a connection that did not prove to know the key: %s", error)
            is_known = False
        with self._lock:
            self._greeted.discard(connection)
            if is_known and self._loop.errand(lambda: self._listen_to(connection)):
                self._connections.add(connection)
            else:
                connection.close()

    def _listen_to(self, connection: Connection) -> None:
        conversation = Conversation(connection, self._switchboard, longest=_LONGEST_MESSAGE)
        self._loop.watch(connection, lambda: self._hear(connection, conversation))

    def _hear(self, connection: Connection, conversation: Conversation) -> None:
        if not conversation.hear():
            if conversation.fault:
                logger.warning("let go of a worker whose messages cannot be understood: %s", conversation.fault)
            self._loop.ignore(connection)
            with self._lock:
                self._connections.discard(connection)
            connection.close()


@final
class _Door:
    """Where connections come in.

    Args:
        host: the address to listen at; None for one that this host alone can reach.

    Raises:
        OSError: no socket can be opened.
    """

    def __init__(self, host: str | None = None) -> None:
        self._remove: Callable[[], object] = bool
        self.socket = self._at_a_path() if host is None else _listening(socket.AF_INET, (host, 0))
        self.address: Address = self.socket.getsockname()

    def _at_a_path(self) -> socket.socket:
        folder = tempfile.mkdtemp(prefix="deephyper-")
        self._remove = weakref.finalize(self, _remove_if_ours, folder, os.getpid())
        try:
            return _listening(socket.AF_UNIX, os.path.join(folder, "manager"))
        except (OSError, AttributeError):
            self._remove()
            return _listening(socket.AF_INET, ("127.0.0.1", 0))

    def accepted(self) -> Connection:
        """Accept whoever waits."""
        accepted, _ = self.socket.accept()
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            accepted.setsockopt(socket.SOL_SOCKET, option, struct.pack("ll", _PATIENCE_S, 0))
        accepted.setblocking(True)
        return Connection(accepted.detach())

    def close(self) -> None:
        self.socket.close()
        self._remove()


def _listening(family: socket.AddressFamily, address: Address) -> socket.socket:
    listening = socket.socket(family)
    try:
        listening.bind(address)
        listening.listen(_N_WAITING)
        listening.setblocking(False)
    except OSError:
        listening.close()
        raise
    return listening


def _remove_if_ours(folder: str, process: int) -> None:
    # A forked child that ends must not take it away from its parent.
    if os.getpid() == process:
        shutil.rmtree(folder, ignore_errors=True)


def _shut(connection: Connection) -> None:
    """End a connection for both sides; whoever waits for something from it is woken."""
    with contextlib.suppress(OSError), socket.socket(fileno=os.dup(connection.fileno())) as way:
        way.shutdown(socket.SHUT_RDWR)
