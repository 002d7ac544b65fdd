"""Small matrices on many threads are slow where the cores are busy: these tests use one."""

import pytest

from deephyper.optimizer.threads import one_blas_thread


@pytest.fixture(autouse=True)
def _single_thread():
    with one_blas_thread():
        yield
