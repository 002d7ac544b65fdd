"""Every recipe of the documentation is a whole program, and runs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[1] / "docs" / "recipes.md").read_text(encoding="utf-8")
RECIPES = {
    title: re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    for title, text in re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
}
# Seconds; a recipe takes two or three on a machine that does nothing else.
PATIENCE = 240.0


def ends_well(command: list[str], folder: Path) -> None:
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def script(title: str, folder: Path) -> str:
    (program,) = RECIPES[title]
    path = folder / "search.py"
    path.write_text(program, encoding="utf-8")
    return str(path)


@pytest.mark.slow
@pytest.mark.parametrize("title", [title for title in RECIPES if title != "MPI"])
def test_a_recipe_runs_as_it_stands(title: str, tmp_path: Path) -> None:
    ends_well([sys.executable, script(title, tmp_path)], tmp_path)


@pytest.mark.slow
def test_the_recipe_for_mpi_runs_under_mpiexec(tmp_path: Path) -> None:
    mpiexec = Path(sys.executable).with_name("mpiexec")
    ends_well([str(mpiexec), "-n", "3", sys.executable, script("MPI", tmp_path)], tmp_path)


def test_the_page_lists_all_of_its_recipes() -> None:
    listed = re.findall(r"\]\(#([\w-]+)\)", PAGE.split("\n## ", 1)[0])

    assert listed == [title.lower().replace(" ", "-") for title in RECIPES]
    assert all(len(programs) == 1 for programs in RECIPES.values())
