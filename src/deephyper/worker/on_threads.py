"""An evaluation in a process of the user's executor, with a limit for the threads of its libraries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from .._threads import Share, shared
from .channel import Channel
from .evaluation import Report, Task, environment, evaluate_pickled


class ThreadLimit(NamedTuple):
    """How many threads the libraries inside of one evaluation may use.

    Args:
        share: for libraries that are there already.
        variables: for those that are loaded meanwhile, which read them then.
    """

    share: Share
    variables: Mapping[str, str]


def evaluate_pickled_on(limit: ThreadLimit, payload: bytes, task: Task, channel: Channel | None = None) -> Report:
    """Run one evaluation of a pickled function, as `evaluate_pickled` does, within a limit."""
    with environment(limit.variables), shared(limit.share):
        return evaluate_pickled(payload, task, channel)
