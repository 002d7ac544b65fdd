"""The three methods of CBO that learn from earlier searches, as a user calls them."""

from __future__ import annotations

import functools
import logging
import math
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ConfigSpace as CS
import numpy as np
import pandas as pd
import pytest

from deephyper.evaluator import Evaluator
from deephyper.hpo import CBO, HpProblem, RandomSearch

METHODS = ["fit_generative_model", "fit_surrogate", "fit_search_space"]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The value of q")
        yield


def every_kind() -> HpProblem:
    problem = HpProblem()
    problem.add_hyperparameter((1e-5, 1.0, "log-uniform"), "lr")
    problem.add_hyperparameter(CS.NormalFloatHyperparameter("mu", mu=0.0, sigma=1.0, lower=-3.0, upper=3.0))
    problem.add_hyperparameter(CS.OrdinalHyperparameter("size", ["S", "M", "L"]))
    kind = problem.add_hyperparameter(["cnn", "mlp", None], "kind")
    layers = problem.add_hyperparameter((1, 9), "layers")
    problem.add_hyperparameter("fixed", "seed")
    problem.add_condition(CS.EqualsCondition(layers, kind, "mlp"))
    return problem


def score(job: Any) -> Any:
    if job["size"] == "L" and job["kind"] == "cnn":
        return "F_oom"
    depth = 0.2 * abs(job["layers"] - 6) if job.get("layers") is not None else 1.0
    return -abs(math.log10(job["lr"]) + 3.0) - abs(job["mu"]) - depth - (job["size"] != "M")


def earlier(folder: Path, n: int = 40, problem: HpProblem | None = None, run: Any = score) -> pd.DataFrame:
    return RandomSearch(problem or every_kind(), run, random_state=3, log_dir=folder).search(n)


def new_search(folder: Path, seed: int = 0, **options: Any) -> CBO:
    return CBO(every_kind(), score, random_state=seed, log_dir=folder / "new", **options)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("as_file", [pytest.param(False, marks=pytest.mark.slow), True])
def test_every_kind_of_hyperparameter_with_failures(tmp_path: Path, method: str, as_file: bool) -> None:
    table = earlier(tmp_path)
    search = new_search(tmp_path)

    getattr(search, method)(tmp_path / "results.csv" if as_file else table)
    found = search.search(12)

    assert len(found) == 12
    assert found.successes.objective[:6].max() > table.successes.objective.quantile(0.7)


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "spoil",
    [
        lambda t: t.head(1).assign(objective=0.5),
        lambda t: t.drop(columns=["p:lr", "p:kind"]),
        lambda t: t.assign(**{"p:new": 3.0, "p:lr": "?"}),
        lambda t: t.assign(objective=1.0),
        lambda t: t.rename(columns={"objective": "objective_0"}).assign(objective_1=range(len(t))),
        lambda t: [t, t.head(5), t.drop(columns="p:mu")],
        lambda t: t[["p:seed", "objective"]],
    ],
    ids=["one row", "missing columns", "other columns", "ties", "two objectives", "a list", "a constant alone"],
)
def test_every_table_serves(tmp_path: Path, method: str, spoil: Any) -> None:
    search = new_search(tmp_path)

    getattr(search, method)(spoil(earlier(tmp_path)))

    assert len(search.search(9)) == 9


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_between_calls_of_search(tmp_path: Path, method: str) -> None:
    search = new_search(tmp_path)
    search.search(10)

    getattr(search, method)(earlier(tmp_path))
    table = search.search(5)

    assert len(table) == 15
    assert len(table.drop_duplicates([c for c in table if c.startswith("p:")])) == 15


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_with_several_workers(tmp_path: Path, method: str) -> None:
    evaluator = Evaluator.create(score, "thread", {"num_workers": 4})
    search = CBO(every_kind(), evaluator, random_state=0, log_dir=tmp_path / "new")

    getattr(search, method)(earlier(tmp_path))

    assert len(search.search(24)) == 24


@pytest.mark.parametrize("method", METHODS)
def test_a_seed_fixes_what_is_learned(tmp_path: Path, method: str) -> None:
    def asked() -> list[dict[str, Any]]:
        search = new_search(tmp_path, seed=5)
        getattr(search, method)(tmp_path / "results.csv")
        return search.ask(10)

    earlier(tmp_path)

    assert asked() == asked()


@pytest.mark.slow
@pytest.mark.parametrize("method", ["fit_generative_model", "fit_surrogate"])
def test_a_search_that_goes_on_with_its_source_is_the_one_that_was_not_interrupted(tmp_path: Path, method: str) -> None:
    source = earlier(tmp_path)
    whole = CBO(every_kind(), score, random_state=1, log_dir=tmp_path / "whole")
    getattr(whole, method)(source)
    first = CBO(every_kind(), score, random_state=1, log_dir=tmp_path / "parts")
    getattr(first, method)(source)
    first.search(11)
    second = CBO(every_kind(), score, random_state=1, log_dir=tmp_path / "parts", checkpoint_restart=True)
    getattr(second, method)(source)

    names = [f"p:{name}" for name in every_kind().hyperparameter_names]
    resumed, uninterrupted = second.search(5)[names], whole.search(16)[names]

    pd.testing.assert_frame_equal(pd.DataFrame(resumed), pd.DataFrame(uninterrupted))


def test_a_number_of_initial_points_is_obeyed_with_a_source_too(tmp_path: Path) -> None:
    search = new_search(tmp_path, n_initial_points=12)
    search.fit_generative_model(earlier(tmp_path))
    models = []
    for _ in range(14):
        (configuration,) = search.ask()
        search.tell([(configuration, score(configuration))])
        models.append(search._proposer.optimizer.snapshot().model)

    assert [model is None for model in models] == [True] * 12 + [False] * 2


@pytest.mark.slow
def test_with_a_forest_as_surrogate(tmp_path: Path) -> None:
    search = new_search(tmp_path, surrogate_model="ET", surrogate_model_kwargs={"n_estimators": 10})
    search.fit_surrogate(earlier(tmp_path))

    assert len(search.search(14)) == 14


def test_a_further_call_replaces_the_tables_of_the_one_before(tmp_path: Path) -> None:
    search, source = new_search(tmp_path), earlier(tmp_path)
    search.fit_surrogate(source)
    search.fit_generative_model([source, source.tail(20)])
    search.search(8)

    assert len(search.statistics.source.weights) == 2


# What the search tells of it.


@pytest.mark.slow
def test_statistics_and_the_log_tell_how_much_was_heard(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    search = new_search(tmp_path)
    search.fit_generative_model(earlier(tmp_path))
    search.search(9)

    assert search.statistics.source.weights[0] > 0.0
    assert search.statistics.source.dropped_after is None
    assert "; source weight 0." in str(search.statistics)
    with caplog.at_level(logging.INFO, "deephyper"):
        search.search(25)
    assert search.statistics.source.dropped_after is not None
    assert [r.message for r in caplog.records if "dropped" in r.message and "ended" not in r.message] == [
        f"search {search.search_id}: {search.statistics.source}"
    ]


def test_a_wrong_sign_is_found_out(tmp_path: Path) -> None:
    source = earlier(tmp_path)
    source["objective"] = -pd.to_numeric(source.objective, errors="coerce")
    search = new_search(tmp_path)
    search.fit_generative_model(source)
    search.search(10)

    # Long before it would have faded.
    assert search.statistics.source.dropped_after <= 8
    assert sum(search.statistics.source.weights) < 0.35


def test_a_search_without_a_source_has_nothing_to_tell(tmp_path: Path) -> None:
    search = new_search(tmp_path)
    search.search(3)

    assert search.statistics.source is None
    assert "source" not in str(search.statistics)


# The three situations: what transfer is worth. Medians over seeds; a bowl whose optimum lies nowhere special.


def bowl_problem(n: int, low: float = -7.0, high: float = 13.0) -> HpProblem:
    problem = HpProblem()
    for i in range(n):
        problem.add_hyperparameter((low, high), f"x{i}")
    return problem


def bowl(job: Any, centre: float = 1.0) -> float:
    return -sum((job[f"x{i}"] - centre) ** 2 for i in range(4) if f"x{i}" in job)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> list[pd.DataFrame]:
    """Searches without a source, by seed; the first rows of a longer search are those of a shorter one."""
    folder = tmp_path_factory.mktemp("plain")
    return [CBO(bowl_problem(4), bowl, random_state=seed, log_dir=folder).search(30) for seed in range(8)]


def gain(tmp_path: Path, plain: list[pd.DataFrame], source: pd.DataFrame, method: str, n: int = 12) -> float:
    """Median over seeds of how many times smaller the regret is with the source, as a logarithm."""
    logs = []
    for seed, table in enumerate(plain):
        taught = CBO(bowl_problem(4), bowl, random_state=seed, log_dir=tmp_path)
        getattr(taught, method)(source)
        logs.append(math.log(-table.objective[:n].max()) - math.log(-taught.search(n).objective.max()))
    return float(np.median(logs))


EARLIER: dict[str, tuple[HpProblem, Any, int]] = {
    "same space, another task": (bowl_problem(4), lambda job: bowl(job, 1.6), 60),
    "enlarged space": (bowl_problem(2, -5.0, 9.0), bowl, 60),
    "tiny source": (bowl_problem(4), lambda job: bowl(job, 1.3), 20),
    "same task": (bowl_problem(4), bowl, 60),
}


@functools.cache
def earlier_table(situation: str) -> pd.DataFrame:
    """What both methods learn from; the tests do not change it."""
    problem, run, n = EARLIER[situation]
    return CBO(problem, run, random_state=9, log_dir=None).search(n)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["fit_generative_model", "fit_surrogate"])
@pytest.mark.parametrize("situation", ["same space, another task", "enlarged space", "tiny source"])
def test_an_earlier_search_helps(tmp_path: Path, plain: list[pd.DataFrame], situation: str, method: str) -> None:
    assert gain(tmp_path, plain, earlier_table(situation), method) > math.log(2.0)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["fit_generative_model", "fit_surrogate"])
def test_a_misleading_search_costs_next_to_nothing(tmp_path: Path, plain: list[pd.DataFrame], method: str) -> None:
    source = earlier_table("same task")
    misleading = source.assign(objective=-source.objective)

    assert gain(tmp_path, plain, misleading, method, n=30) > -1.0


# Narrower draws.


def test_draws_lie_near_the_best_of_the_source(tmp_path: Path) -> None:
    source = pd.DataFrame(
        [{"p:lr": 1e-3, "p:mu": 2.0, "p:size": "L", "p:kind": "mlp", "p:layers": 3, "objective": 1.0}]
    )
    search = new_search(tmp_path, n_initial_points=300, initial_point_generator="random")
    search.fit_search_space(source, fac_numerical=0.1, fac_categorical=10)

    drawn = pd.DataFrame(search.ask(300))

    # The range of lr is 5 decades wide, that of mu 6, that of size 3 steps wide.
    assert abs(np.log10(drawn.lr).mean() + 3.0) < 0.1
    assert np.log10(drawn.lr).std() == pytest.approx(0.5, rel=0.2)
    assert drawn.mu.mean() == pytest.approx(2.0, abs=0.2)
    assert (drawn["size"] == "L").mean() > 0.6
    assert (drawn.kind == "mlp").mean() == pytest.approx(10 / 12, abs=0.1)
    assert drawn[drawn.kind == "mlp"].layers.mean() == pytest.approx(3.0, abs=0.5)


def test_the_best_of_several_sources_count_alike(tmp_path: Path) -> None:
    search = new_search(tmp_path, n_initial_points=200, initial_point_generator="random")
    search.fit_search_space(
        [pd.DataFrame({"p:mu": [mu], "objective": [1.0]}) for mu in (-2.0, 2.0)], fac_numerical=0.05
    )

    mu = pd.DataFrame(search.ask(200)).mu

    assert (mu < 0).mean() == pytest.approx(0.5, abs=0.12)
    assert (mu.abs() - 2.0).abs().mean() < 0.3


@pytest.mark.parametrize("name", ["fac_numerical", "fac_categorical"])
@pytest.mark.parametrize("value", [0, -1.0, math.nan, math.inf, "1", None, True], ids=repr)
def test_what_is_no_positive_number_is_refused(tmp_path: Path, name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=rf"^CBO\.fit_search_space: {name} must be a positive number, got "):
        new_search(tmp_path).fit_search_space(pd.DataFrame({"p:lr": [0.1], "objective": [1.0]}), **{name: value})


def test_a_sampling_function_knows_no_priors(tmp_path: Path) -> None:
    problem = every_kind()
    problem.set_sampling_fn(lambda size: every_kind().sample(size))
    search = CBO(problem, random_state=0, log_dir=tmp_path)

    with pytest.raises(ValueError, match=r"^CBO\.fit_search_space: the problem draws with its own sampling function"):
        search.fit_search_space(earlier(tmp_path))


# Bad input.


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("table", "kind", "message"),
    [
        ([], ValueError, "the list of tables is empty"),
        (
            7,
            TypeError,
            "an earlier search must be a DataFrame, the path of a CSV file, or a list of these, got 7 of type int",
        ),
        ([{"a": 1}], TypeError, "an earlier search must be a DataFrame"),
        (pd.DataFrame({"p:lr": [0.1]}), ValueError, "the table needs a column 'objective', or 'objective_0'"),
        (
            pd.DataFrame({"p:x": [0.1], "objective": [1.0]}),
            ValueError,
            "no column of this problem's hyperparameters, such as 'p:lr'",
        ),
        (pd.DataFrame({"p:lr": [0.1], "objective": [math.nan]}), ValueError, "no evaluation with a numeric objective"),
    ],
    ids=["an empty list", "a number", "a list of dictionaries", "no objective", "no hyperparameter", "no result"],
)
def test_what_teaches_nothing_is_refused(
    tmp_path: Path, method: str, table: Any, kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=rf"^CBO\.{method}: .*{message}"):
        getattr(new_search(tmp_path), method)(table)


def test_a_hundred_thousand_rows_are_learned_from_at_once(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    n = 100_000
    table = pd.DataFrame(
        {
            "p:lr": 10.0 ** rng.uniform(-5, 0, n),
            "p:mu": rng.uniform(-3, 3, n),
            "p:kind": "mlp",
            "objective": rng.random(n),
        }
    )
    search = new_search(tmp_path)

    for method in METHODS:
        getattr(search, method)(table)

    assert len(search.ask(3)) == 3
