"""The search space as the user declares it."""

from .configspace import dimension_of
from .given import legal_configuration, legal_row
from .problem import HpProblem

__all__ = ["HpProblem", "dimension_of", "legal_configuration", "legal_row"]


def __dir__() -> list[str]:
    return __all__
