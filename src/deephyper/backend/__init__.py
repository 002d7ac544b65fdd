"""Who runs a task: the caller's thread, other threads, processes, an executor of the user's own, or a virtual clock."""

from .backend import Backend, Work
from .clock import Clock, RealClock
from .limits import LimitExceeded
from .serial import is_async
from .submitted import is_of_submitit
from .switchboard import Switchboard
from .table import BACKENDS, backend_class

__all__ = [
    "BACKENDS",
    "Backend",
    "Clock",
    "LimitExceeded",
    "RealClock",
    "Switchboard",
    "Work",
    "backend_class",
    "is_async",
    "is_of_submitit",
]
__dir__ = __all__.copy
