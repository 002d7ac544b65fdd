"""Stores, which keep the jobs of searches."""

from .memory import MemoryStorage
from .null import NullStorage
from .seat import Seat
from .storage import IS_FINAL, Cursor, Member, Record, Storage

__all__ = ["IS_FINAL", "Cursor", "Member", "MemoryStorage", "NullStorage", "Record", "Seat", "Storage"]


def __dir__() -> list[str]:
    return __all__
