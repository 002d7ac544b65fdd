"""Where an evaluator remembers its jobs, before it is known who evaluates what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ..storage import MemoryStorage, Seat, Storage


class Place(NamedTuple):
    """Where an evaluator stores its jobs, as the user asked for it.

    Args:
        storage: the store; None for one in the memory of this process.
        search_id: name of the search in the storage; a new one if None.
    """

    storage: Storage | None
    search_id: str | None

    def seat(self, description: Mapping[str, Any] | None = None) -> Seat:
        """Join the search in the store; `description` says what the search is made of."""
        return Seat(MemoryStorage() if self.storage is None else self.storage, self.search_id, description)
