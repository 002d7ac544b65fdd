"""Every exception that this package raises on purpose.

    DeepHyperError
    ├── RunFunctionError           a run-function cannot be used as it is (also a TypeError)
    ├── SearchSpaceExhausted       every legal configuration has been proposed
    ├── AllFailedError             the first evaluations all ended without an objective; `.results` holds their rows
    ├── ResultsNotWritten          the table could not be written to its file; `.results` holds it (also an OSError)
    ├── FolderInUse                another search writes in the folder that was to be continued (also a RuntimeError)
    └── MaximumJobsSpawnReached    an evaluator was asked for more jobs than it may submit

Bad arguments raise `ValueError` or `TypeError` with one sentence: where, what is accepted, what came, what to do.
"""

from __future__ import annotations

from typing import Any

__all__ = ["AllFailedError", "DeepHyperError", "MaximumJobsSpawnReached", "RunFunctionError", "SearchSpaceExhausted"]


def __dir__() -> list[str]:
    return __all__


class DeepHyperError(Exception):
    """Base of all exceptions of this package."""


class RunFunctionError(DeepHyperError, TypeError):
    """A run-function cannot be used as it is."""


class SearchSpaceExhausted(DeepHyperError):
    """Every legal configuration of the search space has been proposed."""


class AllFailedError(DeepHyperError):
    """The first evaluations of a search all raised, lost their worker or returned no objective.

    Args:
        message: one sentence, then what came of the first one.
        results: the table of these evaluations.
    """

    def __init__(self, message: str, results: Any = None):
        super().__init__(message)
        self.results = results


class ResultsNotWritten(DeepHyperError, OSError):
    """A search has ended, and its table could not be written to its file.

    Args:
        message: one sentence with the file and the reason.
        results: the table.
    """

    def __init__(self, message: str, results: Any = None):
        super().__init__(message)
        self.results = results


class FolderInUse(DeepHyperError, RuntimeError):
    """A search cannot be continued while another one writes in its folder."""


class MaximumJobsSpawnReached(DeepHyperError):
    """The evaluator was asked for more jobs than it may submit."""
