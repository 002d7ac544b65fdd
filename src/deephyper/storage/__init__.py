"""Stores, which keep the jobs of searches."""

from .._missing import refuse_names
from .files import FileStorage
from .memory import MemoryStorage
from .null import NullStorage
from .redis import RedisStorage
from .seat import Seat
from .sql import SQLStorage
from .storage import IS_FINAL, Cursor, Member, Record, Storage

__all__ = [
    "IS_FINAL",
    "Cursor",
    "FileStorage",
    "Member",
    "MemoryStorage",
    "NullStorage",
    "Record",
    "RedisStorage",
    "SQLStorage",
    "Seat",
    "Storage",
]
__dir__ = __all__.copy

refuse_names(__name__)
