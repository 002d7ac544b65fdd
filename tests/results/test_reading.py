"""A table read back from its file has the values and types that it had."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deephyper.job import Job, Outcome
from deephyper.results import History, as_frame, read_csv

metadata = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text()),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
    max_leaves=6,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cells=st.lists(metadata, min_size=1, max_size=4), x=st.floats(allow_nan=False))
def test_metadata_of_every_kind_come_back(tmp_path: Path, cells: list[Any], x: float) -> None:
    history = History(["x"], tmp_path / "results.csv")
    for i, value in enumerate(cells):
        job = Job(i, {"x": x})
        job.finish(Outcome(1.0, {"any": value, f"late{i}": value}), 0.0, 1.0, 2.0)
        history.add([job])

    found = read_csv(tmp_path / "results.csv")

    pd.testing.assert_frame_equal(found, history.table())


def test_cells_are_parsed_by_the_kind_of_their_column(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    path.write_text(
        "p:x,p:other,objective,job_id,job_status,m:timestamp_end,m:note\n07,1,F_x,3,DONE,,[1]\n,a,1,4,DONE,2,\n"
    )

    found = read_csv(path)

    assert list(found) == ["p:x", "p:other", "objective", "job_id", "job_status", "m:timestamp_end", "m:note"]
    assert (
        repr([list(row.values()) for row in found.to_dict("records")])
        == "[['07', 1, 'F_x', 3, 'DONE', nan, [1]], [nan, 'a', 1.0, 4, 'DONE', 2.0, nan]]"
    )


def test_a_cell_that_holds_no_value_of_its_column_is_told_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    path.write_text("p:x,objective,job_id,job_status\n1,1,0,DONE\nx,1,1,DONE\n")

    with pytest.raises(
        ValueError, match=r"results\.csv, row 3: column 'p:x' cannot hold 'x': could not convert string to float"
    ):
        as_frame(path, {"x": float})


def test_a_table_is_taken_as_it_is() -> None:
    table = pd.DataFrame({"p:x": [1]})

    assert as_frame(table) is table


def test_hyperparameters_stay_texts_in_a_frame_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    path.write_text("p:x,p:kind,objective\n1,None,0.5\n2,nan,F_x\n,,3\n")

    frame = as_frame(str(path))

    assert frame["p:x"].tolist()[:2] == ["1", "2"]
    assert frame["p:kind"].tolist()[:2] == ["None", "nan"]
    assert frame.isna().to_numpy().tolist() == [[False] * 3, [False] * 3, [True, True, False]]
