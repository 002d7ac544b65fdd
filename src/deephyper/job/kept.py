"""What a record of a job must hold before it is believed: others may have written it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from .._checks import is_number, shown
from .outcome import is_reason


def check_record(record: Mapping[str, Any]) -> None:
    """Raise ValueError if one of the fields of a record cannot be what `Job.record` has written."""
    for name, accepts in _FIELDS.items():
        if name not in record:
            raise ValueError(f"its record has no {name!r}")
        if not accepts(record[name]):
            raise ValueError(f"its {name!r} is {shown(record[name], 60)}")
    if record["status"] == "DONE" and record["objective"] is None:
        raise ValueError("it has ended without an objective")
    observations = record.get("observations", [])
    if not isinstance(observations, list) or not all(map(_is_observation, observations)):
        raise ValueError(f"its 'observations' are {shown(observations, 60)}")


def _is_finite(value: Any) -> bool:
    try:
        return is_number(value) and math.isfinite(value)
    except OverflowError:  # a whole number beyond all floats
        return False


def _is_time(value: Any) -> bool:
    return value is None or _is_finite(value)


def _is_objective(value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and all(map(_is_finite, value))
    if isinstance(value, str):
        return is_reason(value)
    return value is None or _is_finite(value)


def _is_observation(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and len(value) == 2 and all(map(is_number, value))


def _is_mapping(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(name, str) for name in value)


_FIELDS: dict[str, Callable[[Any], bool]] = {
    "parameters": _is_mapping,
    "status": lambda value: isinstance(value, str),
    "objective": _is_objective,
    "metadata": _is_mapping,
    "crashed": lambda value: isinstance(value, bool),
    "n_retries": lambda value: type(value) is int and value >= 0,
    "timestamp_submit": _is_time,
    "timestamp_start": _is_time,
    "timestamp_end": _is_time,
    "timestamp_gather": _is_time,
}
