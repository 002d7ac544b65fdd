"""The file `search.json`, which describes a search."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, final

from .._cells import plain
from ..job import replace_file


@final
class SearchFile:
    """Writes `search.json`, so that the folder of a search can be read without the script that made it.

    A file of another search is renamed, not overwritten, like the table beside it.

    Args:
        path: the file of the search that this one continues; None if it continues none.
    """

    def __init__(self, path: Path | None):
        # The text that this search, or the one that it continues, wrote last. If the file holds another text, another
        # search has written it.
        self._ours = None if path is None else _text_of(path)
        self._earlier = _as_mapping(self._ours)

    def write(self, path: Path, description: Mapping[str, Any]) -> None:
        """Replace the file; readers see either the old or the new one.

        Raises:
            OSError: it cannot be written. Then the old one is there as it was.
        """
        before, text = _text_of(path), json.dumps(plain(description), indent=2) + "\n"
        if before != text:
            replace_file(path, text.encode("utf-8"), keeps_older=before is not None and before != self._ours)
        self._ours = text

    @property
    def earlier_member(self) -> int | None:
        """The member whose random draws the continued search has used; None if the file does not say."""
        return _whole(self._earlier.get("member"))

    @property
    def earlier_numbers(self) -> tuple[int, int, int] | None:
        """How many numbers of jobs, suggestions and rows there were when it was written; None if it does not say."""
        found = [_whole(self._earlier.get(name)) for name in ("next_job_id", "n_suggested", "n_rows")]
        known = [number for number in found if number is not None]
        return (known[0], known[1], known[2]) if len(known) == 3 else None

    @property
    def earlier_memory(self) -> Mapping[str, Any]:
        """What the proposer has noted for a restart."""
        memory = self._earlier.get("memory")
        return memory if isinstance(memory, dict) else {}

    def earlier_seat(self, search_id: str) -> int | None:
        """The number of the continued search in its store; None if it is unknown or the store holds another search."""
        return _whole(self._earlier.get("seat")) if self._earlier.get("search_id") == search_id else None


def _text_of(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return None


def _as_mapping(text: str | None) -> Mapping[str, Any]:
    try:
        found = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
