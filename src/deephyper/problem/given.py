"""Configurations as users pass them: dictionaries, or rows of a table; checked, and turned into the declared types."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from .._arrays import Array
from .._checks import did_you_mean, instance_of, is_number, quoted
from ..job import PARAMETER
from ..space import Constant, Space


def parameters_of(space: Space, configuration: Any, where: str) -> Mapping[str, Any]:
    """The hyperparameters of what a user passes as a configuration.

    A row of a table of results has them in the columns `p:…`, beside objective and job number.

    Raises:
        TypeError: it is neither a dictionary nor a row of a table.
    """
    if isinstance(configuration, pd.Series):
        configuration = configuration.to_dict()
    if isinstance(configuration, pd.DataFrame):
        raise TypeError(
            f"{where}: a configuration must be a dictionary of parameters, got a table of {len(configuration)} rows; "
            "take one of its rows, such as table.iloc[0]."
        )
    instance_of(where, "a configuration", configuration, Mapping, "a dictionary of parameters")
    columns = {PARAMETER + name: name for name in space.names}
    is_row = any(key in columns and key not in space.names for key in configuration)
    if not is_row or any(key in space.names for key in configuration):
        return dict(configuration)
    starts = (key for key in configuration if isinstance(key, str) and key.startswith(PARAMETER))
    return {columns.get(key, key): configuration[key] for key in starts}


def legal_configuration(space: Space, configuration: Any, where: str) -> tuple[Array, dict[str, Any]]:
    """Give the row of a configuration, (1, d), and its active hyperparameters with the values that the user wrote.

    Values become what is declared: a whole number written as 3.0 is 3, a choice is the user's own object. What was
    encoded and decoded may differ in the last digits, so real numbers are kept. A constant may be left out.

    Args:
        space: what may be tried.
        configuration: a dictionary, or a row of a table; whatever inactive hyperparameters hold is left out.
        where: the subject of the error, such as "CBO: initial_points[0]".

    Raises:
        TypeError: it is neither.
        ValueError: it has a name or a value that it must not have, or it is ruled out.
    """
    parameters = parameters_of(space, configuration, where)
    for name in parameters:
        if name not in space.names:
            near = did_you_mean(name, space.names)
            raise ValueError(f"{where}: unknown hyperparameter {name!r}; known are {quoted(space.names)}.{near}")
    row = space.encode([parameters], where)
    active = space.decode(row)[0]
    _refuse_other_constants(space, active, parameters, where)
    if not space.legal(row)[0]:
        raise ValueError(
            f"{where}: {dict(parameters)!r} is ruled out by a forbidden clause or by the constraint function."
        )
    declared = {dimension.name: dimension for dimension in space.dimensions}
    return row, {
        name: value if _is_missing(parameters.get(name)) else declared[name].read(parameters[name])
        for name, value in active.items()
    }


def _refuse_other_constants(space: Space, active: Mapping[str, Any], parameters: Mapping[str, Any], where: str) -> None:
    """Rows have no columns for constants, so nothing else looks at their values."""
    for dimension in space.dimensions:
        value = parameters.get(dimension.name)
        if isinstance(dimension, Constant) and dimension.name in active and not _is_missing(value):
            try:
                dimension.encode([value])
            except ValueError as error:
                raise ValueError(f"{where}: {error}") from None


def _is_missing(value: Any) -> bool:
    return value is None or (is_number(value) and math.isnan(value))
