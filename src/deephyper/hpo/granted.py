"""What a search takes of the allocation of a scheduler if the user does not say: how long it may last."""

from __future__ import annotations

import logging
import time

from ..cluster import Allocation, allocation, granted_cores
from ..evaluator import Evaluator

logger = logging.getLogger(__name__)

# So much of an allocation is left for the end of the search and whatever the script does after it.
_RESERVE_S = 120.0
# A search must have some time, or it would have no deadline.
_LEAST_S = 1e-3


def timeout_of(evaluator: Evaluator, timeout: float | None) -> float | None:
    """The timeout of a call: the user's, or what is left of the allocation less two minutes.

    Says in the log what was granted.

    Args:
        evaluator: runs the evaluations.
        timeout: what the user has passed, in seconds; None for nothing.
    """
    granted = allocation()
    if granted is None:
        return timeout
    end = granted.end
    logger.info("%s", _line(evaluator, granted, end))
    if timeout is not None or end is None:
        return timeout
    left = end - time.time() - _RESERVE_S
    if left <= 0:
        logger.warning("the allocation ends in less than %g s, which are kept for the end of the script", _RESERVE_S)
    return max(_LEAST_S, left)


def _line(evaluator: Evaluator, granted: Allocation, end: float | None) -> str:
    n_cores = max(1, granted_cores() // evaluator.num_workers)
    until = "" if end is None else time.strftime(", until %H:%M", time.localtime(end))
    return f"{evaluator.in_words()}, {n_cores} {'core' if n_cores == 1 else 'cores'} each{until} ({granted.scheduler})"
