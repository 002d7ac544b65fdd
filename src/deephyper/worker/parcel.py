"""Bytes with which a process begins."""

from __future__ import annotations

import os
import tempfile
from multiprocessing.connection import Connection
from typing import Any, final

# A pipe holds so much, even if nobody reads it.
_SMALL_BYTES = 1 << 15


@final
class Parcel:
    """Bytes that are pickled for processes as they start, and arrive there as bytes.

    Large ones lie in a file without a name. What a process begins with goes through a pipe otherwise, and if the
    process died before it had read all of it, whoever started it would wait for ever.
    """

    def __init__(self, contents: bytes):
        is_small = len(contents) <= _SMALL_BYTES
        self._contents = contents if is_small else b""
        # A connection is what can be handed to a process as it starts.
        self._file = None if is_small else Connection(_file_of(contents), writable=False)

    def __reduce__(self) -> tuple[Any, ...]:
        if self._file is None:
            return bytes, (self._contents,)
        return _contents, (self._file,)


def _file_of(contents: bytes) -> int:
    """The number of a file that nobody else can find, in memory where that is possible."""
    if hasattr(os, "memfd_create"):
        number = os.memfd_create("deephyper")
    else:
        with tempfile.TemporaryFile() as file:
            number = os.dup(file.fileno())
    left = memoryview(contents)
    while left:
        left = left[os.write(number, left) :]
    return number


def _contents(connection: Connection) -> bytes:
    # Other processes read the same file at the same time, and share its position.
    number, pieces, n_read = connection.fileno(), [], 0
    while piece := os.pread(number, 1 << 24, n_read):
        pieces.append(piece)
        n_read += len(piece)
    connection.close()
    return b"".join(pieces)
