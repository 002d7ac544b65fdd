"""Callbacks, which are called when something happens to evaluations."""

from .broadcast import Broadcast
from .callback import Callback
from .csv_log import CSVLoggerCallback
from .early_stopping import SearchEarlyStopping
from .progress import LoggerCallback, TqdmCallback

__all__ = ["Broadcast", "CSVLoggerCallback", "Callback", "LoggerCallback", "SearchEarlyStopping", "TqdmCallback"]
__dir__ = __all__.copy
