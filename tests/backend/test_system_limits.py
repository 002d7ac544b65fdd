"""What the system refuses to workers is one sentence, with the number that is needed, and never a hang."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from programs import PATIENCE_S, output_of

resource = pytest.importorskip("resource")

PROGRAM = """
import multiprocessing, os, resource, sys, time
from deephyper.evaluator import Evaluator

def search(n_workers):
    import deephyper.backend.lanes, psutil, loky.process_executor
    try:
        with Evaluator.create(abs_of, "process", {{"num_workers": n_workers}}) as evaluator:
            evaluator.submit([{{"x": x}} for x in range(n_workers)])
            print(sorted(job.objective for job in evaluator.gather("ALL")), flush=True)
    except Exception as error:
        print(type(error).__name__, error, flush=True)

def abs_of(job):
    time.sleep(job.get("seconds", 0))
    return abs(job["x"])

if __name__ == "__main__":
    {what}
"""


def printed(folder: Path, what: str) -> str:
    return output_of(PROGRAM.format(what=what), folder)


@pytest.mark.slow
def test_too_few_open_files_are_told_with_the_number_that_is_needed(tmp_path: Path) -> None:
    limited = "resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100)); search({})"
    sentence = printed(tmp_path, limited.format(20))

    found = re.fullmatch(
        r"RuntimeError ProcessEvaluator: num_workers=20 needs about (\d+) open files, and this process may have 100; "
        r"lower it to (\d+), or raise the limit \(ulimit -n (\d+), or those of the container\)\.\n",
        sentence,
    )
    assert found is not None, sentence
    assert 300 < int(found[1]) == int(found[3]) < 400
    # What is advised works.
    n = int(found[2])
    assert printed(tmp_path, limited.format(n)) == f"{[float(x) for x in range(n)]}\n"


@pytest.mark.slow
def test_a_soft_limit_of_open_files_is_raised(tmp_path: Path) -> None:
    what = "resource.setrlimit(resource.RLIMIT_NOFILE, (60, resource.getrlimit(resource.RLIMIT_NOFILE)[1])); search(4)"

    assert printed(tmp_path, what) == "[0.0, 1.0, 2.0, 3.0]\n"


@pytest.mark.slow
def test_files_that_run_out_later_are_told_as_well(tmp_path: Path) -> None:
    what = """
    resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))
    with Evaluator.create(abs_of, "process", {"num_workers": 2}) as evaluator:
        evaluator.submit([{"x": 1}])
        evaluator.gather("ALL")
        files = [open(os.devnull) for _ in range(100 - len(os.listdir("/dev/fd")))]
        try:
            # The first one must last, since the second one would take its worker otherwise.
            evaluator.submit([{"x": 1, "seconds": 60}, {"x": 2}])
        except RuntimeError as error:
            print(error)
        for file in files:
            file.close()
    print("closed")
    """
    text = printed(tmp_path, what.replace("\n    ", "\n    ").strip())

    assert re.search(r"^ProcessEvaluator: a worker of num_workers=2 cannot be started .*: each worker needs 14 ", text)
    assert text.endswith("closed\n")


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "setresuid") or os.getuid() != 0, reason="only the superuser can become another")
def test_too_few_processes_are_told_with_the_number_that_is_needed(tmp_path: Path) -> None:
    # All that is imported later must be there already: another user may not read it.
    what = """
    import deephyper.backend.lanes, psutil, loky.process_executor
    import multiprocessing.synchronize
    os.setresuid(54321, 54321, 54321)
    resource.setrlimit(resource.RLIMIT_NPROC, (20, 20))
    search(10)
    """
    sentence = printed(tmp_path, what.strip())

    assert re.fullmatch(
        r"RuntimeError ProcessEvaluator: num_workers=10 needs about \d+ processes and threads, \d+ that are there "
        r"included, and the system allows 20; lower it to 2, or raise the limit \(ulimit -u \d+\)\.\n",
        sentence,
    ), sentence


@pytest.mark.slow
@pytest.mark.parametrize(
    "way", ["multiprocessing.Process(target=search, args=(1,), daemon=True)", "multiprocessing.Pool(1)"]
)
def test_a_daemonic_manager_is_told_what_to_do(tmp_path: Path, way: str) -> None:
    started = f"child = {way}; child.start(); child.join()"
    pooled = f"pool = {way}; pool.apply_async(search, (1,)).get(60); pool.terminate()"
    sentence = printed(tmp_path, pooled if "Pool" in way else started)

    assert sentence.startswith("RuntimeError ProcessEvaluator: this process is a daemonic one of multiprocessing, ")
    assert "use method 'thread' or 'serial' here, or start this process with daemon=False" in sentence


@pytest.mark.slow
@pytest.mark.parametrize("mount", ["-t tmpfs -o size=4k,nr_inodes=3 tmpfs", "-t tmpfs -o ro tmpfs", "-t proc proc"])
def test_missing_or_full_shared_memory_is_told(tmp_path: Path, mount: str) -> None:
    alone = f"mount {mount} /dev/shm && exec"
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-m", "sh", "-c", f"{alone} true"]).returncode:
        pytest.skip("nobody may mount anything here")
    (tmp_path / "script.py").write_text(PROGRAM.format(what="search(1)"))
    ended = subprocess.run(
        ["unshare", "-m", "sh", "-c", f"{alone} {sys.executable} script.py"],
        cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE_S,
    )  # fmt: skip

    assert ended.stdout.startswith("RuntimeError ProcessEvaluator: a worker of num_workers=1 cannot be started (")
    assert "in /dev/shm; mount it, free some, or enlarge it (docker run --shm-size=1g)" in ended.stdout
