"""Callbacks are told, whatever one of them does."""

from __future__ import annotations

from typing import Any

import pytest

from deephyper.callback import Broadcast, Callback


class Noting(Callback):
    def __init__(self) -> None:
        self.heard: list[Any] = []

    def on_start(self, max_evals: int | None) -> None:
        self.heard.append(("start", max_evals))

    def on_close(self) -> None:
        self.heard.append("close")


class Raising(Callback):
    def on_start(self, max_evals: int | None) -> None:
        raise RuntimeError("on purpose")

    def on_close(self) -> None:
        raise ValueError("again")


class Interrupting(Callback):
    def on_close(self) -> None:
        raise KeyboardInterrupt


def test_the_others_are_told_and_the_error_is_logged_once_with_its_name(caplog: pytest.LogCaptureFixture) -> None:
    before, after = Noting(), Noting()
    broadcast = Broadcast([before, Raising(), after])
    broadcast.tell("on_start", 5)
    broadcast.tell("on_start", 6)
    broadcast.tell("on_close")

    assert before.heard == after.heard == [("start", 5), ("start", 6), "close"]
    (record,) = caplog.records
    assert "Raising" in record.getMessage() and "on_start" in record.getMessage()
    assert "on purpose" in caplog.text


def test_two_callbacks_of_one_class_are_logged_each(caplog: pytest.LogCaptureFixture) -> None:
    broadcast = Broadcast([Raising(), Raising()])
    broadcast.tell("on_start", None)
    broadcast.tell("on_start", None)

    assert len(caplog.records) == 2


def test_an_interrupt_is_no_error_of_a_callback() -> None:
    with pytest.raises(KeyboardInterrupt):
        Broadcast([Interrupting()]).tell("on_close")


def test_listeners_are_told_after_the_others_and_only_meanwhile() -> None:
    order: list[str] = []

    class Named(Callback):
        def __init__(self, name: str):
            self.name = name

        def on_close(self) -> None:
            order.append(self.name)

    broadcast = Broadcast([Named("first")])
    with broadcast.heard_by(Named("second"), Named("third")):
        broadcast.tell("on_close")
    broadcast.tell("on_close")

    assert order == ["first", "second", "third", "first"]
    assert len(broadcast.callbacks) == 1


def test_the_first_reason_to_stop_counts() -> None:
    one, other = Noting(), Noting()
    broadcast = Broadcast([one, other])
    assert broadcast.stop_reason is None
    other.stop_reason = "enough"

    assert broadcast.stop_reason == "enough"
