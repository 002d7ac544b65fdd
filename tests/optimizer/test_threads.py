"""Linear algebra runs on one thread inside, whoever asks, and on as many as before afterwards."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from deephyper._draws import Draws
from deephyper.optimizer import BayesianOptimizer, Settings, propose
from deephyper.space import Real, Space

LIMITED = """
from concurrent.futures import ThreadPoolExecutor
import numpy, scipy.linalg
from threadpoolctl import threadpool_info
from deephyper._threads import limited

def threads():
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}

def threads_inside():
    with limited():
        return threads()

with ThreadPoolExecutor(4) as pool:
    print(threads(), threads_inside(), *(f.result() for f in [pool.submit(threads_inside) for _ in range(8)]),
    threads())
"""


def printed_by(script, n_threads):
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": n_threads, "OMP_NUM_THREADS": n_threads}
    ended = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    return ended.stdout


@pytest.mark.slow
def test_the_limit_holds_in_every_thread_and_is_lifted_afterwards():
    # In a process of its own, which may use two threads, whatever this one may; where there is one core, nobody may.
    most = f"{{{min(2, os.cpu_count() or 1)}}}"

    assert printed_by(LIMITED, "2").split() == [most, *9 * ["{1}"], most]


def test_another_thread_proposes_the_very_same_rows():
    optimizer = BayesianOptimizer(Settings(Space([Real(f"x{j}", 0, 1) for j in range(4)]), Draws(0)))
    X = np.random.default_rng(0).random((30, 4))
    optimizer.restore(X, -np.square(X - 0.4).sum(axis=1), 30)
    snapshot = optimizer.snapshot()

    here = propose(snapshot, 3).rows
    with ThreadPoolExecutor(4) as pool:
        there = [future.result().rows for future in [pool.submit(propose, snapshot, 3) for _ in range(4)]]

    for rows in there:
        np.testing.assert_array_equal(rows, here)


PROPOSALS = """
import numpy as np
from deephyper._draws import Draws
from deephyper.optimizer import BayesianOptimizer, Settings
from deephyper.space import Real, Space

optimizer = BayesianOptimizer(Settings(Space([Real(f"x{j}", 0, 1) for j in range(6)]), Draws(0)))
X = np.random.default_rng(0).random((250, 6))
optimizer.tell(X, np.where(X[:, 0] > 0.8, np.nan, -np.square(X - 0.4).sum(axis=1)))
rows = np.concatenate([optimizer.ask(1), optimizer.ask(20)])
print(rows.tobytes().hex())
"""


@pytest.mark.slow
def test_the_number_of_threads_that_the_process_may_use_changes_no_digit():
    assert printed_by(PROPOSALS, "1") == printed_by(PROPOSALS, "4") != ""
