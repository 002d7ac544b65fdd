"""A Dask cluster of our own on this machine, in processes that end with their manager.

Its scheduler is no thread of the manager, with which it would share one interpreter, and no worker imports the user's
script again, so that a script needs no guard.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Mapping
from typing import Any, final

# How many seconds it may take to start: a scheduler, and as many interpreters as there are workers.
_PATIENCE_S = 300.0
_LONGEST_ADDRESS = 1 << 10


@final
class Nodes:
    """The scheduler and the workers.

    Args:
        where: who is named in messages.
        n_workers: how many worker processes there are, of one thread each.
        resources: the amount of each resource that every worker has.
        variables: environment variables of the workers.

    Raises:
        RuntimeError: they could not be started.
    """

    def __init__(self, where: str, n_workers: int, resources: Mapping[str, float], variables: Mapping[str, str]):
        folder = tempfile.mkdtemp(prefix="deephyper-dask-")
        order = {
            "n_workers": n_workers,
            "resources": dict(resources),
            "env": dict(variables),
            "local_directory": folder,
        }
        program = f"import sys; sys.path[:] = {sys.path!r}; from {__name__} import main; main(sys.argv[1])"
        ours, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-c", program, json.dumps(order)], stdin=theirs.fileno(), start_new_session=True
            )
        self._line = ours
        self._end = weakref.finalize(self, _end, process, folder, os.getpid())
        ours.settimeout(_PATIENCE_S)
        try:
            self.address = ours.recv(_LONGEST_ADDRESS).decode()
        except TimeoutError:
            self.address = ""
        if not self.address:
            self.close()
            raise RuntimeError(
                f"{where}: Dask's scheduler and workers could not be started (exit status {process.returncode}); what "
                f"they have printed says why, and a cluster of your own goes by client=Client(…)."
            )

    def close(self) -> None:
        """Kill them with all that they have started; harmless when called again."""
        self._end()
        self._line.close()


def _end(process: subprocess.Popen[bytes], folder: str, owner: int) -> None:
    if os.getpid() != owner:
        # A forked child of the manager ends, and they are none of its own.
        return
    _kill_group(process.pid)
    process.wait()
    shutil.rmtree(folder, ignore_errors=True)


def _kill_group(number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(number, signal.SIGKILL)


# In the process that holds the scheduler.


def main(order: str) -> None:
    """Start them, say where the scheduler is, and end all of them when the manager has gone."""
    import dask

    options: dict[str, Any] = json.loads(order)
    folder = options["local_directory"]
    # Worker processes may have children, and nobody reads profiles. No run-function waits for another one's memory.
    dask.config.set({"distributed.worker.daemon": False, "distributed.worker.profile.enabled": False})
    line = socket.socket(fileno=0)
    try:
        from distributed import LocalCluster

        cluster = LocalCluster(
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address=None,
            scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},
            memory_limit=0,
            silence_logs=logging.ERROR,
            **options,
        )
        line.sendall(cluster.scheduler_address.encode())
        while line.recv(1):
            pass
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        _kill_group(0)
