"""A tenth of the soak of `benchmarks/soak.py`."""

from __future__ import annotations

import pytest
from soak import soak


@pytest.mark.slow
def test_every_kind_of_end_costs_its_own_row_and_nothing_else() -> None:
    soaked = soak(100)

    assert (soaked.n_rows, soaked.n_wrong, soaked.left) == (100, 0, [])
    assert soaked.reasons == {"F_ZeroDivisionError": 5, "F_worker_died": 3, "F_timeout": 1}
    # Half of it is the last evaluation of each worker, and machines that test are busy.
    assert soaked.utilization > 0.8
