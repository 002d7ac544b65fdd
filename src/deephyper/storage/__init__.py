"""Where jobs are remembered."""

from .memory import MemoryStorage, NullStorage
from .storage import Record, Storage

__all__ = ["MemoryStorage", "NullStorage", "Record", "Storage"]
