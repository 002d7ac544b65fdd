"""A search that is killed at any moment goes on from its folder and a store that has outlived it."""

from __future__ import annotations

import random
import subprocess
import sys
import textwrap
import time
from collections import Counter
from pathlib import Path

import pytest

from deephyper.hpo import HpProblem
from deephyper.results import read_csv
from deephyper.storage import FileStorage
from processes import PATIENCE_S, comes_true

N_EVALUATIONS = 30

SCRIPT = """
    import os, sys
    from deephyper.evaluator import Evaluator
    from deephyper.hpo import HpProblem, RandomSearch
    from deephyper.storage import FileStorage

    problem = HpProblem()
    problem.add_hyperparameter((0.0, 1.0), "x")

    def run(job):
        os.mkdir(f"began{job['job_id']}")
        return job["x"]

    method, n, total = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    options = {"storage": FileStorage("store"), "search_id": "mine", **({"num_workers": n} if n > 1 else {})}
    with Evaluator.create(run, method, options) as evaluator:
        search = RandomSearch(problem, evaluator, random_state=3, log_dir="log", checkpoint_restart=True)
        search.search(max_evals_total=total)
"""


def n_begun(folder: Path) -> int:
    return len(list(folder.glob("began*")))


@pytest.mark.slow
@pytest.mark.parametrize(("method", "n", "n_kills"), [("serial", 1, 2), ("thread", 4, 4)])
def test_nothing_is_lost_and_nothing_is_repeated_after_kills(tmp_path: Path, method: str, n: int, n_kills: int) -> None:
    chance = random.Random(n)
    script = [sys.executable, "-c", textwrap.dedent(SCRIPT), method, str(n), str(N_EVALUATIONS)]
    known: Counter[str] = Counter()
    for _ in range(n_kills):
        before, more = n_begun(tmp_path), chance.randint(1, 5)
        process = subprocess.Popen(script, cwd=tmp_path)
        assert comes_true(lambda n=before + more: n_begun(tmp_path) >= n)  # type: ignore[misc]
        time.sleep(chance.random() * 0.01)
        process.kill()
        process.wait()
        known = done_in_store(tmp_path)
    ended = subprocess.run(script, cwd=tmp_path, timeout=PATIENCE_S, check=False)

    problem = HpProblem()
    problem.add_hyperparameter((0.0, 1.0), "x")
    table = read_csv(tmp_path / "log" / "results.csv", problem)
    done = table[table.job_status == "DONE"]
    assert ended.returncode == 0
    assert len(done) >= N_EVALUATIONS - (len(table) - len(done))
    # Each number began once: `mkdir` would have raised.
    assert table.job_id.is_unique and (done.objective == done["p:x"]).all()
    assert {f"{row.job_id} {row.objective!r}" for row in done.itertuples()} >= set(known)
    assert done["p:x"].is_unique
    storage = FileStorage(tmp_path / "store")
    assert storage.open_jobs("mine") == []
    assert done_in_store(tmp_path).keys() == {f"{row.job_id} {row.objective!r}" for row in done.itertuples()}


def done_in_store(folder: Path) -> Counter[str]:
    records = FileStorage(folder / "store").records("mine")
    return Counter(f"{r['job_id']} {r['objective']!r}" for r in records if r["status"] == "DONE")
