"""One thread for linear algebra: its matrices are small, and the other cores belong to the evaluations."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController


@cache
def _controller() -> ThreadpoolController:
    # Finding the libraries takes milliseconds, setting their limits next to nothing.
    return ThreadpoolController()


def one_blas_thread() -> AbstractContextManager[Any]:
    """Limit linear algebra to one thread for as long as the context lasts."""
    limit: AbstractContextManager[Any] = _controller().limit(limits=1, user_api="blas")
    return limit
