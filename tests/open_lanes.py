"""Lanes for tests, and what was submitted to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

from deephyper.backend import Switchboard, Work
from deephyper.backend.lanes import Lanes
from deephyper.worker import Report, Task


class Open:
    """Open lanes, and what was submitted to them."""

    def __init__(self, lanes: Lanes, function: Callable[..., Any], n: int):
        self.lanes, self.switchboard = lanes, Switchboard()
        self.observations: list[list[tuple[float, float]]] = []
        lanes.open(Work("test", function, {}), n, self.switchboard)

    def submit(self, x: Any) -> Future[Report]:
        self.observations.append([])
        ticket = self.switchboard.open(self.observations[-1])
        return self.lanes.submit(Task(ticket, ticket, {"x": x}))


@contextmanager
def opened(function: Callable[..., Any], n: int = 2, **options: Any) -> Iterator[Open]:
    lanes = Lanes("test", **options)
    try:
        yield Open(lanes, function, n)
    finally:
        lanes.close()
