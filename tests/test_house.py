"""What import-linter cannot say about the house."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import deephyper
from deephyper import errors

PACKAGE = Path(deephyper.__file__).parent
HEAVY = ("matplotlib", "pandas", "sklearn", "torch", "ray", "dask", "mpi4py", "scipy")


def modules_of_folders() -> list[Path]:
    return [path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py" and path.parent != PACKAGE]


@pytest.mark.parametrize("path", modules_of_folders(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_module_imports_the_face_of_its_own_folder(path: Path) -> None:
    folder = path.parent.relative_to(PACKAGE)
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level == 1 and node.module is None:
            siblings = {child.stem for child in path.parent.glob("*.py")}
            assert {alias.name for alias in node.names} <= siblings, f"{path}: import the sibling module, not the face"
        if isinstance(node, ast.ImportFrom) and node.level == len(folder.parts) + 1:
            assert node.module != ".".join(folder.parts), f"{path}: import the sibling module, not the face"


@pytest.mark.parametrize("path", list(PACKAGE.rglob("*/__init__.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_face_only_gathers_names(path: Path) -> None:
    for node in ast.parse(path.read_text()).body:
        is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        names = ("__all__", "__dir__", "__version__")
        is_name_list = isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in names
        is_refusal = isinstance(node, ast.Expr) and ast.unparse(node).startswith("refuse_names(")
        only_gathers = is_docstring or is_name_list or is_refusal or isinstance(node, ast.ImportFrom)
        assert only_gathers, f"{path}: line {node.lineno} does work"


PUBLIC_MODULES = [
    *(
        path.relative_to(PACKAGE).parent.as_posix()
        for path in PACKAGE.rglob("__init__.py")
        if "__all__" in path.read_text()
    ),
    *("errors", "moo", "testing", "search/hps", "evaluator/callback", "evaluator/storage"),
]


@pytest.mark.parametrize("name", sorted(PUBLIC_MODULES))
def test_only_public_names_of_a_module_are_completed(name: str) -> None:
    module = import_module("deephyper." + name.replace("/", "."))

    assert sorted(dir(module)) == sorted(getattr(module, "__all__", []))
    assert all(hasattr(module, public) for public in getattr(module, "__all__", []))


def test_every_exception_is_public() -> None:
    raised = [name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)]

    assert sorted(errors.__all__) == sorted(raised)


def loaded_by(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


def test_importing_the_evaluator_loads_nothing_heavy() -> None:
    loaded = loaded_by("import deephyper.evaluator")

    assert not loaded & set(HEAVY)


def test_a_worker_process_loads_no_other_folder() -> None:
    code = (
        "import sys, deephyper.worker.process; print(*[name for name in sys.modules if name.startswith('deephyper.')])"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()

    assert {name.split(".")[1] for name in loaded} == {"errors", "worker"}


@pytest.mark.slow
def test_importing_the_searches_does_not_load_scikit_learn() -> None:
    loaded = loaded_by("import deephyper.hpo")

    assert "sklearn" not in loaded
    assert "matplotlib" not in loaded


def test_importing_the_package_loads_none_of_its_folders() -> None:
    code = "import sys, deephyper; print(*[name for name in sys.modules if name.startswith('deephyper.')])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()

    assert loaded == []


@pytest.mark.slow
def test_declaring_a_problem_loads_no_search() -> None:
    code = "import sys, deephyper.problem; print(*[name for name in sys.modules if name.startswith('deephyper.')])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()

    assert not {name.split(".")[1] for name in loaded} & {"hpo", "optimizer", "surrogate"}


@pytest.mark.slow
def test_a_backend_is_loaded_by_whoever_uses_it_and_by_nobody_else() -> None:
    def modules(statement: str) -> set[str]:
        code = f"import sys; {statement}; print(*[name for name in sys.modules])"
        command = [sys.executable, "-c", code]
        return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())

    def backends(names: set[str]) -> set[str]:
        """Modules that run evaluations, also by the names that they had once."""
        kinds = {"lanes", "lane", "virtual", "pool", "event_loop", "local", "simulated", "foreign", "listener"}
        return {name for name in names if name.startswith("deephyper.") and name.rpartition(".")[2] in kinds}

    run = "evaluator = deephyper.evaluator.Evaluator.create(max, {method!r}); evaluator.close()"

    assert backends(modules("import deephyper.evaluator")) == set()
    assert backends(modules("import deephyper.hpo")) == set()
    simulated = backends(modules("import deephyper.evaluator; " + run.format(method="simulated")))
    assert simulated == {"deephyper.backend.virtual"}
    assert "loky" not in modules("import deephyper.evaluator; " + run.format(method="thread"))
