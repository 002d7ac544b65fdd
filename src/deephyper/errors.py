"""Every exception that this package raises on purpose, and words for what users' objects raise.

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

import re
from typing import Any

_LONGEST_NAME, _LONGEST_REASON = 100, 300

__all__ = [
    "AllFailedError",
    "DeepHyperError",
    "FolderInUse",
    "MaximumJobsSpawnReached",
    "ResultsNotWritten",
    "RunFunctionError",
    "SearchSpaceExhausted",
]
__dir__ = __all__.copy


class DeepHyperError(Exception):
    """Base of all exceptions of this package."""


class RunFunctionError(DeepHyperError, TypeError):
    """A run-function cannot be used as it is."""


class SearchSpaceExhausted(DeepHyperError):
    """Every legal configuration of the search space has been proposed."""


class AllFailedError(DeepHyperError):
    """The first evaluations of a search all raised, lost their worker or returned no objective; see `results`."""

    def __init__(self, message: str, results: Any = None):
        super().__init__(message)
        self.results = results


class ResultsNotWritten(DeepHyperError, OSError):
    """A search has ended, and its table, `results`, could not be written to its file."""

    def __init__(self, message: str, results: Any = None):
        super().__init__(message)
        self.results = results


class FolderInUse(DeepHyperError, RuntimeError):
    """A search cannot be continued while another one writes in its folder."""


class MaximumJobsSpawnReached(DeepHyperError):
    """The evaluator was asked for more jobs than it may submit."""


# Whatever a user's object does when it is asked for its class or its text, these functions give a text.


def class_name(value: Any) -> str:
    """Name the class of a value, on one line."""
    # Not `type(value).__name__`: a metaclass may have a `__name__` of its own, which may raise.
    name: str = type.__dict__["__name__"].__get__(type(value))
    return shortened(re.sub(r"[^\w.\-]+", "_", name), _LONGEST_NAME)


def reason(error: BaseException) -> str:
    """Say in one short line what was raised."""
    try:
        text = " ".join(str(error).split())
    except BaseException:
        # The text is made by code of the user, which may raise anything, for example SystemExit.
        text = "(it has no text)"
    return shortened(f"{class_name(error)}: {text}" if text else class_name(error), _LONGEST_REASON)


def instead_of(value: Any, problem: str, error: BaseException | None = None) -> str:
    """Give the text that stands for a value of the user that cannot be kept.

    Args:
        value: the value.
        problem: what cannot be done with it.
        error: what was raised when that was tried.
    """
    return f"<{class_name(value)}: {problem}{'' if error is None else f' ({reason(error)})'}>"


def shortened(text: str, longest: int) -> str:
    """Cut a text in the middle if it is too long, and make it one that a file can hold."""
    n_left_out = len(text) - longest
    if n_left_out > 0:
        text = f"{text[: longest // 2]} … ({n_left_out} characters are left out) … {text[-longest // 2 :]}"
    # Half of a surrogate pair cannot be encoded.
    return text.encode(errors="backslashreplace").decode()
