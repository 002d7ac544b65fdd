"""What one worker says, as its manager hears it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from typing import final

from ..worker import LONGEST_MESSAGE, Kind, now, packed_answer, unpacked
from .frames import Frames
from .switchboard import Switchboard

logger = logging.getLogger(__name__)

# What is still taken in of somebody who has ended. A child may hold the other end, and say more and more.
_MOST_LAST_CHUNKS = 64


@final
class Conversation:
    """The manager's side of one connection. One thread uses it, and nothing here waits.

    Args:
        connection: to the worker; nobody else uses it.
        switchboard: takes in what run-functions report.
        others: what to do with the content of further kinds of messages. A message of a kind that is neither here nor
            for the switchboard is dropped, like one that nobody can read.
        longest: bytes of the longest message; a longer one ends the conversation.
    """

    def __init__(
        self,
        connection: Connection,
        switchboard: Switchboard,
        others: Mapping[Kind, Callable[..., object]] | None = None,
        longest: int = LONGEST_MESSAGE,
    ):
        self._frames = Frames(connection, longest)
        self._n_dropped = 0
        self._steps: dict[Kind, Callable[..., object]] = {
            Kind.BEGIN: lambda ticket: switchboard.begin(ticket, now()),
            Kind.RECORD: switchboard.record,
            Kind.AWAITED: lambda ticket: self.answer(ticket, switchboard.is_awaited(ticket)),
            Kind.STOPPED: lambda ticket: self.answer(ticket, switchboard.is_stopped(ticket)),
            **(others or {}),
        }

    @property
    def fault(self) -> str:
        """What the worker has done that none of ours does, and that ended the conversation; empty if nothing."""
        return self._frames.fault

    def hear(self) -> bool:
        """Take in the messages that have arrived by now; False when there will be no more."""
        self._hear_some()
        return not self._frames.is_over

    def hear_out(self) -> None:
        """Take in all that a worker has said before its end."""
        for _ in range(_MOST_LAST_CHUNKS):
            if not self._hear_some():
                return

    def answer(self, about: int, answer: bool) -> None:
        """Answer a message that asks."""
        self._frames.send(packed_answer(about, answer))

    def _hear_some(self) -> bool:
        messages = self._frames.receive()
        for message in messages or ():
            self._take_in(message)
        return messages is not None

    def _take_in(self, message: bytes) -> None:
        try:
            kind, content = unpacked(message)
            step = self._steps[kind]
        except (ValueError, KeyError) as error:
            # Once is enough, since whoever says such things may say many.
            self._n_dropped += 1
            if self._n_dropped == 1:
                logger.warning("dropped what a worker has sent: %s", error)
            return
        step(*content)
