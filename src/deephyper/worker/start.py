"""How the process of a lane is started."""

from __future__ import annotations

import os
import sys
from typing import Any, final

from loky.backend.context import LokyContext
from loky.backend.process import LokyProcess


@final
class WorkerProcess(LokyProcess):  # type: ignore[misc]
    """A process that runs `begin.py` first."""

    # loky's own would stay the default inside of the process, where nobody but loky can use it.
    _start_method = None

    @staticmethod
    def _Popen(process_obj: Any) -> Any:  # noqa: N802
        from loky.backend.popen_loky_posix import Popen

        # loky runs the module that its class is from.
        starter: Any = type("Popen", (Popen,), {"__module__": f"{__package__}.begin", "__init__": _launch})
        return starter(process_obj)


@final
class WorkerContext(LokyContext):  # type: ignore[misc]
    """Makes worker processes, and whatever they share with this one.

    It is passed to loky by hand, since joblib brings a copy of loky that takes the place of the original.
    """

    Process = WorkerProcess


def _launch(popen: Any, process_obj: Any) -> None:
    """Start a process as loky does, without flushing this process's streams before, of which it gets no copy.

    A stream may be None, or take nothing, so that whoever starts a worker would wait for ever.
    """
    popen.returncode = None
    popen._fds = []
    popen._launch(process_obj)


def first_environment() -> dict[str, str]:
    """The variables with which a worker's interpreter begins, so that it finds Python's own modules, loky and us.

    Without them, it would look into the working directory first, whatever files are there. `Surroundings` sets them
    back before any code of the user's runs.
    """
    folders = [os.path.dirname(os.__file__), *(entry for entry in sys.path if entry.endswith("lib-dynload"))]
    for name in ("deephyper", "loky", "cloudpickle", "psutil"):
        file = getattr(sys.modules.get(name), "__file__", None)
        if file is not None:
            folders.append(os.path.dirname(os.path.dirname(os.path.abspath(file))))
    return {"PYTHONSAFEPATH": "1", "PYTHONPATH": os.pathsep.join(dict.fromkeys(folders))}
