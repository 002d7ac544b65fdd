"""Whole searches of an optimizer on rows, for tests."""

import numpy as np


def run(optimizer, n, objective, batch=1):
    """Ask and tell until at least n rows are evaluated, so many at a time; the rows, (≥ n, d)."""
    found = []
    while sum(map(len, found)) < n:
        X = optimizer.ask(batch)
        optimizer.tell(X, objective(X))
        found.append(X)
    return np.concatenate(found)
