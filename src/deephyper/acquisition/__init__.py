"""Where to look next: scores of rows, and the best new row under a score."""

from .candidates import any_new, first_new, legal_rows
from .functions import ACQUISITIONS, Acquisition, Score, upper_confidence_bound
from .landscape import Landscape, Prior
from .maximize import best_new_row

__all__ = [
    "ACQUISITIONS",
    "Acquisition",
    "Landscape",
    "Prior",
    "Score",
    "any_new",
    "best_new_row",
    "first_new",
    "legal_rows",
    "upper_confidence_bound",
]
