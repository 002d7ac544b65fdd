"""Evaluator classes that existing scripts import and that are not built in; to make one says what to write instead."""

from __future__ import annotations

from typing import Any

from .evaluator import Evaluator
from .other_names import instead_of


class MPIPoolEvaluator(Evaluator):
    """Not built in: pass the executor of mpi4py instead; to make one says how."""

    def __init__(self, *args: Any, **options: Any):
        raise ValueError(f"{type(self).__name__}: {instead_of('mpipool')}")
