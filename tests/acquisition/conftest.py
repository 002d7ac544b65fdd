"""Small matrices on many threads are slow where the cores are busy: these tests use one."""

import pytest

from deephyper.optimizer.threads import blas_threads


@pytest.fixture(autouse=True)
def _single_thread():
    with blas_threads():
        yield
