"""Property tests draw the same examples everywhere, and every test process begins in the same state."""

from __future__ import annotations

import os
import signal
import sys

# Before numpy is imported: test processes side by side share the cores, and so do the workers that they start.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Hundreds of worker processes import the package; without bytecode each of them compiles it again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
# A shell starts what runs in its background so that it ignores Ctrl-C, nohup does so with SIGHUP, and children inherit
# that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

from collections.abc import Iterator  # noqa: E402

import cloudpickle  # noqa: E402
import pytest  # noqa: E402
from hypothesis import settings  # noqa: E402

from engine_fixtures import dask_address, dask_client, ray_cluster  # noqa: E402, F401  # fixtures of every test

# `scripts/check` asks for the thorough one.
settings.register_profile("quick", deadline=None, derandomize=True, max_examples=20)
settings.register_profile("thorough", deadline=None, derandomize=True, max_examples=100)
settings.load_profile("quick")


@pytest.fixture(autouse=True, scope="module")
def _functions_reach_workers_by_value(request: pytest.FixtureRequest) -> Iterator[None]:
    """As those of a script do. By name, every worker would import the test module, and with it pytest and much else."""
    name = getattr(getattr(request.node, "obj", None), "__name__", "")
    if not name.startswith("tests."):
        yield
        return
    cloudpickle.register_pickle_by_value(sys.modules[name])
    yield
    cloudpickle.unregister_pickle_by_value(sys.modules[name])


@pytest.fixture(autouse=True)
def _no_test_leaves_a_signal_handler_behind() -> Iterator[None]:
    """A handler that stays would change how every later test of this process can be interrupted."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    yield
    assert [signal.getsignal(number) for number in numbers] == before
