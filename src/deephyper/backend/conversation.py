"""What one worker says, as its manager hears it."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from typing import final

from ..worker import Kind, now, packed_answer, unpacked
from .switchboard import Switchboard

logger = logging.getLogger(__name__)


@final
class Conversation:
    """The manager's side of one connection. One thread uses it, one message at a time.

    Args:
        connection: to the worker.
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
        longest: int | None = None,
    ):
        self._connection, self._switchboard, self._longest = connection, switchboard, longest
        self._steps: dict[Kind, Callable[..., object]] = {
            Kind.BEGIN: self._begin,
            Kind.RECORD: switchboard.record,
            Kind.STOPPED: self._stopped,
            **(others or {}),
        }

    def hear(self) -> bool:
        """Take in one message, which must be there; False when there will be no more."""
        try:
            message = self._connection.recv_bytes(self._longest)
        except (EOFError, OSError):
            return False
        try:
            kind, content = unpacked(message)
            step = self._steps[kind]
        except (ValueError, KeyError) as error:
            logger.warning("dropped what a worker has sent: %s", error)
            return True
        step(*content)
        return True

    def answer(self, about: int, answer: bool) -> None:
        """Answer a message that asks."""
        # The worker may have been killed while it waited.
        with contextlib.suppress(OSError):
            self._connection.send_bytes(packed_answer(about, answer))

    def _begin(self, ticket: int) -> None:
        self._switchboard.begin(ticket, now())

    def _stopped(self, ticket: int) -> None:
        self.answer(ticket, self._switchboard.is_stopped(ticket))
