"""The search space as the user declares it."""

from .._missing import refuse_names
from .configspace import dimension_of
from .given import legal_configuration
from .problem import HpProblem
from .short_forms import hyperparameter_of as check_hyperparameter

__all__ = ["HpProblem", "check_hyperparameter", "dimension_of", "legal_configuration"]
__dir__ = __all__.copy

refuse_names(__name__)
