"""A value for an inactive hyperparameter is left out wherever a configuration is passed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ConfigSpace as CS
import pandas as pd
import pytest

from deephyper.hpo import CBO, HpProblem, RandomSearch


def conditional() -> HpProblem:
    problem = HpProblem(seed=0)
    kind = problem.add(["tree", "line"], "kind")
    depth = problem.add((1, 9), "depth")
    problem.add((0.0, 1.0), "x")
    mode = problem.add(["a", None], "mode")
    problem.add([CS.EqualsCondition(depth, kind, "tree"), CS.EqualsCondition(mode, kind, "tree")])
    return problem


LINE = {"kind": "line", "x": 0.25}
# As scripts fill them in: the lower bound and the first choice; or anything.
FILLED = [
    {**LINE, "depth": 1, "mode": "a"},
    {**LINE, "depth": 77, "mode": "z"},
    {**LINE, "depth": "none", "mode": ["?"]},
    {**LINE, "depth": None, "mode": math.nan},
    {**LINE, "depth": 10**400, "mode": None},
]


@pytest.mark.parametrize("given", FILLED, ids=repr)
def test_it_is_left_out_of_initial_points_and_of_what_is_told(tmp_path: Path, given: Mapping[str, Any]) -> None:
    seen: list[dict[str, Any]] = []
    search = CBO(conditional(), random_state=1, initial_points=[given], log_dir=tmp_path)

    assert search.ask() == [LINE]
    search.tell([(given, 1.0)])
    results = search.search(lambda job: float(seen.append(dict(job)) or 0.0), max_evals=1)

    assert len(results) == 2 and LINE not in seen
    assert results.configurations[0] == LINE
    assert math.isnan(results["p:depth"][0]) and math.isnan(results["p:mode"][0])
    assert search.problem.check_configuration(given)


@pytest.mark.parametrize("given", FILLED, ids=repr)
def test_what_is_told_with_it_counts_as_the_same_point(given: Mapping[str, Any]) -> None:
    filled, plain = (CBO(conditional(), random_state=1, log_dir=None) for _ in range(2))

    for search, told in ((filled, given), (plain, LINE)):
        search.tell([(told, 1.0), ({"kind": "tree", "depth": 3, "x": 0.5, "mode": None}, 2.0)])

    assert filled.ask(4) == plain.ask(4)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"kind": "tree", "x": 0.5, "mode": "a"}, "'depth' is active and has no value"),
        ({"kind": "tree", "x": 0.5, "mode": "a", "depth": 77}, "'depth' must be between 1 and 9, got 77"),
        ({"kind": "tree", "x": 0.5, "mode": "z", "depth": 7}, r"'mode' must be one of \['a', None\], got 'z'"),
        ({"kind": "lime", "x": 0.5}, r"'kind' must be one of \['tree', 'line'\], got 'lime'"),
        ({**LINE, "dept": 1}, "unknown hyperparameter 'dept'; .* Did you mean 'depth'"),
        ({**LINE, "x": 7.0, "depth": 77}, "'x' must be between 0.0 and 1.0, got 7.0"),
    ],
)
def test_what_is_active_needs_its_value_and_names_must_be_known(given: Mapping[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=rf"CBO: initial_points\[0\]: .*{sentence}"):
        CBO(conditional(), initial_points=[given], log_dir=None)
    with pytest.raises(ValueError, match=rf"RandomSearch\.tell: results\[0\]: .*{sentence}"):
        RandomSearch(conditional(), log_dir=None).tell([(given, 1.0)])


def test_it_is_left_out_of_what_a_sampling_function_gives() -> None:
    problem = conditional()
    problem.sampling_fn = lambda size: [FILLED[k % len(FILLED)] for k in range(size)]

    assert problem.sample(5) == [LINE] * 5


@pytest.mark.parametrize("lesson", ["fit_surrogate", "fit_generative_model", "fit_search_space"])
def test_an_earlier_table_teaches_the_same_with_it(tmp_path: Path, lesson: str) -> None:
    rows = [{"kind": "line", "x": 0.1 * k, "objective": k} for k in range(9)]
    rows += [{"kind": "tree", "depth": 1 + k, "mode": "a", "x": 0.5, "objective": -k} for k in range(9)]
    empty = pd.DataFrame(rows).rename(columns={name: f"p:{name}" for name in ("kind", "x", "depth", "mode")})
    filled = empty.fillna({"p:depth": 1, "p:mode": "a"})
    path = tmp_path / "filled.csv"
    filled.to_csv(path, index=False)

    asked = []
    for table in (empty, filled, path):
        search = CBO(conditional(), random_state=1, log_dir=None)
        getattr(search, lesson)(table)
        asked.append(search.ask(6))

    assert asked[1] == asked[0] and asked[2] == asked[0]
