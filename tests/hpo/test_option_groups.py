"""Every option is declared once; the check, the table of the documentation and plain data follow from that."""

from __future__ import annotations

import dataclasses
import inspect
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.gaussian_process import GaussianProcessRegressor

import deephyper
from deephyper.acquisition import ACQUISITIONS, MAXIMIZERS
from deephyper.hpo import CBO
from deephyper.hpo.option_groups import Options, options_as_markdown, options_table
from deephyper.optimizer import STRATEGIES
from deephyper.space import DESIGNS
from deephyper.surrogate import SURROGATES

ARGUMENTS = {
    name: parameter.default
    for name, parameter in inspect.signature(CBO.__init__).parameters.items()
    if parameter.kind is inspect.Parameter.KEYWORD_ONLY
}


def test_the_arguments_of_cbo_are_the_options_with_the_same_defaults() -> None:
    assert Options.of().as_dict() == ARGUMENTS
    assert list(Options.of().as_dict()) == list(ARGUMENTS)


def test_every_option_stands_in_the_docstring_of_cbo() -> None:
    documentation = str(CBO.__doc__)

    for name in ARGUMENTS:
        assert f"{name}:" in documentation
    for row in options_table():
        key = row.name.partition('["')[2].removesuffix('"]') or row.name
        assert key in documentation


optional = st.none() | st.integers(1, 99)
kwargs_of = {
    "acq_func_kwargs": st.fixed_dictionaries(
        {},
        optional={
            "kappa": st.none() | st.floats(0, 9),
            "xi": st.none() | st.floats(0, 9),
            "scheduler": st.none() | st.just({"type": "bandit", "delta": 0.1}),
        },
    ),
    "acq_optimizer_kwargs": st.fixed_dictionaries(
        {},
        optional={
            "n_points": optional,
            "n_restarts_optimizer": optional,
            "acq_optimizer_freq": st.integers(1, 9),
            "filter_duplicated": st.booleans(),
            "filter_failures": st.sampled_from(["model", "min", "mean", "ignore"]),
            "max_total_failures": st.just(-1) | st.integers(1, 99),
            "n_jobs": st.integers(1, 9),
        },
    ),
}
arguments = st.fixed_dictionaries(
    {},
    optional={
        "surrogate_model": st.sampled_from(sorted(SURROGATES)),
        "surrogate_model_kwargs": st.none() | st.just({"max_rows": 20}),
        "acq_func": st.sampled_from([*ACQUISITIONS, "gp_hedge"]),
        "acq_func_kwargs": st.none() | kwargs_of["acq_func_kwargs"],
        "acq_optimizer": st.sampled_from(sorted(MAXIMIZERS)),
        "acq_optimizer_kwargs": st.none() | kwargs_of["acq_optimizer_kwargs"],
        "multi_point_strategy": st.sampled_from(sorted(STRATEGIES)),
        "n_initial_points": optional,
        "initial_point_generator": st.sampled_from(sorted(DESIGNS)),
        "initial_points": st.none() | st.lists(st.dictionaries(st.text(), st.integers()), max_size=2),
    },
)


@given(arguments)
def test_options_come_back_from_plain_data(given_arguments: dict[str, Any]) -> None:
    options = Options.of(**given_arguments)

    again = Options.of(**json.loads(json.dumps(options.as_dict())))

    assert again == options


def halving(index: int, start: tuple[float, float]) -> tuple[float, float]:
    return start


def test_objects_of_the_user_become_their_names_and_must_be_passed_again() -> None:
    model = Options.of(surrogate_model=GaussianProcessRegressor())
    schedule = Options.of(acq_func_kwargs={"scheduler": halving})

    assert model.as_dict()["surrogate_model"] == "GaussianProcessRegressor"
    assert schedule.as_dict()["acq_func_kwargs"] == {"scheduler": "halving"}
    json.dumps([model.as_dict(), schedule.as_dict()])


@pytest.mark.parametrize(
    ("given_arguments", "sentence"),
    [
        ({"acq_fun": "EI"}, "CBO: unknown option 'acq_fun'.* Did you mean 'acq_func'"),
        ({"acq_func_kwargs": 3}, "CBO: acq_func_kwargs must be a dictionary, got 3"),
        ({"acq_func_kwargs": {"kapa": 3}}, "CBO: unknown key of acq_func_kwargs 'kapa'.*Did you mean 'kappa'"),
        ({"acq_optimizer_kwargs": {"n_points": 0}}, "CBO: n_points must be a whole number of at least 1, got 0"),
        ({"acq_optimizer_kwargs": {"max_total_failures": True}}, r"max_total_failures \(or -1 for no limit\) must be"),
        ({"surrogate_model_kwargs": [1]}, "CBO: surrogate_model_kwargs must be a dictionary or None, got"),
        ({"n_initial_points": True}, "CBO: n_initial_points must be a whole number of at least 1, got True"),
    ],
)
def test_each_option_is_checked_alone(given_arguments: dict[str, Any], sentence: str) -> None:
    with pytest.raises((ValueError, TypeError), match=sentence):
        Options.of(**given_arguments)


def test_options_are_frozen() -> None:
    options = Options.of()

    with pytest.raises(dataclasses.FrozenInstanceError):
        options.acq_func = "EI"  # type: ignore[misc]


def test_every_option_has_a_line_with_a_sentence_in_the_table() -> None:
    rows = options_table()

    assert len({row.name for row in rows}) == len(rows) == 19
    assert all(row.accepted and row.default and row.help.endswith(".") for row in rows)
    assert not any("|" in cell or "\n" in cell for row in rows for cell in row)


def test_the_page_of_the_documentation_is_up_to_date() -> None:
    page = Path(deephyper.__file__).parents[2] / "docs" / "options.md"

    assert page.read_text(encoding="utf-8") == options_as_markdown()
