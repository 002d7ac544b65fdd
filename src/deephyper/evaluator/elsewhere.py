"""Evaluator classes that existing scripts import and that are not built in; to make one says what to write instead."""

from __future__ import annotations

from typing import Any, ClassVar

from .evaluator import Evaluator
from .other_names import instead_of


class RayEvaluator(Evaluator):
    """Not built in: threads wait for Ray's tasks instead; to make one says how."""

    method: ClassVar[str] = "ray"

    def __init__(self, *args: Any, **options: Any):
        raise ValueError(f"{type(self).__name__}: {instead_of(self.method)}")


class MPICommEvaluator(RayEvaluator):
    """Not built in: pass the executor of mpi4py instead; to make one says how."""

    method = "mpicomm"


class MPIPoolEvaluator(MPICommEvaluator):
    """Not built in: pass the executor of mpi4py instead; to make one says how."""
