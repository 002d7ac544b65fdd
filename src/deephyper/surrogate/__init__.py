"""What is believed about the objective: from rows and targets to mean and standard deviation anywhere."""

from .data import Data
from .families import GAUSSIAN_PROCESS, SURROGATES, Family, family_of, settings_of
from .gaussian_process import GaussianProcess, condition
from .hyperparameters import PLAIN, WITH_ADDITIVE, Hyperparameters, Learned, learn, learn_labels, usual
from .penalties import has_penalty
from .subsets import best_and_random
from .success import SuccessModel
from .surrogate import Beliefs, Posterior, Slopes, Surrogate
from .targets import Warp, targets

__all__ = [
    "GAUSSIAN_PROCESS",
    "PLAIN",
    "SURROGATES",
    "WITH_ADDITIVE",
    "Beliefs",
    "Data",
    "Family",
    "GaussianProcess",
    "Hyperparameters",
    "Learned",
    "Posterior",
    "Slopes",
    "SuccessModel",
    "Surrogate",
    "Warp",
    "best_and_random",
    "condition",
    "family_of",
    "has_penalty",
    "learn",
    "learn_labels",
    "settings_of",
    "targets",
    "usual",
]
__dir__ = __all__.copy
