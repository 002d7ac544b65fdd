"""Where an evaluation stands, for both of its sides."""

from __future__ import annotations

from enum import Enum


class JobStatus(Enum):
    """Where an evaluation stands.

    A run-function sees RUNNING, and CANCELLING once nobody waits for its result any more. Its manager sees READY,
    RUNNING, and DONE or CANCELLED.
    """

    READY = "READY"
    RUNNING = "RUNNING"
    DONE = "DONE"
    CANCELLING = "CANCELLING"
    CANCELLED = "CANCELLED"
