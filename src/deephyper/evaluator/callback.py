"""Old home of `deephyper.callback`."""

from ..callback import Callback, CSVLoggerCallback, LoggerCallback, SearchEarlyStopping, TqdmCallback

__all__ = ["CSVLoggerCallback", "Callback", "LoggerCallback", "SearchEarlyStopping", "TqdmCallback"]


def __dir__() -> list[str]:
    return __all__
