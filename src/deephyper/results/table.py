"""The table that a search returns."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence, Set
from typing import Any, ClassVar, Self, final

import numpy as np
import pandas as pd

from .._arrays import Array, Mask
from .._cells import scalar
from .._checks import by_name
from ..job import METADATA, PARAMETER, Job, JobStatus, Objectives, Row, is_failure
from ..moo import pareto_mask
from .curves import Curves, curves_frame, in_all
from .kinds import Kinds, in_common, is_inactive, kind_of, original
from .objective import ObjectiveDtype, objective_column
from .showing import as_html, as_text
from .solution import SOLUTION

_PREFIXES = (PARAMETER, METADATA)
PARETO = "pareto_efficient"
_NAN = float("nan")
_NOTHING_KNOWN: Kinds = {}
# From what to write here to attributes that a history has elsewhere.
_INSTEAD = by_name(
    {
        "results.to_csv(path, index=False) writes the table to a file": "to_csv_complete to_csv_partial",
        "a search adds what it is told: search.tell([(configuration, objective)])": "extend set_num_objective",
        "results.best_parameters is the best configuration, and with CBO(problem, solution_selection='argmax_est') "
        "results.recommended_parameters is the one that the model believes to be the best": (
            "solution solution_history solution_selection"
        ),
        "several objectives have the column 'pareto_efficient'": "compute_pareto_efficiency pareto_efficient",
        "it is search.problem": "problem",
    }
)
_PYTHON = frozenset((int, float, str, bool, type(None)))


@final
class Results(pd.DataFrame):
    """One row per evaluation, in the order of gathering.

    Columns: `p:<name>` for each hyperparameter, `objective` (or `objective_0`, `objective_1`, …), `job_id`,
    `job_status`, `m:<key>` for times (seconds since the search began) and other metadata, and `pareto_efficient` with
    several objectives. `df.x0` and `df.timestamp_end` find `p:x0` and `m:timestamp_end`. `sol.p:<name>` and
    `sol.objective` say what was recommended when a row came, in tables of searches with `solution_selection`.
    `m:replay` is a text by which `search.replay` makes the suggestions of the search again.

    An evaluation that failed has a text that begins with "F" as its objective: `df.objective == "F_timeout"` and
    `df.objective.tolist()` show it. To everything that computes (`df.objective.max()`, `idxmax`, `sort_values`, `df[
    df.objective > 0.5]`, plots) it is a missing number, and `df.objective.isna()` is True for it, as for a cancelled
    one. `df.successes` and `df.failures` are the rows without and with such a text. In both cases `job_status` is
    `DONE`; a row that was cancelled is in neither of them.

    `print(df)` shows the objective and the hyperparameters first, and says which columns it leaves out;
    `df.to_string()` shows them all.

    Example:
        >>> from deephyper.results import Results
        >>> df = Results({"p:x": [0.5, 2.0, 3.0], "objective": [0.25, 4.0, "F_timeout"], "job_id": [0, 1, 2]})
        >>> df.x.tolist()
        [0.5, 2.0, 3.0]
        >>> len(df.successes), df.best.objective.item()
        (2, 4.0)
        >>> df.best_parameters
        {'x': 2.0}
    """

    # Read by pandas: what slices, copies and pickles of a table take along.
    _metadata: ClassVar[list[str]] = ["_kinds", "_curves"]
    _kinds: Kinds = _NOTHING_KNOWN
    _curves: Curves = ()

    @property
    def _constructor(self) -> Callable[..., Results]:
        return Results

    def __getattr__(self, name: str) -> Any:  # type: ignore[misc]  # the stubs call it final
        # Straight from the object's own index: going through `self.columns` would come back here while unpickling.
        manager = object.__getattribute__(self, "__dict__").get("_mgr")
        if manager is not None and not name.startswith("_") and name not in manager.axes[0]:
            if (column := _prefixed(name, manager.axes[0])) is not None:
                return self[column]
            if name in _INSTEAD:
                raise AttributeError(f"Results: there is no {name!r}; {_INSTEAD[name]}.", name=name, obj=self)
        return super().__getattr__(name)

    def __setattr__(self, name: str, value: Any) -> None:
        manager = object.__getattribute__(self, "__dict__").get("_mgr")
        if (
            manager is not None
            and not name.startswith("_")
            and not hasattr(type(self), name)
            and name not in self.columns
        ):
            column = _prefixed(name, self.columns) or name
            raise AttributeError(
                f"Results: {name!r} is no column that can be set as an attribute; write df[{column!r}] = … instead."
            )
        super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        # Attributes also find columns without their prefix.
        short = [name[2:] for name in map(str, self.columns) if name.startswith(_PREFIXES) and name[2:].isidentifier()]
        return sorted({name for name in (*super().__dir__(), *short) if not name.startswith("_")})

    @property
    def objective_names(self) -> list[str]:
        """Names of the objective's columns."""
        objectives = Objectives.of_columns(self.columns)
        return objectives.columns if objectives.are_in(self.columns) else []

    @property
    def successes(self) -> Results:
        """The rows with an objective to learn from: neither failed nor cancelled; their objectives are float64."""
        numbers = _numbers(self)
        is_success = _are_known(numbers)
        found = self.loc[is_success].copy()
        for name, column in zip(self.objective_names, numbers[is_success].T, strict=True):
            found[name] = column
        return found

    @property
    def failures(self) -> Results:
        """The rows that failed. `df.failures.objective.value_counts()` tells how often, by reason."""
        is_failed = np.zeros(len(self), bool)
        for name in self.objective_names:
            is_failed |= np.array([is_failure(value) for value in self[name]], bool)
        return self.loc[is_failed].copy()

    @property
    def best(self) -> Results:
        """The row with the highest objective; the Pareto set with several objectives."""
        found = self.successes
        if len(self.objective_names) > 1:
            return found[pareto_mask(found[self.objective_names])]
        return found.sort_values("objective", ascending=False, kind="stable").head(1)

    @property
    def best_parameters(self) -> dict[str, Any]:
        """The configuration with the highest objective: a dictionary, with the values that the run-function got.

        Inactive hyperparameters are absent.

        Raises:
            ValueError: no evaluation has succeeded, or there are several objectives and so several best rows.
        """
        if len(self.objective_names) > 1:
            raise ValueError(
                f"Results.best_parameters: it needs a single objective, and there are {len(self.objective_names)}, "
                "for which many rows are best; take one of results.best.configurations."
            )
        best = self.best
        if best.empty:
            raise ValueError(
                f"Results.best_parameters: it needs an evaluation that has succeeded, and none of the {len(self)} "
                "here has; look at the reasons in results.objective."
            )
        return best.configurations[0]

    @property
    def configurations(self) -> list[dict[str, Any]]:
        """The configuration of every row: a dictionary, with the values that the run-function got.

        Inactive hyperparameters are absent. Whole numbers are such, also where the column holds floats because other
        cells of it are empty.
        """
        return self._configurations(PARAMETER)

    def _configurations(self, prefix: str) -> list[dict[str, Any]]:
        """The configurations that stand in the columns with a prefix, one for every row."""
        names = [name for name in self.columns if isinstance(name, str) and name.startswith(prefix)]
        columns = {name.removeprefix(prefix): (self[name].tolist(), self._kinds.get(name)) for name in names}
        return [
            {name: original(values[i], kind) for name, (values, kind) in columns.items() if not is_inactive(values[i])}
            for i in range(len(self))
        ]

    @property
    def recommended_parameters(self) -> dict[str, Any]:
        """The configuration that the last row recommends: a dictionary, with the values that the run-function got.

        It stands in the columns `sol.p:<name>` of tables of searches with `solution_selection="argmax_est"`, for which
        it is the evaluated configuration of which the model believed most, or `"argmax_obs"`, the best observed one.

        Raises:
            ValueError: the table has no such columns, or there was nothing to recommend.
        """
        last = self.tail(1)._configurations(SOLUTION + PARAMETER)
        if not last or not last[0]:
            raise ValueError(
                "Results.recommended_parameters: it needs an evaluation that has succeeded, of a search that says what "
                "it recommends; make it with CBO(problem, solution_selection='argmax_est'), or take best_parameters."
            )
        return last[0]

    @property
    def jobs(self) -> list[Job]:
        """The evaluations as jobs, as far as their rows tell: `for parameters, objective in results.jobs` has them all.

        Parameters have the values that the run-function got, an objective is a number, a tuple, the reason of a failure
        or None, and `metadata` and `observations` hold what else was returned and recorded.
        """
        objectives, curves, found = Objectives.of_columns(self.columns), dict(self._curves), []
        for k, (row, parameters) in enumerate(zip(self.to_dict("records"), self.configurations, strict=True)):
            values = {PARAMETER + name: value for name, value in parameters.items()}
            known = {"job_id": k, "job_status": JobStatus.DONE.value, **dict.fromkeys(objectives.columns, _NAN)}
            found.append(Job.from_row({**known, **row, **values}, list(parameters), objectives))
            found[-1].observations = list(curves.get(found[-1].id, ()))
        return found

    @property
    def num_objective(self) -> int | None:
        """How many objectives there are; None while the table has no row."""
        return len(self.objective_names) if len(self) else None

    def to_dataframe(self) -> pd.DataFrame:
        """The same table as a plain DataFrame of pandas, in which failures stand as texts beside numbers."""
        return _with_reasons(self).copy()

    @property
    def curves(self) -> pd.DataFrame:
        """What the evaluations of these rows recorded with `job.record(budget, objective)`: one row for every value.

        The columns are `job_id`, `budget` and `objective`; evaluations follow each other as they were gathered, and
        the values of each as they were recorded. Those that failed, were killed or were cancelled are there with what
        had arrived by then. Slices, copies, pickles and concatenations of a table keep the curves of their rows.

        The curves are in the records of the search's store, and not in `results.csv`: after `checkpoint_restart`, what
        was recorded before is here if the store has kept it, and is missing if the store was in the memory of the
        process that has ended.
        """
        is_known = "job_id" in self.columns and self.columns.nlevels == 1
        return curves_frame(self._curves, set(self["job_id"]) if is_known else None)

    # What pandas calls.

    def __finalize__(self, other: Any, method: str | None = None, **kwargs: Any) -> Self:
        found: Self = super().__finalize__(other, method, **kwargs)  # type: ignore[misc]  # the stubs do not know it
        parts = getattr(other, "input_objs", None) or getattr(other, "objs", None)
        sides = [getattr(other, side, None) for side in ("left", "right")]
        known = [part._kinds for part in parts or sides if isinstance(part, Results)]
        if known:
            found._kinds = in_common(known)
            found._curves = in_all(part._curves for part in parts or sides if isinstance(part, Results))
        return found

    def __repr__(self) -> str:
        if not _is_shown_our_way(self):
            return super().__repr__()
        return as_text(pd.DataFrame(self), self.objective_names)

    def _repr_html_(self) -> str | None:
        if not _is_shown_our_way(self) or not pd.get_option("display.notebook_repr_html"):
            return super()._repr_html_()  # type: ignore[misc,no-any-return]  # the stubs do not know it
        return as_html(pd.DataFrame(self), self.objective_names)

    def to_csv(self, *args: Any, **kwargs: Any) -> Any:
        """Write the table as CSV, as `DataFrame.to_csv` does; the reasons of failures are written too."""
        return _with_reasons(self).to_csv(*args, **kwargs)

    def to_dict(self, *args: Any, **kwargs: Any) -> Any:
        """Turn the table into a dictionary, as `DataFrame.to_dict` does; the reasons of failures are there too."""
        return _with_reasons(self).to_dict(*args, **kwargs)

    def eval(self, expr: str, **kwargs: Any) -> Any:
        """Evaluate an expression, as `DataFrame.eval` does; without texts in it, objectives are numbers."""
        kwargs["level"] = kwargs.pop("level", 0) + 1
        if "'" not in expr and '"' not in expr:
            mixed = {self.columns[k]: self.iloc[:, k].astype(float) for k in _places_of_failures(self)}
            kwargs["resolvers"] = (mixed, *kwargs.get("resolvers", ()))
        return super().eval(expr, **kwargs)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        if dtype is not None and np.dtype(dtype).kind == "f" and _places_of_failures(self):
            return self.to_numpy(dtype=dtype)
        return super().__array__(dtype, copy)

    def to_json(self, *args: Any, **kwargs: Any) -> Any:
        """Write the table as JSON, as `DataFrame.to_json` does; the reasons of failures are written too."""
        return _with_reasons(self).to_json(*args, **kwargs)


def table_of(rows: Sequence[Row], names: Sequence[str], objectives: Objectives, curves: Curves = ()) -> Results:
    """Gather flat rows in a table.

    Args:
        rows: evaluations, in the order of gathering.
        names: all hyperparameters, in order of definition.
        objectives: those of the search.
        curves: what the evaluations recorded on the way.
    """
    first = [PARAMETER + name for name in names] + objectives.columns + ["job_id", "job_status"]
    columns = list(dict.fromkeys(first + [name for row in rows for name in row if name != PARETO]))
    cells = {name: _python_values([row.get(name, _NAN) for row in rows]) for name in columns}
    made = {name: objective_column if name in objectives.columns else column for name in columns}
    table = Results({name: make(cells[name]) for name, make in made.items()}, columns=columns)
    of_parameters = [start + name for start in (PARAMETER, SOLUTION + PARAMETER) for name in names]
    kinds = {name: kind_of(cells[name]) for name in of_parameters if name in cells}
    table._kinds, table._curves = {name: kind for name, kind in kinds.items() if kind is not None}, curves
    if len(objectives.columns) > 1:
        table[PARETO] = _pareto_efficient(table)
    return table


def column(values: Sequence[Any]) -> pd.Series[Any]:
    """Make a column that keeps its values: only numbers, or only bools, as such; all others as the objects they are."""
    kept = _python_values(values)
    types = set(map(type, kept))
    if types and (types == {bool} or (types <= {int, float} and _are_floats_or_all_whole(kept, types))):
        # Not every whole number fits beside an empty cell, which makes floats of them.
        with contextlib.suppress(OverflowError):
            return pd.Series(kept)
    return pd.Series(kept, dtype=object)


def _python_values(values: Sequence[Any]) -> list[Any]:
    """The values with Python scalars for those of other libraries."""
    return list(values) if _PYTHON.issuperset(map(type, values)) else [scalar(value) for value in values]


# The largest whole number up to which floats hold every one.
_LARGEST_EXACT = 2**53


def _are_floats_or_all_whole(values: Sequence[float], types: Set[type]) -> bool:
    """Whether numbers stay what they are in a column of numpy: not a large whole number beside a float."""
    return len(types) == 1 or not any(type(value) is int and abs(value) > _LARGEST_EXACT for value in values)


def _is_shown_our_way(table: Results) -> bool:
    return not table.empty and table.columns.nlevels == 1 and bool(table.objective_names)


def _places_of_failures(table: pd.DataFrame) -> list[int]:
    """Places of the columns that hold failures beside numbers."""
    return [k for k, dtype in enumerate(table.dtypes) if isinstance(dtype, ObjectiveDtype)]


def _with_reasons(table: pd.DataFrame) -> pd.DataFrame:
    """The same table, whose objectives are plain objects where there are failures: what writes files sees texts."""
    plain = pd.DataFrame(table)
    for place in _places_of_failures(table):
        plain.isetitem(place, plain.iloc[:, place].astype(object).array)
    return plain


def _numbers(table: Results) -> Array:
    """The objectives of a table, (n, m); NaN for failures and cancelled evaluations."""
    objectives = Objectives.of_columns(table.columns)
    columns = objectives.numbers(table) if table.objective_names else []
    return np.array(columns, np.float64).reshape(len(columns), len(table)).T


def _are_known(numbers: Array) -> Mask:
    return np.asarray(~np.isnan(numbers).any(axis=1), bool)


def _pareto_efficient(table: Results) -> Mask:
    numbers = _numbers(table)
    is_success = _are_known(numbers)
    efficient = is_success.copy()
    efficient[is_success] = pareto_mask(numbers[is_success])
    return efficient


def _prefixed(name: str, columns: pd.Index[Any]) -> str | None:
    """The column that a name without its prefix stands for; None if there is none."""
    return next((prefix + name for prefix in _PREFIXES if prefix + name in columns), None)
