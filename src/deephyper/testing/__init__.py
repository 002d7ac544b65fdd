"""Tests for your own backends and stores: subclass a contract, implement `make`, and run pytest.

    class TestMine(EvaluatorContract):
        def make(self, run_function, **options):
            return MyEvaluator(run_function, **options)

Nothing here imports pytest. Every test is a method that asserts.
"""

from .evaluators import EvaluatorContract
from .shared_stores import SharedStorageContract
from .stores import StorageContract

__all__ = ["EvaluatorContract", "SharedStorageContract", "StorageContract"]
__dir__ = __all__.copy
