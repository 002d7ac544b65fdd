"""The column of an objective passes the tests that pandas has for extension arrays.

Left out are those of arithmetic and reductions, where pandas expects results of the same type, and ours are floats.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

import deephyper.results  # noqa: F401  # makes the type "objective" known to pandas

base = pytest.importorskip("pandas.tests.extension.base")

pytestmark = pytest.mark.slow


def made(*cells: Any) -> Any:
    return pd.array(list(cells), dtype="objective")


@pytest.fixture
def dtype() -> Any:
    return pd.api.types.pandas_dtype("objective")


@pytest.fixture
def data() -> Any:
    return made(*(float(i) for i in range(1, 101)))[: 10 if pd.__version__ >= "3.1" else 100]


@pytest.fixture
def data_missing() -> Any:
    return made("F_x", 1.0)


@pytest.fixture(params=["data", "data_missing"])
def all_data(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)


@pytest.fixture
def data_for_sorting() -> Any:
    return made(2.0, 3.0, 1.0)


@pytest.fixture
def data_missing_for_sorting() -> Any:
    return made(2.0, "F_x", 1.0)


@pytest.fixture
def data_for_grouping() -> Any:
    return made(2.0, 2.0, "F_x", "F_x", 1.0, 1.0, 2.0, 3.0)


@pytest.fixture
def na_value() -> float:
    return math.nan


@pytest.fixture
def na_cmp() -> Callable[[Any, Any], bool]:
    return lambda one, other: all(isinstance(value, str) or value != value for value in (one, other))


@pytest.fixture
def using_nan_is_na() -> bool:
    return True


@pytest.fixture
def invalid_scalar() -> object:
    return object()


@pytest.fixture(params=[True, False])
def as_frame(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture(params=[True, False])
def as_series(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture(params=[True, False])
def as_array(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture(params=[True, False])
def box_in_series(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture(params=[True, False])
def use_numpy(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture(params=["ffill", "bfill"])
def fillna_method(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class TestConstructors(base.BaseConstructorsTests):  # type: ignore[misc,name-defined]
    pass


class TestDtype(base.BaseDtypeTests):  # type: ignore[misc,name-defined]
    def test_is_not_string_type(self, dtype: Any) -> None:
        """Ours may hold texts, and says so."""


class TestInterface(base.BaseInterfaceTests):  # type: ignore[misc,name-defined]
    pass


class TestGetitem(base.BaseGetitemTests):  # type: ignore[misc,name-defined]
    pass


class TestSetitem(base.BaseSetitemTests):  # type: ignore[misc,name-defined]
    pass


class TestMissing(base.BaseMissingTests):  # type: ignore[misc,name-defined]
    pass


class TestCasting(base.BaseCastingTests):  # type: ignore[misc,name-defined]
    pass


class TestReshaping(base.BaseReshapingTests):  # type: ignore[misc,name-defined]
    pass


class TestPrinting(base.BasePrintingTests):  # type: ignore[misc,name-defined]
    pass


class TestIndex(base.BaseIndexTests):  # type: ignore[misc,name-defined]
    pass
