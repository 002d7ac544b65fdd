"""What is said once a search can suggest nothing more, or a call of `search` has ended."""

from __future__ import annotations

from .._checks import warn
from ..errors import ResultsNotWritten
from ..evaluator import Evaluator
from ..space import Space
from .ledger import Ledger

# How much later than its timeout a call may return without a word: seconds, and a share of the timeout.
_LATE_S, _LATE_SHARE = 1.0, 0.1
_EXHAUSTED = "every legal configuration of the search space has been proposed"
_NOTHING_NEW = "many draws have found no new legal configuration"
_NOTHING_LEGAL = "no legal configuration was found; look at the forbidden clauses and the constraint function"


def why_nothing_is_left(ledger: Ledger, space: Space) -> str:
    """Say why there is nothing to suggest."""
    if ledger.is_empty:
        return _NOTHING_LEGAL
    return _NOTHING_NEW if space.grid is None else _EXHAUSTED


def warn_of_lateness(where: str, evaluator: Evaluator, timeout: float | None, took: float) -> None:
    """Say why a call took longer than its timeout, where running evaluations cannot be ended.

    Args:
        where: name of the search class.
        evaluator: has run the evaluations.
        timeout: of the call, in seconds.
        took: how many seconds the call took.
    """
    if timeout is None or evaluator.keeps_deadlines or took - timeout < max(_LATE_S, _LATE_SHARE * timeout):
        return
    warn(
        f"{where}.search: the call took {took:.1f} s with timeout={timeout:g}, since a plain "
        "function on a serial evaluator cannot be ended while it runs; method 'process' ends it at the deadline: "
        "Evaluator.create(run, 'process', num_workers=1)."
    )


def refuse_unwritten(where: str, ledger: Ledger) -> None:
    """Raise ResultsNotWritten if rows are in memory only.

    Args:
        where: name of the search class.
        ledger: of the search.
    """
    if (problem := ledger.history.unwritten) is not None:
        raise ResultsNotWritten(
            f"{where}: {ledger.results} could not be written ({problem}); this error's `results` hold the "
            "table, which `results.to_csv(path)` writes elsewhere.",
            ledger.history.table(),
        )
