"""Messages of one connection, taken in as they come: nobody waits here for the rest of one."""

from __future__ import annotations

import os
import struct
from multiprocessing.connection import Connection
from typing import final

_LENGTH = struct.Struct("!i")
# What is read at once, so that one worker that says a lot does not keep the others waiting.
_CHUNK_BYTES = 1 << 16


@final
class Frames:
    """Reads and writes what `Connection.send_bytes` writes and `recv_bytes` reads, without ever blocking.

    A sender that was killed or stopped in the middle of a message leaves an unfinished one, which costs nothing but the
    bytes that have come. Memory is taken for bytes that are there, never for a length that was announced.

    Args:
        connection: the end that nobody else uses from now on.
        longest: bytes of the longest message.
    """

    def __init__(self, connection: Connection, longest: int):
        self._file, self._longest = connection.fileno(), longest
        self._begun = bytearray()
        self.fault = ""  # what the other side has done that no sender of messages does
        self.is_over = False  # no more messages will come
        os.set_blocking(self._file, False)

    def receive(self) -> list[bytes] | None:
        """Give the messages that are complete with what has arrived; None if nothing has arrived."""
        if self.is_over:
            return None
        try:
            arrived = os.read(self._file, _CHUNK_BYTES)
        except BlockingIOError:
            return None
        except OSError:
            arrived = b""
        if not arrived:
            self.is_over = True
            return None
        self._begun += arrived
        return self._completed()

    def send(self, message: bytes) -> None:
        """Send a short message. A receiver that takes none is at fault."""
        if self.is_over:
            return
        frame = _LENGTH.pack(len(message)) + message
        try:
            if os.write(self._file, frame) < len(frame):
                self._end("it has not read its answers")
        except BlockingIOError:
            self._end("it has not read its answers")
        except OSError:
            # It has gone. What it said before may still be there to read.
            pass

    def _completed(self) -> list[bytes]:
        messages: list[bytes] = []
        begun, start = self._begun, 0
        while len(begun) - start >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(begun, start)
            if not 0 <= length <= self._longest:
                self._end(f"it announced a message of {length} bytes, and the longest has {self._longest}")
                return messages
            end = start + _LENGTH.size + length
            if len(begun) < end:
                break
            messages.append(bytes(begun[start + _LENGTH.size : end]))
            start = end
        del begun[:start]
        return messages

    def _end(self, fault: str) -> None:
        self.is_over, self.fault = True, fault
        self._begun = bytearray()
