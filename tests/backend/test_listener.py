"""The sockets of pickled work."""

from __future__ import annotations

import os
import pickle
import socket
import struct
import threading
from collections.abc import Iterator
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection
from pathlib import Path
from typing import Any

import pytest

from deephyper.backend import Switchboard
from deephyper.backend.listener import Listener
from deephyper.worker import SocketChannel, packed_answer
from processes import comes_true

PATIENCE_S = 30.0


@pytest.fixture
def switchboard() -> Switchboard:
    return Switchboard()


@pytest.fixture(params=["path", "port"])
def listener(request: pytest.FixtureRequest, switchboard: Switchboard, monkeypatch: Any) -> Iterator[Listener]:
    if request.param == "port":
        # As where a temporary folder has too long a name for a socket.
        monkeypatch.setattr("deephyper.backend.listener.tempfile.mkdtemp", lambda prefix: "/no/such/folder")
    listener = Listener(switchboard)
    yield listener
    listener.close()


def connected(channel: SocketChannel | None) -> Connection:
    assert channel is not None
    return Client(channel.address, authkey=channel.key)


def opened(listener: Listener, ticket: int) -> SocketChannel:
    channel = listener.channel(ticket)
    assert channel is not None
    return channel


def test_all_words_reach_the_switchboard_in_order(listener: Listener, switchboard: Switchboard) -> None:
    observations: list[tuple[float, float]] = []
    ticket = switchboard.open(observations)
    channel = opened(listener, ticket)
    channel.begin()
    for step in range(10):
        channel.record(step * 1.0, 0.5)

    assert not channel.stopped()
    assert observations == [(step * 1.0, 0.5) for step in range(10)]
    switchboard.stop(ticket)
    assert channel.stopped()
    assert switchboard.close(ticket) is not None


def test_channels_of_one_process_share_a_connection(listener: Listener, switchboard: Switchboard) -> None:
    tickets = [switchboard.open([]) for _ in range(3)]
    switchboard.stop(tickets[1])

    assert [opened(listener, ticket).stopped() for ticket in tickets] == [False, True, False]
    assert comes_true(lambda: len(listener._connections) == 1)


@pytest.mark.parametrize(
    "message", [b"", b"\xff", b"[1]", b'["stopped", "x"]', b'["ready", 5]', b'["output", "x", "y"]']
)
def test_what_nobody_can_read_is_dropped(
    listener: Listener, switchboard: Switchboard, message: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    channel = opened(listener, switchboard.open([]))
    with connected(channel) as connection:
        connection.send_bytes(message)
        connection.send_bytes(b'["stopped", 99]')

        assert connection.recv_bytes() == packed_answer(99, True)
    assert "dropped" in caplog.text
    assert not channel.stopped()


class _Bomb:
    def __reduce__(self) -> Any:
        return os.mkdir, ("exploded",)


def test_a_pickle_is_never_loaded(
    listener: Listener, switchboard: Switchboard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    channel = opened(listener, switchboard.open([]))
    with connected(channel) as connection:
        connection.send(_Bomb())
        connection.send_bytes(b'["stopped", 99]')
        connection.recv_bytes()

    assert list(tmp_path.iterdir()) == []
    pickle.loads(pickle.dumps(_Bomb()))
    assert [path.name for path in tmp_path.iterdir()] == ["exploded"]


def test_too_long_a_message_ends_its_connection_alone(listener: Listener, switchboard: Switchboard) -> None:
    channel = opened(listener, switchboard.open([]))
    assert not channel.stopped()
    with connected(channel) as connection:
        connection.send_bytes(b'["stopped", ' + b" " * (1 << 13) + b"99]")

        with pytest.raises((EOFError, OSError)):
            connection.recv_bytes()
    assert not channel.stopped()


def test_whoever_does_not_know_the_key_is_refused(listener: Listener, switchboard: Switchboard) -> None:
    channel = opened(listener, switchboard.open([]))

    with pytest.raises((AuthenticationError, EOFError, OSError)):
        Client(channel.address, authkey=b"another")
    stranger = SocketChannel(channel.address, b"another", channel.ticket)
    stranger.record(1.0, 2.0)
    assert not stranger.stopped()
    assert not channel.stopped()


def test_a_stranger_who_says_nothing_keeps_nobody_waiting(listener: Listener, switchboard: Switchboard) -> None:
    channel = opened(listener, switchboard.open([]))
    family = socket.AF_UNIX if isinstance(channel.address, str) else socket.AF_INET
    with socket.socket(family) as mute:
        mute.connect(channel.address)

        assert not channel.stopped()
        # Nor does it keep the listener from ending.
        listener.close()
    assert comes_true(
        lambda: not any("deephyper-greeting" in thread.name for thread in threading.enumerate()), PATIENCE_S
    )


@pytest.mark.parametrize(
    "word",
    [
        b"\x00\x00",
        struct.pack("!i", 100) + b'["record", 0',
        struct.pack("!i", -1),
        struct.pack("!i", 1 << 30) + b"x" * 100,
    ],
)
def test_half_a_message_or_a_length_that_none_has_keeps_nobody_waiting(
    listener: Listener, switchboard: Switchboard, word: bytes
) -> None:
    channel = opened(listener, switchboard.open([]))
    assert not channel.stopped()
    with connected(channel) as connection:
        os.write(connection.fileno(), word)

        assert not channel.stopped()
        with connected(channel) as another:
            another.send_bytes(b'["stopped", 99]')
            assert another.recv_bytes() == packed_answer(99, True)


@pytest.mark.slow
def test_whoever_asks_and_never_reads_the_answers_is_let_go(listener: Listener, switchboard: Switchboard) -> None:
    channel = opened(listener, switchboard.open([]))
    question = b'["stopped", 99]'
    many = (struct.pack("!i", len(question)) + question) * 1000

    def ask_on(file: int) -> None:
        while True:
            os.write(file, many)

    with connected(channel) as connection, pytest.raises(ConnectionError):
        ask_on(connection.fileno())
    assert not channel.stopped()


@pytest.mark.slow
def test_hundreds_of_strangers_who_say_nothing_cost_few_threads(listener: Listener, switchboard: Switchboard) -> None:
    channel = opened(listener, switchboard.open([]))
    assert not channel.stopped()
    family = socket.AF_UNIX if isinstance(channel.address, str) else socket.AF_INET
    strangers = [socket.socket(family) for _ in range(400)]
    for stranger in strangers:
        stranger.connect(channel.address)

    assert not channel.stopped()
    assert sum("deephyper-greeting" in thread.name for thread in threading.enumerate()) <= 256
    for stranger in strangers:
        stranger.close()


def test_whoever_asks_after_the_end_learns_that_nobody_waits(listener: Listener, switchboard: Switchboard) -> None:
    channel = opened(listener, switchboard.open([]))
    assert not channel.stopped()
    listener.close()
    channel.record(1.0, 2.0)

    assert channel.stopped()


def test_a_path_is_open_to_this_user_alone_and_goes_with_the_listener(switchboard: Switchboard) -> None:
    listener = Listener(switchboard)
    path = opened(listener, 0).address
    assert isinstance(path, str)
    assert os.stat(os.path.dirname(path)).st_mode & 0o077 == 0
    listener.close()

    assert not os.path.exists(os.path.dirname(path))


def test_nothing_begins_before_it_is_needed(switchboard: Switchboard) -> None:
    before = set(threading.enumerate())
    Listener(switchboard).close()

    assert set(threading.enumerate()) == before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks here")
def test_a_forked_child_has_its_own_connection_and_holds_none_of_its_parent(switchboard: Switchboard) -> None:
    listener, observations = Listener(switchboard), []  # type: ignore[var-annotated]
    channel = opened(listener, switchboard.open(observations))
    channel.record(1.0, 2.0)
    assert not channel.stopped()
    out, into = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(into)
        channel.record(3.0, 4.0)
        answer = channel.stopped()
        # Until the parent says so, and with it all copies that the child may have inherited.
        os.read(out, 1)
        os._exit(7 if answer else 0)
    assert comes_true(lambda: len(observations) == 2, PATIENCE_S)
    listener.close()
    is_told = channel.stopped()
    os.close(into)
    _, status = os.waitpid(pid, 0)
    os.close(out)

    assert is_told
    assert os.waitstatus_to_exitcode(status) == 0
    assert observations == [(1.0, 2.0), (3.0, 4.0)]


def test_without_sockets_values_travel_with_the_result(
    switchboard: Switchboard, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def none_left(*args: Any) -> Any:
        raise OSError("no sockets here")

    monkeypatch.setattr("deephyper.backend.listener._listening", none_left)
    listener = Listener(switchboard)

    assert listener.channel(0) is None
    assert "no sockets here" in caplog.text
    listener.close()
