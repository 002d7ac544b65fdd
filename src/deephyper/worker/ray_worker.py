"""The side of an evaluation that runs in a worker of Ray."""

from __future__ import annotations

from typing import Any

import ray

from .channel import Channel
from .evaluation import Report, Task, evaluate_pickled

# What this process has fetched; it works for one search after the other.
_payloads: dict[str, bytes] = {}


def evaluate_put(name: str, put: list[Any], task: Task, channel: Channel | None) -> Report:
    """Run one evaluation of a function that lies in Ray's object store; the report is packed.

    Args:
        name: of the function.
        put: the reference of what `pickled` has made, in a list, so that Ray hands it over as it is. It is fetched once
            in each process.
        task: what to evaluate.
        channel: reports to the manager.
    """
    if name not in _payloads:
        _payloads.clear()
        _payloads[name] = ray.get(put[0])
    return evaluate_pickled(_payloads[name], task, channel)
