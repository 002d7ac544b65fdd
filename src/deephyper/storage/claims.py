"""Numbers that each process takes by making a file that nobody else can make: no lock, and no number twice."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import final

from .lines import create

_PER_FOLDER = 1000  # folders with very many files are slow on some file systems
_FOLDER, _NUMBER = re.compile(r"\d{1,13}"), re.compile(r"\d{1,16}")
_BEHIND = re.compile(r"from-(\d{1,16})")


@final
class Claims:
    """The numbers of the jobs of one search.

    A number is taken by whoever makes the file of its name. The next number is the one behind all that were taken in
    turn, and behind every number that a record has brought; a file `from-…` tells the other processes of those.

    Args:
        folder: where the files are.
    """

    def __init__(self, folder: str):
        self._folder = folder
        self._next: int | None = None

    def holds(self, number: int) -> bool:
        """Whether a number is taken."""
        return os.path.exists(self._path(number))

    def take(self, brought: Sequence[int | None]) -> list[int]:
        """Take numbers: those that are given, and for each None the next one.

        Raises:
            ValueError: a number is taken already; then none is taken. Its argument is the number.
        """
        given = [number for number in brought if number is not None]
        following = self._following()
        self._take_given(given)
        if given and max(given) >= following:
            self._make(f"{self._folder}/from-{max(given) + 1}")
        numbers = []
        for each in brought:
            numbers.append(self._take_next(following) if each is None else each)
            following = max(following, numbers[-1] + 1)
        self._next = following
        return numbers

    def go_behind(self, number: int) -> None:
        """Note a number that somebody has taken, so that those before it are not tried."""
        if self._next is not None and self._next <= number:
            self._next = number + 1

    def _take_given(self, numbers: Sequence[int]) -> None:
        taken: list[int] = []
        for number in numbers:
            if not self._make(self._path(number)):
                for mine in taken:
                    os.unlink(self._path(mine))
                raise ValueError(number)
            taken.append(number)

    def _take_next(self, number: int) -> int:
        # Looking first is cheaper than failing, and there are as many to pass as others have taken meanwhile.
        while os.path.exists(path := self._path(number)) or not self._make(path):
            number += 1
        return number

    def _following(self) -> int:
        """The first number that may be free."""
        names = os.listdir(self._folder)
        behind = [int(found[1]) for name in names if (found := _BEHIND.fullmatch(name))]
        if self._next is None:
            folders = sorted((int(name) for name in names if _FOLDER.fullmatch(name)), reverse=True)
            behind.append(next((last + 1 for folder in folders if (last := self._last_in(folder)) >= 0), 0))
        return max([self._next or 0, *behind])

    def _last_in(self, folder: int) -> int:
        """The largest number that is taken in a folder, -1 if there is none."""
        try:
            names = os.listdir(f"{self._folder}/{folder}")
        except NotADirectoryError:
            return -1
        return max((int(name) for name in names if _NUMBER.fullmatch(name)), default=-1)

    def _path(self, number: int) -> str:
        return f"{self._folder}/{number // _PER_FOLDER}/{number}"

    @staticmethod
    def _make(path: str) -> bool:
        try:
            file = create(path)
        except FileNotFoundError:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            file = create(path)
        if file is not None:
            os.close(file)
        return file is not None
