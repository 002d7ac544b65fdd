"""Where to look next: scores of rows, and the best new rows under a score."""

from .batch import LARGEST_BLOCK, USUAL_BLOCK, block_of_new_rows, drawn_rows
from .candidates import any_new, around, first_new, legal_rows, prior_cells
from .functions import ACQUISITIONS, Acquisition, Aim, Score, plausible_maxima
from .landscape import Landscape, best_rows
from .maximize import MAXIMIZERS, Effort, Maximizer, best_new_rows
from .schedule import MEAN_KAPPA, USUAL_KAPPA, USUAL_XI, Bandit, Custom, Drawn, Fixed, PeriodicDecay, Schedule

__all__ = [
    "ACQUISITIONS",
    "LARGEST_BLOCK",
    "MAXIMIZERS",
    "MEAN_KAPPA",
    "USUAL_BLOCK",
    "USUAL_KAPPA",
    "USUAL_XI",
    "Acquisition",
    "Aim",
    "Bandit",
    "Custom",
    "Drawn",
    "Effort",
    "Fixed",
    "Landscape",
    "Maximizer",
    "PeriodicDecay",
    "Schedule",
    "Score",
    "any_new",
    "around",
    "best_new_rows",
    "best_rows",
    "block_of_new_rows",
    "drawn_rows",
    "first_new",
    "legal_rows",
    "plausible_maxima",
    "prior_cells",
]
__dir__ = __all__.copy
