"""Old home of `deephyper.hpo.HpProblem`."""

from .hpo import HpProblem

__all__ = ["HpProblem"]
