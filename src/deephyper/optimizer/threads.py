"""One thread for linear algebra and forests: its matrices are small, and the other cores belong to the evaluations.

It also keeps a seed's promise: the number of threads decides how sums are split, and so the last digits of a proposal.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from threadpoolctl import ThreadpoolController

# The limit belongs to the whole process, and threadpoolctl heeds only one thread at a time: so they take turns.
_TURN = threading.RLock()


@cache
def _controller(knows_forests: bool) -> ThreadpoolController:
    # Finding the libraries takes milliseconds, setting their limits next to nothing. Those of forests are loaded late.
    return ThreadpoolController()


@contextmanager
def blas_threads(n: int = 1) -> Iterator[None]:
    """Limit linear algebra and OpenMP to n threads for as long as the context lasts; another thread waits until it is left."""
    with _TURN, _controller("sklearn.ensemble" in sys.modules).limit(limits=n):
        yield
