"""Old home of `deephyper.storage`."""

from ..storage import MemoryStorage, NullStorage, Storage

__all__ = ["MemoryStorage", "NullStorage", "Storage"]


def __dir__() -> list[str]:
    return __all__
