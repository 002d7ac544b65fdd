"""The file `search.json`, which describes a search."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, final

from .._cells import plain
from ..job import keep_older_file


@final
class SearchFile:
    """Writes `search.json`, so that the folder of a search can be read without the script that made it.

    A file of another search is renamed, not overwritten, like the table beside it.

    Args:
        folder: folder of the file.
        is_wanted: whether to write the file.
        goes_on: whether this search continues the one that wrote the file.
    """

    def __init__(self, folder: Path, is_wanted: bool, goes_on: bool):
        self._path, self._is_wanted = folder / "search.json", is_wanted
        # The text that this search, or the one that it continues, wrote last. If the file holds another text, another
        # search has written it.
        self._ours = self._text() if goes_on else None
        self._earlier = _as_mapping(self._ours)

    def write(self, description: Mapping[str, Any]) -> None:
        """Replace the file; readers see either the old or the new one."""
        if not self._is_wanted:
            return
        before, text = self._text(), json.dumps(plain(description), indent=2) + "\n"
        if before is not None and before != self._ours:
            keep_older_file(self._path)
        beside = self._path.with_name(self._path.name + ".new")
        beside.write_text(text, encoding="utf-8")
        beside.replace(self._path)
        self._ours = text

    @property
    def earlier_member(self) -> int | None:
        """The member whose random draws the continued search has used; None if the file does not say."""
        return _whole(self._earlier.get("member"))

    def earlier_seat(self, search_id: str) -> int | None:
        """The number of the continued search in its store; None if it is unknown or the store holds another search."""
        return _whole(self._earlier.get("seat")) if self._earlier.get("search_id") == search_id else None

    def _text(self) -> str | None:
        try:
            return self._path.read_text(encoding="utf-8")
        except (OSError, ValueError):
            return None


def _as_mapping(text: str | None) -> Mapping[str, Any]:
    try:
        found = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
