"""A tenth of the soak of `benchmarks/soak.py`."""

from __future__ import annotations

from collections.abc import Iterator

import cloudpickle
import pytest
import soak


@pytest.fixture
def _its_function_reaches_workers_by_value() -> Iterator[None]:
    """As that of the script does; otherwise each of its workers imports the whole package to find the function."""
    cloudpickle.register_pickle_by_value(soak)
    yield
    cloudpickle.unregister_pickle_by_value(soak)


@pytest.mark.slow
@pytest.mark.usefixtures("_its_function_reaches_workers_by_value")
def test_every_kind_of_end_costs_its_own_row_and_nothing_else() -> None:
    soaked = soak.soak(100)

    assert (soaked.n_rows, soaked.n_wrong, soaked.left) == (100, 0, [])
    assert soaked.reasons == {"F_ZeroDivisionError": 5, "F_worker_died": 3, "F_timeout": 1}
    # How busy the workers were says `benchmarks/soak.py`: it depends on what else the machine does.
    assert 0 < soaked.utilization <= 1
