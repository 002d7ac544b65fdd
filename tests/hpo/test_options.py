"""Every option has an effect; accepted pairs propose legal and new configurations; other pairs are refused."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import ConfigSpace as CS
import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF
from sklearn.linear_model import BayesianRidge

from deephyper.acquisition import ACQUISITIONS, MAXIMIZERS
from deephyper.hpo import CBO, HpProblem
from deephyper.optimizer import STRATEGIES
from deephyper.space import DESIGNS
from deephyper.surrogate import SURROGATES

HEDGES = ("gp_hedge", "gp_hedged")


def mixed_problem() -> HpProblem:
    """All kinds of hyperparameters, a condition, a forbidden clause and a constraint."""
    problem = HpProblem(seed=0)
    problem.add_hyperparameter((0.0, 10.0), "x")
    problem.add_hyperparameter((1, 64, "log-uniform"), "n")
    problem.add_hyperparameter([1, 2, 4, 8], "order")
    kind = problem.add_hyperparameter(["a", "b", "c"], "kind")
    depth = problem.add_hyperparameter((1, 9), "depth")
    problem.add_condition(CS.EqualsCondition(depth, kind, "a"))
    problem.add_forbidden_clause(
        CS.ForbiddenAndConjunction(
            CS.ForbiddenEqualsClause(kind, "b"), CS.ForbiddenEqualsClause(problem.space["order"], 8)
        )
    )
    problem.set_constraint_fn(lambda df: df.x + df.n < 40)
    return problem


@pytest.fixture
def problem() -> HpProblem:
    return mixed_problem()


def objective(c: dict[str, Any]) -> Any:
    if c["x"] > 8.5:
        return "F_too_large"
    return -((c["x"] - 3.0) ** 2) + np.log(c["n"]) + (c["kind"] == "a") * c.get("depth", 0) / 9 + c["order"] / 8


# These tests look at legality and not at quality.
LIGHT = {name: {"n_estimators": 5} for name in ("ET", "RF", "TB", "RS", "GBRT")} | {"HGBRT": {"max_iter": 3}}
IN_CORE = ("GP", "ET")


def light(surrogate: str) -> dict[str, Any]:
    return {"surrogate_model": surrogate, "surrogate_model_kwargs": LIGHT.get(surrogate)}


def proposals(
    log_dir: Path, seed: int = 0, sizes: Sequence[int] = (6, 1, 2, 5, 1), **options: Any
) -> list[dict[str, Any]]:
    """Ask and tell; all but one of each ask are told, so that some rows stay open."""
    search = CBO(mixed_problem(), random_state=seed, log_dir=log_dir, n_initial_points=5, **options)
    asked: list[dict[str, Any]] = []
    for size in sizes:
        new = search.ask(size)
        search.tell([(c, objective(c)) for c in new[: max(1, size - 1)]])
        asked += new
    return asked


def check(asked: list[dict[str, Any]]) -> None:
    problem = mixed_problem()
    for configuration in asked:
        problem.check_configuration(configuration)
        assert not (configuration["kind"] == "b" and configuration["order"] == 8)
        assert configuration["x"] + configuration["n"] < 40
        assert ("depth" in configuration) is (configuration["kind"] == "a")
    assert len({tuple(sorted(c.items())) for c in asked}) == len(asked) == 15


def but_slow(names: Iterable[Any], quick: Sequence[Any]) -> list[Any]:
    """All of them as parameters, of which only some are for the quick run of the tests."""
    return [name if name in quick else pytest.param(*astuple(name), marks=pytest.mark.slow) for name in names]


def astuple(name: Any) -> tuple[Any, ...]:
    return name if isinstance(name, tuple) else (name,)


class TestEveryPairIsLegal:
    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("surrogate", "acquisition"),
        but_slow(itertools.product(SURROGATES, [*ACQUISITIONS, *HEDGES]), [("GP", "MES"), ("ET", "EI")]),
    )
    def test_surrogates_and_acquisitions(self, tmp_path: Path, surrogate: str, acquisition: str) -> None:
        check(proposals(tmp_path, acq_func=acquisition, **light(surrogate)))

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("surrogate", "maximizer"),
        but_slow(
            [
                (surrogate, name)
                for surrogate in ("GP", "ET", "HGBRT", "DUMMY")
                for name, maximizer in MAXIMIZERS.items()
                if surrogate == "GP" or not maximizer.needs_slopes
            ],
            [("GP", "lbfgs"), ("DUMMY", "sampling")],
        ),
    )
    def test_surrogates_and_maximizers(self, tmp_path: Path, surrogate: str, maximizer: str) -> None:
        check(proposals(tmp_path, acq_optimizer=maximizer, **light(surrogate)))

    @pytest.mark.parametrize(
        ("surrogate", "strategy"),
        but_slow(itertools.product(["GP", "RF"], STRATEGIES), [("GP", "cl_min")]),
    )
    def test_surrogates_and_strategies(self, tmp_path: Path, surrogate: str, strategy: str) -> None:
        check(proposals(tmp_path, multi_point_strategy=strategy, **light(surrogate)))

    @pytest.mark.parametrize("design", but_slow(DESIGNS, ["grid"]))
    def test_designs(self, tmp_path: Path, design: str) -> None:
        check(proposals(tmp_path, initial_point_generator=design))

    @pytest.mark.parametrize(
        "regressor",
        [pytest.param(GaussianProcessRegressor(RBF(), optimizer=None), marks=pytest.mark.slow), BayesianRidge()],
        ids=["with a seed", "without"],
    )
    def test_regressors_of_scikit_learn(self, tmp_path: Path, regressor: Any) -> None:
        check(proposals(tmp_path, surrogate_model=regressor))


def asked_after_ten(log_dir: Path, **options: Any) -> dict[str, Any]:
    """What is proposed after ten configurations have been told; those with an x above 8.5 have failed."""
    search = CBO(mixed_problem(), random_state=0, log_dir=log_dir, **options)
    search.tell([(c, objective(c)) for c in mixed_problem().sample(10)])
    return search.ask()[0]


class TestASeedFixesEveryProposal:
    @pytest.mark.slow
    @pytest.mark.parametrize(
        "options",
        [
            {"surrogate_model": "ET", "surrogate_model_kwargs": {"n_estimators": 5}},
            pytest.param(
                {"surrogate_model": "GBRT", "surrogate_model_kwargs": {"n_estimators": 5}}, marks=pytest.mark.slow
            ),
            pytest.param({"acq_func": "gp_hedge"}, marks=pytest.mark.slow),
            pytest.param({"acq_func": "MES"}, marks=pytest.mark.slow),
            pytest.param(
                {"acq_optimizer": "mixedga", "acq_optimizer_kwargs": {"n_points": 50}}, marks=pytest.mark.slow
            ),
            {"multi_point_strategy": "boltzmann"},
            pytest.param({"multi_point_strategy": "qUCB"}, marks=pytest.mark.slow),
        ],
        ids=lambda options: str(*[value for value in options.values() if isinstance(value, str)]),
    )
    def test_of_named_options(self, tmp_path: Path, options: dict[str, Any]) -> None:
        one, same, other = (proposals(tmp_path, seed, **options) for seed in (1, 1, 2))

        assert one == same != other


# Those that end in d leave noise out of doubt, which a Gaussian process does by itself; both genetic searches are one.
SAME = {"UCBd", "EId", "PId", "MESd", "gp_hedged", "mixedga", "qUCBd"}


class TestEffects:
    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("option", "names"),
        [
            ("acq_func", [*ACQUISITIONS, *HEDGES]),
            ("acq_optimizer", list(MAXIMIZERS)),
            ("multi_point_strategy", list(STRATEGIES)),
            ("initial_point_generator", list(DESIGNS)),
            ("surrogate_model", [name for name in SURROGATES if name != "auto"]),
        ],
    )
    def test_every_choice_proposes_something_of_its_own(self, tmp_path: Path, option: str, names: list[str]) -> None:
        chosen = [light(name) if option == "surrogate_model" else {option: name} for name in names if name not in SAME]
        # Boosted trees of few rows believe the same everywhere, as "DUMMY" does.
        found = {str(proposals(tmp_path, sizes=(6, 1, 2, 5, 1, 1, 1, 1), **options)) for options in chosen}

        assert len(found) == len(set(names) - SAME)

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("option", "one", "other"),
        [
            ("kappa", 0.0, 9.0),
            ("xi", 0.0, 1.0),
            ("n_points", 5, 100),
            ("n_restarts_optimizer", 1, 5),
        ],
    )
    def test_numbers_are_obeyed(self, tmp_path: Path, option: str, one: float, other: float) -> None:
        def asked(value: float) -> Any:
            if option in ("kappa", "xi"):
                return asked_after_ten(
                    tmp_path, acq_func="UCB" if option == "kappa" else "EI", acq_func_kwargs={option: value}
                )
            # From other starts one suggestion may be the same all the same.
            return proposals(tmp_path, sizes=[1] * 11, acq_optimizer_kwargs={"n_points": 10, option: value})

        assert asked(one) == asked(one) != asked(other)

    def test_a_schedule_that_ends_at_no_kappa_refines_at_the_end_of_each_period(self, tmp_path: Path) -> None:
        problem = HpProblem()
        problem.add_hyperparameter((0.0, 1.0), "x")
        problem.add_hyperparameter((0.0, 1.0), "y")

        def distances(scheduler: Any) -> list[float]:
            options = {"kappa": 50.0, "scheduler": scheduler}
            search = CBO(problem, random_state=0, log_dir=tmp_path, acq_func_kwargs=options)
            found = []
            for _ in range(20):
                (c,) = search.ask()
                search.tell([(c, -((c["x"] - 0.3) ** 2) - (c["y"] - 0.6) ** 2)])
                found.append(max(abs(c["x"] - 0.3), abs(c["y"] - 0.6)))
            return found[8:]

        decaying = distances({"type": "periodic-exp-decay", "period": 4, "kappa_final": 1e-4})
        own = distances(lambda index, start: (0.0, start[1]))

        assert np.median(decaying[3::4]) < 0.05 < np.mean(decaying[0::4])
        assert np.median(own) < 0.02

    def test_repetitions_may_be_allowed(self, tmp_path: Path) -> None:
        problem = HpProblem()
        problem.add_hyperparameter([1, 2, 3], "x")
        search = CBO(problem, random_state=0, log_dir=tmp_path, acq_optimizer_kwargs={"filter_duplicated": False})

        for _ in range(12):
            (c,) = search.ask()
            search.tell([(c, float(c["x"]))])

        assert len(search.history) == 12

    def test_many_failures_end_the_search_with_a_reason(self, problem: HpProblem, tmp_path: Path) -> None:
        options = {"max_total_failures": 5}
        search = CBO(problem, lambda job: "F_diverged", log_dir=tmp_path, acq_optimizer_kwargs=options)

        table = search.search(50)

        assert len(table) == 5
        assert search.stop_reason == "5 evaluations have failed (max_total_failures=5)"
        # The limit is the search's, not the call's, and a restart knows of it.
        assert len(search.search(50)) == 5
        again = CBO(problem, print, log_dir=tmp_path, acq_optimizer_kwargs=options, checkpoint_restart=True)
        assert len(again.search(50)) == 5

    def test_only_every_third_suggestion_may_be_looked_for_thoroughly(self, tmp_path: Path) -> None:
        options = {"n_points": 5, "n_restarts_optimizer": 1, "acq_optimizer_freq": 3}
        rare, always = (
            proposals(tmp_path, acq_optimizer_kwargs=kwargs)
            for kwargs in (options, {**options, "acq_optimizer_freq": 1})
        )

        check(rare)
        # Number 6 is the first suggestion of the model, and one in three is looked for.
        assert rare[:7] == always[:7] and rare[7:9] != always[7:9]

    def test_failures_may_be_counted_in_four_ways(self, tmp_path: Path) -> None:
        problem = HpProblem()
        problem.add_hyperparameter((0.0, 10.0), "x")

        def greedy(rule: str) -> float:
            """Where the best is expected when the objective rises with x, and fails above 6."""
            kwargs = {"acq_func_kwargs": {"kappa": 0.0}, "acq_optimizer_kwargs": {"filter_failures": rule}}
            search = CBO(problem, random_state=0, log_dir=tmp_path, **kwargs)
            search.tell([({"x": float(x)}, float(x) if x <= 6 else "F_oom") for x in range(10)])
            return float(search.ask()[0]["x"])

        found = {rule: greedy(rule) for rule in ("model", "min", "mean", "ignore")}

        assert found.pop("ignore") > 9.9
        assert all(4.0 < x < 7.0 for x in found.values())
        assert len(set(found.values())) == 3

    def test_the_model_of_a_process_sees_as_many_rows_as_it_is_told_to(
        self, problem: HpProblem, tmp_path: Path
    ) -> None:
        search = CBO(problem, random_state=0, log_dir=tmp_path, surrogate_model_kwargs={"max_rows": 20})
        search.tell([(c, objective(c)) for c in problem.sample(60)])
        search.ask(9)

        assert len(search._proposer.optimizer.snapshot().model.settled[0].rows) == 20

    def test_what_was_passed_can_be_read_again(self, problem: HpProblem, tmp_path: Path) -> None:
        params = CBO(problem, log_dir=tmp_path, acq_func="EI", multi_point_strategy="cl_min").get_params()["search"]

        assert (params["acq_func"], params["multi_point_strategy"], params["surrogate_model"]) == (
            "EI",
            "cl_min",
            "auto",
        )


class TestRefusals:
    @pytest.mark.parametrize(
        ("options", "sentence"),
        [
            ({"surrogate_model": "RFF"}, "surrogate_model must be one of 'auto', 'GP'.* got 'RFF'. Did you mean 'RF'"),
            (
                {"surrogate_model": RandomForestRegressor()},
                "a scikit-learn regressor whose predict takes return_std, got Random",
            ),
            ({"surrogate_model": GaussianProcessRegressor}, "Pass an object"),
            (
                {"surrogate_model": "ET", "surrogate_model_kwargs": {"n_estimator": 3}},
                "unknown key.*Did you mean 'n_estimators'",
            ),
            (
                {"surrogate_model": "GP", "surrogate_model_kwargs": {"n_estimators": 3}},
                "unknown key of surrogate_model_kwargs",
            ),
            ({"surrogate_model_kwargs": {"max_rows": 3}}, "max_rows must be a whole number of at least 10, got 3"),
            ({"acq_func": "UCBB"}, "acq_func must be one of .* Did you mean 'UCB'"),
            ({"acq_func_kwargs": {"kapa": 1}}, "unknown key of acq_func_kwargs 'kapa'.*Did you mean 'kappa'"),
            ({"acq_func_kwargs": {"kappa": -1}}, "kappa must be a number of at least 0"),
            (
                {"acq_func_kwargs": {"scheduler": {"type": "bandid"}}},
                "scheduler's type must be one of.*Did you mean 'bandit'",
            ),
            (
                {"acq_func_kwargs": {"scheduler": {"type": "bandit", "period": 3}}},
                "unknown key of the scheduler 'bandit' 'period'",
            ),
            (
                {"acq_func_kwargs": {"scheduler": {"type": "bandit", "delta": 2}}},
                "delta must be a number between 0 and 1, got 2",
            ),
            ({"acq_func_kwargs": {"scheduler": 3}}, "scheduler must be a dictionary with a 'type', a function"),
            (
                {"acq_optimizer": "lbfgs", "surrogate_model": "ET"},
                "climbs along gradients, and surrogate_model 'ET' has none",
            ),
            ({"acq_optimizer_kwargs": {"n_point": 3}}, "Did you mean 'n_points'"),
            (
                {"acq_optimizer": "ga", "acq_optimizer_kwargs": {"n_restarts_optimizer": 3}},
                "goes with the acq_optimizer 'auto', 'lbfgs'",
            ),
            (
                {"acq_optimizer_kwargs": {"filter_failures": "max"}},
                "filter_failures must be one of 'model', 'min'",
            ),
            ({"acq_optimizer_kwargs": {"filter_duplicated": 1}}, "filter_duplicated must be True or False"),
            ({"acq_optimizer_kwargs": {"max_total_failures": 0}}, "max_total_failures .*at least 1, got 0"),
            ({"multi_point_strategy": "qucb"}, "multi_point_strategy must be one of"),
            ({"multi_point_strategy": "qUCB", "acq_func": "EI"}, "so acq_func must be 'UCB', got 'EI'"),
            (
                {"multi_point_strategy": "topk", "acq_func": "gp_hedge"},
                "chooses an acquisition for every single suggestion",
            ),
            ({"initial_point_generator": "sobool"}, "initial_point_generator must be one of"),
        ],
    )
    def test_one_sentence_says_what_is_accepted(
        self, problem: HpProblem, tmp_path: Path, options: dict[str, Any], sentence: str
    ) -> None:
        with pytest.raises((ValueError, TypeError), match=sentence):
            CBO(problem, log_dir=tmp_path, **options)


@pytest.mark.parametrize("strategy", ["qUCB", "qUCBd"])
@pytest.mark.parametrize("acq_func", ["UCB", "UCBd"])
def test_strategies_that_draw_kappa_go_with_either_upper_confidence_bound(
    strategy: str, acq_func: str, tmp_path: Path
) -> None:
    problem = HpProblem()
    problem.add_hyperparameter((0.0, 1.0), "x")
    search = CBO(problem, acq_func=acq_func, multi_point_strategy=strategy, random_state=1, log_dir=tmp_path)

    assert len(search.ask(2)) == 2
