"""Jobs of submitit as futures: its executor is none of `concurrent.futures`."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, InvalidStateError
from typing import Any, final

from .limits import LimitExceeded

# Looking costs a file's status for each job; submitit itself asks the scheduler once a minute at most.
_LOOK_EVERY_S = 0.5
_OUT_OF_TIME = ("timed-out", "timed out", "timeout")


def is_of_submitit(executor: object) -> bool:
    """Whether this is an executor of submitit; the package is not imported for that."""
    return type(executor).__module__.partition(".")[0] == "submitit" and hasattr(executor, "submit")


@final
class Submitted(Executor):
    """An executor of submitit, whose jobs a thread looks after while there are any."""

    def __init__(self, executor: Any):
        self._executor = executor
        self._jobs: dict[_Submitted, Any] = {}
        self._turn, self._is_looking = threading.Lock(), False

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        job = self._executor.submit(function, *args, **kwargs)
        future = _Submitted(job)
        with self._turn:
            self._jobs[future] = job
            if not self._is_looking:
                self._is_looking = True
                threading.Thread(target=self._look, name="deephyper-submitit", daemon=True).start()
        return future

    def _look(self) -> None:
        pause = threading.Event()
        while not pause.wait(_LOOK_EVERY_S):
            for future, job in list(self._jobs.items()):
                if future.cancelled() or job.done():
                    del self._jobs[future]
                    _complete(future, job)
            with self._turn:
                if not self._jobs:
                    self._is_looking = False
                    return


@final
class _Submitted(Future[Any]):
    """The future of one job, which can be cancelled while it runs."""

    def __init__(self, job: Any):
        super().__init__()
        self._job = job

    def cancel(self) -> bool:
        if not self.done():
            self._job.cancel(check=False)
        return super().cancel()


def _complete(future: _Submitted, job: Any) -> None:
    # It may have been cancelled meanwhile.
    with contextlib.suppress(InvalidStateError):
        try:
            result = job.result()
        except Exception as error:
            # A function of ours does not raise, so the job was ended, or something could not travel.
            text = f"{error} (state {job.state})"
            is_out_of_time = any(words in text.lower() for words in _OUT_OF_TIME)
            future.set_exception(LimitExceeded("timeout", text) if is_out_of_time else BrokenExecutor(text))
        else:
            future.set_result(result)
