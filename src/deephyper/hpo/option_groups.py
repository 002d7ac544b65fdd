"""The options of CBO, each declared once: its default, what it accepts, and a sentence of help."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import Field, dataclass, fields
from typing import Any, NamedTuple

from .._cells import plain
from .._checks import instance_of, known_names, shown, warn
from ..acquisition import ACQUISITIONS, MAXIMIZERS, USUAL_XI
from ..optimizer import N_INITIAL, STRATEGIES
from ..space import DESIGNS
from ..surrogate import SURROGATES
from .accepted import CheckedLater, Configurations, Flag, NotNegative, OneOf, OrNone, Whole, option
from .selection import ESTIMATED, OBSERVED

PORTFOLIO = "gp_hedge"
MAX_TOTAL_FAILURES = 100
_FAILURE_RULES = ("model", "min", "mean", "ignore")
# The sections of the documentation, by the option with which each begins.
_SECTIONS = {
    "surrogate_model": "Surrogate",
    "acq_func": "Acquisition function",
    "acq_optimizer": "Acquisition optimizer",
    "multi_point_strategy": "Several workers",
    "n_initial_points": "Initial points",
    "solution_selection": "Recommendation",
}


@dataclass(frozen=True)
class Options:
    """The options that a user passes to CBO, each checked alone; made by `Options.of`."""

    surrogate_model: Any = option(
        "auto",
        CheckedLater(f"{OneOf(SURROGATES).text}, or a scikit-learn regressor whose `predict` takes `return_std`"),
        "The model of the objective: `GP` is a Gaussian process, as is `auto` for any number of evaluations; `ET`, "
        "`RF`, `TB` and `RS` are forests (extremely randomized, random, bagged, on random subspaces); `GBRT` and "
        "`HGBRT` are boosted quantiles; `DUMMY` learns nothing.",
    )
    surrogate_model_kwargs: Mapping[str, Any] | None = option(
        None,
        OrNone(Mapping, "a dictionary or `None`"),
        "`max_rows`, how many evaluations the model uses at most; for forests and boosting also the settings of their "
        "scikit-learn classes.",
    )

    acq_func: str = option(
        "UCB",
        OneOf([*ACQUISITIONS, PORTFOLIO, PORTFOLIO + "d"]),
        "How candidates are scored; `gp_hedge` is a portfolio of the first three; with a `d` at the end, only the "
        "uncertainty that further evaluations can remove counts, which forests can tell apart from the rest.",
    )
    kappa: float | None = option(
        None,
        NotNegative(),
        "Width of the confidence bound in standard deviations; `None` draws it for every suggestion.",
        inside="acq_func_kwargs",
    )
    xi: float | None = option(
        None,
        NotNegative(),
        f"The gain that is too small to count for `EI` and `PI`; {USUAL_XI:g} if `None`.",
        inside="acq_func_kwargs",
    )
    scheduler: Any = option(
        None,
        CheckedLater('a dictionary with a `"type"`, a function of (index, (kappa, xi)), or `None`'),
        'How kappa and xi change from one suggestion to the next: the type is `"periodic-exp-decay"` (`period`, '
        '`rate`, `kappa_final`, `xi_final`, `delay`), `"bandit"` (`delta`, `lamb`, `delay`) or `"constant"`; a '
        "function is called with the number of a suggestion and their first values, and returns both.",
        inside="acq_func_kwargs",
    )

    acq_optimizer: str = option(
        "auto", OneOf(MAXIMIZERS), "How the best candidate is searched for; `lbfgs` needs a surrogate with gradients."
    )
    n_points: int | None = option(
        None,
        Whole(or_none=True),
        "How many candidates are scored first; the optimizer's usual number if `None`.",
        inside="acq_optimizer_kwargs",
    )
    n_restarts_optimizer: int | None = option(
        None,
        Whole(or_none=True),
        "From how many of them the optimizer starts; its usual number if `None`.",
        inside="acq_optimizer_kwargs",
    )
    acq_optimizer_freq: int = option(
        1,
        Whole(),
        "With k, only every k-th suggestion is optimized; the others are drawn at random.",
        inside="acq_optimizer_kwargs",
    )
    filter_duplicated: bool = option(
        True,
        Flag(),
        "Whether a configuration is suggested only once; `False` pays where values are noisy and all hyperparameters "
        "are choices or whole numbers.",
        inside="acq_optimizer_kwargs",
    )
    filter_failures: Any = option(
        "model",
        OneOf(_FAILURE_RULES),
        "What is learned from failures: `model` learns where evaluations succeed, and takes a bad value that comes "
        "again and again for a failure, `min` and `mean` give a failure that value, `ignore` leaves it out.",
        inside="acq_optimizer_kwargs",
    )
    max_total_failures: int = option(
        MAX_TOTAL_FAILURES,
        Whole(minus_one="no limit"),
        "How many failed evaluations end the search.",
        inside="acq_optimizer_kwargs",
    )
    n_jobs: int = option(1, Whole(minus_one="all cores"), "Threads for linear algebra.", inside="acq_optimizer_kwargs")

    multi_point_strategy: str = option(
        "auto",
        OneOf(STRATEGIES),
        "How suggestions for several workers differ: with `auto`, running evaluations lower the uncertainty around "
        "them and every suggestion has its own kappa; `cl_min`, `cl_mean` and `cl_max` count running evaluations as if "
        "they had returned that value; `topk` takes the best rows of one score; `boltzmann` draws rows with "
        "probabilities that grow with the score; `qUCB` and `qUCBd` only draw a kappa for each suggestion.",
    )

    n_initial_points: int | None = option(
        None,
        Whole(or_none=True),
        f"How many suggestions are made before the model is used; {N_INITIAL} if `None`.",
    )
    initial_point_generator: str = option("sobol", OneOf(DESIGNS), "How the initial points are spread.")
    initial_points: Sequence[Mapping[str, Any]] | None = option(
        None,
        Configurations(),
        "Configurations to evaluate before all others; they count as initial points.",
    )

    solution_selection: str | None = option(
        None,
        OneOf((OBSERVED, ESTIMATED), or_none=True),
        "What every row of the table recommends, in its columns `sol.p:<name>` and `sol.objective`: with `argmax_est` "
        "the evaluated configuration of which the model believes most, with `argmax_obs` the best one observed.",
    )

    @classmethod
    def of(cls, **arguments: Any) -> Options:
        """Make options from keyword arguments that are named as those of CBO; the others keep their defaults.

        Raises:
            ValueError: a value is not accepted.
            TypeError: a name is not known, or a value has a wrong type.

        Example:
            >>> Options.of(acq_func="EI", acq_func_kwargs={"xi": 0.01}).xi
            0.01
        """
        known_names("CBO", "option", arguments, _ARGUMENTS)
        for argument, keys in _ARGUMENTS.items():
            given = arguments.get(argument)
            if keys and given is not None:
                instance_of("CBO", argument, given, Mapping, "a dictionary")
                known_names("CBO", f"key of {argument}", given, keys)
        values = {}
        for field in fields(cls):
            inside, accepted = field.metadata["inside"], field.metadata["accepted"]
            group = arguments if inside is None else arguments.get(inside) or {}
            values[field.name] = accepted.check("CBO", field.name, group.get(field.name, field.default))
        return cls(**values)

    def as_dict(self) -> dict[str, Any]:
        """Return the keyword arguments of CBO as plain JSON data.

        Dictionaries of options hold only those that differ from the defaults. A function is replaced by its name, and
        any other object by the name of its class.
        """
        arguments: dict[str, Any] = {}
        for field in fields(self):
            value, inside = _plain_option(getattr(self, field.name)), field.metadata["inside"]
            if inside is None:
                arguments[field.name] = value
            elif value != field.default:
                arguments[inside] = {**(arguments.get(inside) or {}), field.name: value}
            else:
                arguments.setdefault(inside, None)
        return arguments


def _keys_by_argument() -> dict[str, list[str]]:
    """Map CBO's arguments to the keys that they accept; there are none unless it is a dictionary of options."""
    keys: dict[str, list[str]] = {}
    for field in fields(Options):
        inside = field.metadata["inside"]
        keys.setdefault(inside or field.name, []).extend([field.name] if inside else [])
    return keys


_ARGUMENTS = _keys_by_argument()
_HOMES = {key: argument for argument, keys in _ARGUMENTS.items() for key in keys}
_RENAMED = {"max_failures": "max_total_failures"}


def moved(given: Mapping[str, Any]) -> dict[str, Any]:
    """Move options that were arguments of CBO once into the dictionaries of today; one warning shows the new line."""
    changed: dict[str, dict[str, Any]] = {}
    for name, value in given.items():
        key = _RENAMED.get(name, name)
        if (argument := _HOMES.get(key)) is None:
            continue
        inside = given.get(argument) or {}
        instance_of("CBO", argument, inside, Mapping, "a dictionary")
        group = changed.setdefault(argument, dict(inside))
        if key in group:
            raise TypeError(f"CBO: {key!r} is given twice; leave out the argument {name!r}, and keep {argument}.")
        group[key] = value
    if changed:
        line = ", ".join(f"{argument}={shown(group)}" for argument, group in changed.items())
        warn(f"CBO: options have moved; write CBO(problem, {line}).", DeprecationWarning)
    return {name: value for name, value in given.items() if _RENAMED.get(name, name) not in _HOMES} | changed


def _plain_option(value: Any) -> Any:
    if value is None or isinstance(value, (str, bool, int, float, list, tuple, Mapping)):
        return plain(value)
    return getattr(value, "__name__", type(value).__name__)


class OptionRow(NamedTuple):
    """One line of the table of options; its texts are Markdown."""

    name: str
    accepted: str
    default: str
    help: str


def options_table() -> list[OptionRow]:
    """List all options of CBO, in the order of its arguments."""
    return [
        OptionRow(_name(field), field.metadata["accepted"].text, f"`{field.default!r}`", field.metadata["help"])
        for field in fields(Options)
    ]


def _name(field: Field[Any]) -> str:
    inside = field.metadata["inside"]
    return field.name if inside is None else f'{inside}["{field.name}"]'


def options_as_markdown() -> str:
    """Write `docs/options.md`."""
    lines = [
        "# Options of CBO",
        "",
        "Written from the declarations in `src/deephyper/hpo/option_groups.py`. To write it again:",
        "",
        "```sh",
        "python -c 'import deephyper.hpo.option_groups as o; "
        'print(o.options_as_markdown(), end="")\' > docs/options.md',
        "```",
    ]
    for row in options_table():
        if row.name in _SECTIONS:
            heading = ["| option | accepted | default | meaning |", "|---|---|---|---|"]
            lines += ["", f"## {_SECTIONS[row.name]}", "", *heading]
        lines.append(f"| `{row.name}` | {row.accepted} | {row.default} | {row.help} |")
    return "\n".join(lines) + "\n"
