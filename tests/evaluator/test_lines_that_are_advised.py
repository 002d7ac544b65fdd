"""The line that a sentence advises for a method that is not built in runs as it is written there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from deephyper.evaluator import Evaluator

SCRIPT = """
import {package}
from deephyper.evaluator import Evaluator

def run(job):
    return job["x"]

if __name__ == "__main__":
    with {line} as evaluator:
        evaluator.submit([{{"x": 1}}, {{"x": 2}}])
        print(sorted(job.objective for job in evaluator.gather("ALL")))
"""


def line_for(method: str) -> str:
    with pytest.raises(ValueError, match="it is not built in; pass") as raised:
        Evaluator.create(len, method)
    found = re.search(r"Evaluator\.create\(.*?num_workers=8\)", str(raised.value))
    assert found is not None
    return found[0]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "package", "start"),
    [
        ("mpipool", "mpi4py.futures", ["mpiexec", "-n", "3", "python", "-m", "mpi4py.futures"]),
    ],
)
def test_the_line_that_is_advised_runs(method: str, package: str, start: list[str], tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(package=package, line=line_for(method)))
    programs = {"python": sys.executable, "mpiexec": str(Path(sys.executable).with_name("mpiexec"))}
    command = [*(programs.get(word, word) for word in start), str(script)]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=240)

    assert "[1.0, 2.0]" in ended.stdout, ended.stderr
