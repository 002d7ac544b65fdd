"""Old home of `deephyper.storage`."""

from .._checks import refuse_names
from ..storage import MemoryStorage, NullStorage, Storage
from ..storage.other_names import NOT_HERE

__all__ = ["MemoryStorage", "NullStorage", "Storage"]
__dir__ = __all__.copy

refuse_names(__name__, NOT_HERE)
