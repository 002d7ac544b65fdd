"""The base class of callbacks."""

from __future__ import annotations

from collections.abc import Sequence

from ..job import Job


class Callback:
    """Base of all callbacks: every method does nothing unless a subclass overrides it.

    The methods are called in the thread that calls `search` or the evaluator. A callback that sets `stop_reason` to a
    text, or `search_stopped` to True, ends the search as soon as the running evaluations have ended. If a callback
    raises, its first error is logged and the search continues.

    Example:
        >>> from deephyper.evaluator import Evaluator
        >>> class Failures(Callback):
        ...     n = 0
        ...     def on_done(self, job):
        ...         self.n += job.is_failure
        >>> failures = Failures()
        >>> options = {"callbacks": [failures]}
        >>> with Evaluator.create(lambda job: job["x"] or "F_zero", method_kwargs=options) as evaluator:
        ...     jobs = evaluator.submit([{"x": 0}, {"x": 1}]) and evaluator.gather()
        >>> failures.n
        1
    """

    stop_reason: str | None = None
    search_stopped: bool = False

    def on_start(self, max_evals: int | None) -> None:
        """A search begins; it expects `max_evals` evaluations, or an unknown number if None."""

    def on_launch(self, job: Job) -> None:
        """A job is about to be handed to a worker."""

    def on_done(self, job: Job) -> None:
        """A job has ended with an objective or a failure; cancelled jobs only come to `on_gather`."""

    def on_done_other(self, job: Job) -> None:
        """A job of another member of the search has ended."""

    def on_gather(self, local_jobs: Sequence[Job], other_jobs: Sequence[Job]) -> None:
        """Jobs are handed back by `gather`, `cancel` or `close`: those of here, cancelled ones included, and others.

        Those of others were finished by other members of the search. A method of one argument gets those of here.
        """

    def on_close(self) -> None:
        """The search or the evaluator ends."""
