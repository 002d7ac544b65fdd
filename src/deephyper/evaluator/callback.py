"""Old home of `deephyper.callback`."""

from .._missing import refuse_names
from ..callback import Callback, CSVLoggerCallback, LoggerCallback, SearchEarlyStopping, TqdmCallback

__all__ = ["CSVLoggerCallback", "Callback", "LoggerCallback", "SearchEarlyStopping", "TqdmCallback"]
__dir__ = __all__.copy


refuse_names(__name__)
