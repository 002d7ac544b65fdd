"""Old home of `deephyper.storage`."""

from .._missing import refuse_names
from ..storage import FileStorage, MemoryStorage, NullStorage, RedisStorage, SQLStorage, Storage

__all__ = ["FileStorage", "MemoryStorage", "NullStorage", "RedisStorage", "SQLStorage", "Storage"]
__dir__ = __all__.copy

refuse_names(__name__)
