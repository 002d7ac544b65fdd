"""What a built wheel brings with it."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
pytestmark = pytest.mark.slow

SEARCH = """
import deephyper
from deephyper.hpo import CBO, HpProblem
assert deephyper.__file__.startswith({folder!r}), deephyper.__file__
problem = HpProblem()
problem.add_hyperparameter((0.0, 1.0), "x")
print(len(CBO(problem, log_dir=None).search(lambda job: job["x"], 5)))
"""


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all that the wheel holds."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=PROJECT, check=True, capture_output=True, timeout=300)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def test_the_pages_of_a_wheel_link_only_to_what_it_brings(unpacked: Path) -> None:
    (pages,) = unpacked.glob("*.data/data/share/doc/deephyper")
    documents = sorted(pages.rglob("*.md"))
    targets = [
        (document, target)
        for document in documents
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text("utf-8"))
    ]

    assert [document.name for document, target in targets if not (document.parent / target).exists()] == []
    assert {"README.md", "recipes.md"} <= {document.name for document in documents} and targets


def test_a_wheel_searches_without_the_repository(unpacked: Path, tmp_path: Path) -> None:
    # Before everything else that the interpreter finds, the editable installation of this repository included.
    script = f"import sys; sys.path.insert(0, {str(unpacked)!r})\n" + SEARCH.format(folder=str(unpacked))
    ended = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=300)

    assert ended.stdout.strip() == "5", ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_wheel_says_that_it_is_typed_and_brings_no_tests(unpacked: Path) -> None:
    assert (unpacked / "deephyper" / "py.typed").exists()
    assert not list(unpacked.rglob("test_*.py"))
