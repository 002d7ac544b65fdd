"""What tests of searches share."""

from __future__ import annotations

import pytest

from deephyper.hpo import CBO, RandomSearch, Search


@pytest.fixture(params=[CBO, RandomSearch], ids=lambda kind: kind.__name__)
def kind(request: pytest.FixtureRequest) -> type[Search]:
    """Each search in turn, for what holds for all of them."""
    return request.param
