"""How many threads evaluations may use that run in threads of this process, or on an executor of the user's."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from programs import output_of

PROGRAM = """
import json, sys, threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from threadpoolctl import threadpool_info, threadpool_limits
{imports}
from deephyper.evaluator import Evaluator

def there():
    return {{pool["user_api"]: pool["num_threads"] for pool in threadpool_info()}}

def run(job):
    import numpy, {library}
    return {{"objective": 0.0, "metadata": there()}}

if __name__ == "__main__":
    before = there()
    with Evaluator.create(run, {method}, {options}) as evaluator:
        evaluator.submit([{{}}, {{}}, {{}}])
        jobs = evaluator.gather("ALL")
    (same,) = {{(job.metadata["blas"], job.metadata["openmp"]) for job in jobs}}
    print(*same, there() == before)
"""
# A name that stands for the library of each of these programs, real or not.
LOADED = "import numpy, {library}"
REAL = "sklearn.ensemble"


def small_library(folder: Path) -> str:
    """Write a module that loads scikit-learn's OpenMP and nothing else, under a name that is known to bring one.

    To import scikit-learn itself takes seconds of CPU in every process.
    """
    spec = find_spec("sklearn")
    assert spec is not None and spec.origin is not None
    site = Path(spec.origin).parents[1]
    (file,) = [*site.glob("scikit_learn.libs/libgomp*"), *site.glob("sklearn/.dylibs/libomp*")]
    (folder / "lightgbm.py").write_text(f"import ctypes\nlibrary = ctypes.CDLL({str(file)!r})\n", encoding="utf-8")
    return "lightgbm"


def seen(folder: Path, method: str, options: str, imports: str = LOADED, library: str = "", **variables: str) -> str:
    library = library or small_library(folder)
    imports = imports.format(library=library)
    program = PROGRAM.format(method=method, options=options, imports=imports, library=library)
    return output_of(program, folder, {"OPENBLAS_NUM_THREADS": "2", **variables})


# Here OPENBLAS_NUM_THREADS is the user's, so only what was asked for changes the number for linear algebra.
@pytest.mark.slow
@pytest.mark.parametrize("n", [1, 3])
def test_threads_use_as_many_as_the_user_asks_for(tmp_path: Path, n: int) -> None:
    options = f"{{'num_workers': 2, 'threads_per_worker': {n}}}"

    assert seen(tmp_path, "'thread'", options, library=REAL) == f"{n} {n} True\n"


@pytest.mark.slow
def test_threads_share_the_cores_unless_a_variable_of_the_users_says_otherwise(tmp_path: Path) -> None:
    options = "{'num_workers': 1000}"

    assert seen(tmp_path, "'thread'", options) == "2 1 True\n"
    assert seen(tmp_path, "'thread'", options, OPENBLAS_NUM_THREADS="") == "1 1 True\n"
    assert seen(tmp_path, "'thread'", options, OMP_NUM_THREADS="2") == "2 2 True\n"


@pytest.mark.slow
def test_a_lower_limit_around_the_evaluations_stays(tmp_path: Path) -> None:
    program = """
    import numpy
    from threadpoolctl import threadpool_info, threadpool_limits
    from deephyper.evaluator import Evaluator

    def blas(job=None):
        return max(pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas")

    with Evaluator.create(blas, "thread", {"num_workers": 2, "threads_per_worker": None}) as evaluator:
        with threadpool_limits(1):
            evaluator.submit([{}])
            print(evaluator.gather("ALL")[0].objective, blas())
        print(blas())
    """

    limits = {"OPENBLAS_NUM_THREADS": None, "OMP_NUM_THREADS": None, "LOKY_MAX_CPU_COUNT": None}
    first, last = output_of(program, tmp_path, limits).splitlines()
    assert first == "1.0 1"
    assert int(last) >= 1


@pytest.mark.slow
@pytest.mark.parametrize("executor", ["ThreadPoolExecutor(2)", "ProcessPoolExecutor(2, get_context('spawn'))"])
@pytest.mark.parametrize("imports", [LOADED, ""], ids=["loaded before", "loaded by the evaluation"])
def test_executors_use_as_many_as_the_user_asks_for(tmp_path: Path, executor: str, imports: str) -> None:
    if executor.startswith("Thread") and not imports:
        pytest.skip("in threads, libraries that an evaluation loads are limited from the next one on")

    found = seen(tmp_path, executor, "{'num_workers': 2, 'threads_per_worker': 1}", imports)
    assert found.startswith("1 1 ")


@pytest.mark.slow
def test_executors_are_left_alone_unless_the_user_asks(tmp_path: Path) -> None:
    found = seen(tmp_path, "ProcessPoolExecutor(2, get_context('spawn'))", "{'num_workers': 1000}", OMP_NUM_THREADS="2")

    assert found == "2 2 True\n"


SEARCH = """
    import threading
    import numpy, scipy.linalg
    from threadpoolctl import ThreadpoolController
    from deephyper.evaluator import Evaluator
    from deephyper.hpo import CBO, HpProblem

    libraries = ThreadpoolController().select(user_api="blas")

    def there():
        (n,) = {library.num_threads for library in libraries.lib_controllers}
        return n

    def run(job):
        n = 1 + job.id % 3
        with libraries.limit(limits=n):
            numpy.linalg.svd(numpy.random.default_rng(0).random((60, 60)))
            return float(there() == n)

    problem = HpProblem()
    problem.add_hyperparameter((0.0, 1.0), "x")
    for before in (1, 2, 3):
        with libraries.limit(limits=before):
            with Evaluator.create(run, METHOD, {"num_workers": WORKERS}) as evaluator:
                results = CBO(problem, evaluator, random_state=1).search(max_evals=25)
                print(results.objective.astype(float).min(), there() == before)
"""


@pytest.mark.slow
@pytest.mark.parametrize(("method", "n_workers"), [("thread", 3), ("serial", 1)])
def test_after_a_search_the_limits_are_what_they_were_and_evaluations_have_had_their_own(
    tmp_path: Path, method: str, n_workers: int
) -> None:
    program = SEARCH.replace("METHOD", repr(method)).replace("WORKERS", str(n_workers))

    assert output_of(program, tmp_path, {"OPENBLAS_NUM_THREADS": "2"}) == "1.0 True\n" * 3
