"""Code in a worker finds what it finds in its manager."""

from __future__ import annotations

from pathlib import Path

import pytest

from programs import output_of

# Prints what every evaluation returns, and where the worker looks for modules.
PROGRAM = """
import os, sys
{prelude}
from deephyper.evaluator import Evaluator

def run(job):
    import json, numpy, queue, random, types
    return {{"objective": random.Random(0).random() * 0, "metadata": {{"path": sys.path, "cwd": os.getcwd()}}}}

{before}
with Evaluator.create(run, "process", {{"num_workers": 2}}) as evaluator:
    evaluator.submit([{{}}, {{}}, {{}}])
    jobs = evaluator.gather("ALL")
print(*(job.objective for job in jobs))
print(all(job.metadata == {{"path": sys.path, "cwd": os.getcwd()}} for job in jobs))
"""
FINE = "0.0 0.0 0.0\nTrue\n"


@pytest.fixture
def occupied(tmp_path: Path) -> Path:
    """A folder of the user's with scripts that are named like modules."""
    folder = tmp_path / "occupied"
    folder.mkdir()
    for name in ("random", "queue", "types", "json", "numpy", "logging", "signal", "psutil", "cloudpickle", "runpy"):
        (folder / f"{name}.py").write_text("raise SystemExit('this is a script of the user')")
    (folder / "loky").mkdir()
    (folder / "loky" / "__init__.py").write_text("raise SystemExit('this is a package of the user')")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("flags", [[], ["-P"], ["-I"]])
def test_names_in_the_working_directory_do_no_harm_to_a_script_from_elsewhere(
    occupied: Path, tmp_path: Path, flags: list[str]
) -> None:
    (tmp_path / "elsewhere.py").write_text(PROGRAM.format(prelude="", before=""))

    assert output_of([*flags, str(tmp_path / "elsewhere.py")], occupied) == FINE


@pytest.mark.slow
def test_names_in_the_working_directory_do_no_harm_to_a_safe_path(occupied: Path) -> None:
    assert output_of(["-P", "-c", PROGRAM.format(prelude="", before="")], occupied) == FINE


@pytest.mark.slow
@pytest.mark.parametrize(
    "before",
    ["os.chdir('occupied')", "sys.path.insert(0, 'occupied')", "sys.path.insert(0, os.path.abspath('occupied'))"],
)
def test_what_was_loaded_before_it_was_hidden_is_found_by_workers_too(
    occupied: Path, tmp_path: Path, before: str
) -> None:
    # The empty entry of `python -c` stands for the working directory, whatever it is by then.
    prelude = "import json, numpy, queue, random, types, deephyper.hpo, loky.process_executor"

    assert output_of(["-c", PROGRAM.format(prelude=prelude, before=before)], tmp_path) == FINE


@pytest.mark.slow
def test_names_on_the_path_of_the_environment_do_no_harm_to_one_who_ignores_it(occupied: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere.py").write_text(PROGRAM.format(prelude="", before=""))

    assert output_of(["-E", str(tmp_path / "elsewhere.py")], tmp_path, {"PYTHONPATH": str(occupied)}) == FINE


@pytest.mark.slow
def test_modules_in_the_working_directory_are_found_after_a_change_of_directory(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "mine.py").write_text("VALUE = 7")
    program = """
import os
from deephyper.evaluator import Evaluator
os.chdir("project")
import mine
with Evaluator.create(lambda job: __import__("mine").VALUE, "process") as evaluator:
    evaluator.submit([{}])
    print(evaluator.gather("ALL")[0].objective)
"""

    assert output_of(["-c", program], tmp_path) == "7.0\n"


@pytest.mark.slow
def test_packages_that_only_the_manager_knows_of_are_found(tmp_path: Path) -> None:
    # As from an archive or an editable folder: the interpreter alone would not find them.
    program = """
import sys
with open("packages") as file:
    sys.path[1:1] = file.read().split()
from deephyper.evaluator import Evaluator
with Evaluator.create(len, "process") as evaluator:
    evaluator.submit([{}])
    print(evaluator.gather("ALL")[0].objective)
"""
    import site

    import deephyper

    (tmp_path / "packages").write_text("\n".join([str(Path(deephyper.__file__).parents[1]), *site.getsitepackages()]))

    assert output_of(["-S", "-c", program], tmp_path) == "0.0\n"


@pytest.mark.slow
def test_variables_for_the_start_of_a_worker_are_gone_afterwards(tmp_path: Path) -> None:
    program = """
    import os, subprocess, sys
    from deephyper.evaluator import Evaluator

    def run(job):
        code = "import os; print(os.environ.get('PYTHONSAFEPATH'), os.environ.get('PYTHONPATH'))"
        asked = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        return {"objective": 0.0, "metadata": {"said": asked.stdout}}

    with Evaluator.create(run, "process") as evaluator:
        evaluator.submit([{}])
        print(evaluator.gather("ALL")[0].metadata["said"], end="")
    """

    assert output_of(program, tmp_path, {"PYTHONPATH": None, "PYTHONSAFEPATH": None}) == "None None\n"
    assert output_of(program, tmp_path, {"PYTHONPATH": "/nowhere", "PYTHONSAFEPATH": None}) == "None /nowhere\n"
