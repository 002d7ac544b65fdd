"""One thread for linear algebra and forests: its matrices are small, and the other cores belong to the evaluations.

A seed also fixes proposals only with a fixed number of threads: it decides how sums are split, and so their last
digits.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from threadpoolctl import ThreadpoolController

# The limit holds for the whole process, and threadpoolctl can set one at a time: so threads take turns.
_TURN = threading.RLock()


@cache
def _controller(knows_forests: bool) -> ThreadpoolController:
    # Finding the libraries takes milliseconds, setting their limits next to nothing. Those of forests are loaded late.
    return ThreadpoolController()


@contextmanager
def blas_threads(n: int = 1) -> Iterator[None]:
    """Limit linear algebra and OpenMP to n threads while the context lasts; other threads wait until it is left."""
    with _TURN, _controller("sklearn.ensemble" in sys.modules).limit(limits=n):
        yield
