"""Where to look next: scores of rows, and the best new rows under a score."""

from .batch import LARGEST_BLOCK, block_of_new_rows
from .candidates import any_new, first_new, legal_rows
from .functions import ACQUISITIONS, Acquisition, Score, upper_confidence_bound
from .landscape import Landscape, Prior
from .maximize import best_new_row

__all__ = [
    "ACQUISITIONS",
    "LARGEST_BLOCK",
    "Acquisition",
    "Landscape",
    "Prior",
    "Score",
    "any_new",
    "best_new_row",
    "block_of_new_rows",
    "first_new",
    "legal_rows",
    "upper_confidence_bound",
]
