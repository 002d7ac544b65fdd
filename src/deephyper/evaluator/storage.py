"""Old home of `deephyper.storage`."""

from .._missing import refuse_names
from ..storage import MemoryStorage, NullStorage, Storage

__all__ = ["MemoryStorage", "NullStorage", "Storage"]
__dir__ = __all__.copy

refuse_names(__name__)
