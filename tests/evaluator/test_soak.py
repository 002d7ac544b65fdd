"""A tenth of the soak of `benchmarks/soak.py`."""

from __future__ import annotations

import pytest
from soak import soak


@pytest.mark.slow
def test_every_kind_of_end_costs_its_own_row_and_nothing_else() -> None:
    soaked = soak(100)

    assert (soaked.n_rows, soaked.n_wrong, soaked.left) == (100, 0, [])
    assert soaked.reasons == {"F_ZeroDivisionError": 5, "F_worker_died": 3, "F_timeout": 1}
    # How busy the workers were says `benchmarks/soak.py`: it depends on what else the machine does.
    assert 0 < soaked.utilization <= 1
