"""The engines that tests run evaluations on: each is started once, when the first test wants it, on random ports."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="session")
def dask_client() -> Iterator[Any]:
    """A client of three workers in threads of this process."""
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=3,
            threads_per_worker=1,
            processes=False,
            dashboard_address=None,
            scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},
        ) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        yield client


@pytest.fixture(scope="session")
def dask_address() -> Iterator[str]:
    """The scheduler of two workers in processes of their own, with one licence each."""
    pytest.importorskip("distributed")
    from deephyper.backend.dask_nodes import Nodes

    nodes = Nodes("tests", 2, {"licence": 1.0}, {})
    yield nodes.address
    nodes.close()


@pytest.fixture(scope="session")
def ray_cluster() -> Iterator[None]:
    """Ray with three processors and three licences."""
    ray = pytest.importorskip("ray")
    # Ray takes it for good, and other tests of this process send it.
    before = signal.getsignal(signal.SIGTERM)
    ray.init(num_cpus=3, resources={"licence": 3}, include_dashboard=False, log_to_driver=False)
    signal.signal(signal.SIGTERM, before)
    yield
    ray.shutdown()
