"""The messages between workers and their manager."""

from __future__ import annotations

import json
import os
import pickle
import sys
import threading
from multiprocessing import Pipe
from typing import Any

import pytest

from deephyper.worker import Kind, SocketChannel, packed_answer, unpacked
from deephyper.worker.channel import PipeChannel, Wire, packed


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (Kind.READY, [7]),
        (Kind.BEGIN, [7]),
        (Kind.RECORD, [7, 1.0, 0.5]),
        (Kind.STOPPED, [7]),
        (Kind.OUTPUT, ["stdout", "ä line\n"]),
    ],
)
def test_a_message_arrives_as_it_was_sent(kind: Kind, content: list[Any]) -> None:
    assert unpacked(packed(kind, *content)) == (kind, content)


def test_values_that_are_no_numbers_arrive_too() -> None:
    _, (_, budget, value) = unpacked(packed(Kind.RECORD, 7, float("inf"), float("nan")))

    assert budget == float("inf")
    assert value != value


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\xff\xfe",
        b"5",
        b"[]",
        b"{}",
        b'["stop"]',
        b'[["stopped"], 7]',
        b'["stopped"]',
        b'["stopped", "7"]',
        b'["stopped", 7, 8]',
        b'["record", 7, 1.0, null]',
        b'["record", 7, 1.0, true]',
        b"[" * 100_000,
        pickle.dumps(["stopped", 7]),
    ],
)
def test_what_is_no_message_is_refused(message: bytes) -> None:
    with pytest.raises(ValueError, match="message"):
        unpacked(message)


def test_whoever_interrupts_a_question_that_was_sent_does_not_take_its_answer() -> None:
    ours, theirs = Pipe()
    wire, heard = Wire(lambda: ours), []
    for _ in range(2):
        theirs.send_bytes(packed_answer(7, True))

    def interrupt(frame: Any, event: str, _: Any) -> None:
        # As a signal handler may, between the sending and the wait for the answer.
        if event == "call" and frame.f_code.co_name == "_answer":
            sys.setprofile(None)
            heard.append(wire.ask(Kind.STOPPED, 7))
            theirs.close()

    sys.setprofile(interrupt)
    try:
        answer = wire.ask(Kind.STOPPED, 7)
    finally:
        sys.setprofile(None)

    assert (answer, heard) == (True, [None])


def test_an_answer_that_somebody_else_did_not_wait_for_is_passed_over() -> None:
    ours, theirs = Pipe()
    theirs.send_bytes(packed_answer(3, True))
    theirs.send_bytes(packed_answer(4, False))

    assert PipeChannel(Wire(lambda: ours), 4).stopped() is False


def test_whoever_loses_its_manager_should_end_and_records_in_vain() -> None:
    ours, theirs = Pipe()
    channel = PipeChannel(Wire(lambda: ours), 4)
    channel.record(1.0, 2.0)
    theirs.recv_bytes()
    theirs.close()

    assert channel.stopped()
    channel.record(1.0, 2.0)


def test_whoever_has_never_reached_its_manager_goes_on() -> None:
    channel = SocketChannel("/no/such/path", b"key", 3)
    channel.begin()
    channel.record(1.0, 2.0)

    assert not channel.stopped()


def test_a_channel_can_be_pickled_and_keeps_its_key_to_itself() -> None:
    channel = SocketChannel("/a/path", b"the key", 3)

    assert pickle.loads(pickle.dumps(channel)) == channel
    assert "the key" not in repr(channel)


def test_messages_of_many_threads_do_not_mix() -> None:
    ours, theirs = Pipe()
    wire = Wire(lambda: ours)

    def ask(ticket: int) -> None:
        for step in range(50):
            PipeChannel(wire, ticket).record(step, 0.0)
            assert PipeChannel(wire, ticket).stopped() is (ticket % 2 == 0)

    threads = [threading.Thread(target=ask, args=(ticket,)) for ticket in range(4)]
    for thread in threads:
        thread.start()
    n_recorded = 0
    for _ in range(4 * 100):
        kind, content = unpacked(theirs.recv_bytes())
        n_recorded += kind is Kind.RECORD
        if kind is Kind.STOPPED:
            theirs.send_bytes(packed_answer(content[0], content[0] % 2 == 0))
    for thread in threads:
        thread.join()

    assert n_recorded == 200


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks here")
def test_a_forked_child_sends_nothing_and_waits_for_nothing() -> None:
    ours, theirs = Pipe()
    wire = Wire(lambda: ours)
    channel = PipeChannel(wire, 1)
    channel.record(1.0, 2.0)
    with wire._turn:
        pid = os.fork()
        if pid == 0:
            # A thread of the parent holds the turn for ever, as far as the child can see.
            channel.record(3.0, 4.0)
            os._exit(7 if channel.stopped() else 0)
    _, status = os.waitpid(pid, 0)

    assert os.waitstatus_to_exitcode(status) == 0
    assert json.loads(theirs.recv_bytes()) == ["record", 1, 1.0, 2.0]
    assert not theirs.poll(0)
