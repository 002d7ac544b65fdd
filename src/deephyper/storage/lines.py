"""A file of lines that one process appends to and others read meanwhile, also over a network."""

from __future__ import annotations

import os
import stat
from typing import final

# No JSON holds these two. The first is what a network file system may show of a line that is on its way; the second
# ends a line that its writer could not write to its end.
_NOT_YET, _GIVEN_UP = b"\0", b"\x18"

_PIECE = 1 << 20  # bytes that are read at once
# Neither a link nor a pipe that somebody has put in the place of a file is followed or waited for.
_SAFELY = os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


def create(path: str) -> int | None:
    """Make a file and return its number, open for writing; None if it is there already."""
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | _SAFELY, 0o666)
    except FileExistsError:
        return None


def modified(path: str) -> float:
    """When a file was changed last, in seconds on the clock of its file system."""
    # Opened first: only then does a network file system ask its server instead of its memory.
    file = _opened(path, os.O_RDONLY)
    try:
        return os.fstat(file).st_mtime
    finally:
        os.close(file)


def touch(path: str, makes: bool = False) -> float:
    """Mark a file as changed now, and return when that is on the clock of its file system."""
    file = _opened(path, os.O_WRONLY | (os.O_CREAT if makes else 0))
    try:
        os.utime(file)
        return os.fstat(file).st_mtime
    finally:
        os.close(file)


def first(path: str) -> bytes | None:
    """Read the first line; None if it is not whole yet."""
    file = _opened(path, os.O_RDONLY)
    try:
        size = os.fstat(file).st_size
        line, is_whole, _ = _up_to_what_is_missing(file, 0, size, stops=b"\n").partition(b"\n")
    finally:
        os.close(file)
    return line if is_whole else None


def read(path: str, begin: int = 0) -> tuple[list[bytes], int]:
    """Read the whole lines from a position on.

    Returns:
        The lines, and the position behind the last one. A line that is not whole yet is read once it is.
    """
    file = _opened(path, os.O_RDONLY)
    try:
        size = os.fstat(file).st_size
        if size <= begin:
            return [], begin
        data = _up_to_what_is_missing(file, begin, size)
    finally:
        os.close(file)
    end = data.rfind(b"\n") + 1
    lines = data[:end].split(b"\n")[:-1]
    return [line for line in lines if not line.endswith(_GIVEN_UP)], begin + end


def _up_to_what_is_missing(file: int, begin: int, end: int, stops: bytes | None = None) -> bytes:
    """Read from a position to the end, or to where data has not arrived yet, or not far behind `stops`."""
    pieces: list[bytes] = []
    while begin < end and (piece := os.pread(file, min(_PIECE, end - begin), begin)):
        whole, missing, _ = piece.partition(_NOT_YET)
        pieces.append(whole)
        if missing or (stops is not None and stops in whole):
            break
        begin += len(piece)
    return b"".join(pieces)


def _opened(path: str, flags: int) -> int:
    file = os.open(path, flags | _SAFELY, 0o666)
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise OSError(f"{path} is not an ordinary file")
    return file


@final
class Lines:
    """The writer of a file of lines.

    It opens and closes the file each time: closing is what brings data to the server of a network file system.

    Args:
        path: of the file, to which nobody else writes.
        syncs: whether each line is on the disk before `append` returns.
    """

    def __init__(self, path: str, syncs: bool):
        self._path, self._syncs = path, syncs
        self._is_torn = False  # whether the last line may be there in part

    def append(self, line: str) -> None:
        """Write a line, which readers see as a whole or not at all.

        Raises:
            OSError: it cannot be written.
        """
        data = b"%b%b\n" % (_GIVEN_UP + b"\n" if self._is_torn else b"", line.encode("ascii"))
        file = _opened(self._path, os.O_WRONLY | os.O_APPEND)
        self._is_torn = True
        try:
            write_all(file, data, self._syncs)
        finally:
            os.close(file)
        self._is_torn = False


def write_all(file: int, data: bytes, syncs: bool) -> None:
    """Write to the end of an open file."""
    while data:
        data = data[os.write(file, data) :]
    if syncs:
        os.fsync(file)
