"""What is believed about the objective: from rows and targets to mean and standard deviation anywhere."""

from .families import SURROGATES, Family
from .gaussian_process import GaussianProcess, condition
from .hyperparameters import fit
from .subsets import best_and_random
from .surrogate import Posterior, Slopes, Surrogate
from .targets import targets

__all__ = [
    "SURROGATES",
    "Family",
    "GaussianProcess",
    "Posterior",
    "Slopes",
    "Surrogate",
    "best_and_random",
    "condition",
    "fit",
    "targets",
]
