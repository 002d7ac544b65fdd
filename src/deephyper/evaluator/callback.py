"""Old home of `deephyper.callback`."""

from .._checks import by_name, refuse_names
from ..callback import Callback, CSVLoggerCallback, LoggerCallback, SearchEarlyStopping, TqdmCallback

__all__ = ["CSVLoggerCallback", "Callback", "LoggerCallback", "SearchEarlyStopping", "TqdmCallback"]
__dir__ = __all__.copy


_TIMES = "every table has the times of evaluations, in m:timestamp_start and m:timestamp_end, without a callback"
_BEST = "write table.objective.cummax(), or deephyper.moo.hypervolume(points, reference) for several objectives"
refuse_names(__name__, by_name({_TIMES: "ProfilingCallback", _BEST: "ObjectiveRecorder"}))
