"""Run under mpiexec: rank 0 goes through the contract and prints how each test ended, as JSON."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable
from typing import Any

import cloudpickle
from mpi4py import MPI

import deephyper.testing
from deephyper.evaluator import Evaluator, MPICommEvaluator
from deephyper.testing import EvaluatorContract

_comm = MPI.COMM_WORLD


class Announced(MPICommEvaluator):
    """Tells the other ranks that a context begins."""

    def __enter__(self) -> Any:
        _comm.bcast(True)
        return super().__enter__()


class OnMpi(EvaluatorContract):
    def make(self, run_function: Callable[..., Any], **options: Any) -> Evaluator:
        return Announced(run_function, **{"num_workers": 1, **options})


def _how_it_ended(name: str) -> str:
    try:
        getattr(OnMpi(), name)()
    except BaseException:
        return traceback.format_exc()
    return ""


if _comm.Get_rank() == 0:
    cloudpickle.register_pickle_by_value(deephyper.testing)
    ended = {name: _how_it_ended(name) for name in dir(OnMpi) if name.startswith("test_")}
    _comm.bcast(False)
    json.dump(ended, sys.stdout)
else:
    while _comm.bcast(None):
        with MPICommEvaluator(len):
            pass
