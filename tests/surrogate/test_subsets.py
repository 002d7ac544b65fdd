"""Of too many rows, the best are kept for sure, and the others by chance."""

import numpy as np

from deephyper.surrogate import best_and_random


def test_few_rows_are_all_kept():
    np.testing.assert_array_equal(best_and_random(np.arange(5.0), 5, np.random.default_rng(0)), np.arange(5))


def test_the_better_half_is_always_there_and_the_rest_changes():
    y = np.random.default_rng(0).normal(size=100)
    best = set(np.argsort(-y)[:10].tolist())

    first, second = (set(best_and_random(y, 20, np.random.default_rng(seed)).tolist()) for seed in (1, 2))

    assert len(first) == len(second) == 20
    assert best <= first and best <= second and first != second
