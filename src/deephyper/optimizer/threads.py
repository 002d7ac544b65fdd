"""One thread for linear algebra and forests: its matrices are small, and the other cores belong to the evaluations.

A seed also fixes proposals only with a fixed number of threads: it decides how sums are split, and so their last
digits.
"""

from __future__ import annotations

from .._threads import limited as blas_threads

__all__ = ["blas_threads"]
