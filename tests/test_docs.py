"""What the documentation says of the code is true, and its examples run as they stand."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import deephyper
from deephyper.hpo.option_groups import options_as_markdown

PACKAGE = Path(deephyper.__file__).parent
PROJECT = Path(__file__).parents[1]
DOCUMENTS = sorted([*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")])
ARCHITECTURE = (PROJECT / "docs" / "architecture.md").read_text(encoding="utf-8")


def name_of(document: Path) -> str:
    return str(document.relative_to(PROJECT))


# What the architecture says.


def drawn_block(after: str) -> list[str]:
    """The lines of the first code block after a line."""
    return ARCHITECTURE.split(f"\n{after}\n", 1)[1].split("```\n", 2)[1].rstrip("\n").split("\n")


def drawn_modules() -> list[str]:
    """The files that the tree draws, relative to the package."""
    folder, drawn = "", []
    for line in drawn_block("## The tree")[1:]:
        found = re.match(r"(│   |    )?[├└]── (\S+)", line)
        if found is None:
            continue
        is_inside, name = bool(found[1]), found[2]
        folder = folder if is_inside else ""
        if name.endswith("/"):
            folder = name
        else:
            drawn.append(folder + name)
    return drawn


def test_the_tree_holds_every_module_once_and_none_that_is_not_there() -> None:
    there = [str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py")]
    modules = [name for name in there if name == "__init__.py" or not name.endswith("__init__.py")]

    assert sorted(drawn_modules()) == sorted(modules)


def test_every_module_of_the_tree_has_a_word_about_it() -> None:
    silent = [line for line in drawn_block("## The tree") if ".py" in line and not re.search(r"\.py {2,}\S", line)]

    assert silent == []


def test_the_layers_are_those_that_are_checked() -> None:
    contracts = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (layers,) = [contract["layers"] for contract in contracts if contract["type"] == "layers"]

    assert drawn_block("## The layers") == layers


def paths_in(text: str) -> list[str]:
    """Modules and folders of the package that a text names: `job/outcome.py`, `backend/`."""
    return re.findall(r"`((?:[a-z_]+/)+(?:[a-z_]+\.py)?)(?:::\w+)?`", text)


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_module_that_is_named_is_there(document: Path) -> None:
    # What was left out is not there, and neither is what is to come.
    text = re.sub(r"## (Considered|What is to come).*?(?=## Nouns)", "", document.read_text("utf-8"), flags=re.DOTALL)
    roots = (PACKAGE, PROJECT, PROJECT / "docs")
    missing = [path for path in paths_in(text) if not any((root / path).exists() for root in roots)]

    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_link_leads_somewhere(document: Path) -> None:
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", document.read_text(encoding="utf-8")):
        linked = (document.parent / target).resolve() if target else document
        assert linked.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", linked.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_name_of_the_package_that_is_spelled_out_is_there(document: Path) -> None:
    for name in re.findall(r"`(deephyper(?:\.\w+)+)", document.read_text(encoding="utf-8")):
        *modules, last = name.split(".")
        parent = __import__(".".join(modules), fromlist=[last])
        assert hasattr(parent, last), name


def test_the_page_of_options_is_written_from_the_declarations() -> None:
    assert (PROJECT / "docs" / "options.md").read_text(encoding="utf-8") == options_as_markdown()


# Examples.


def code_of(document: str) -> str:
    """All Python blocks of a page, one after the other; blocks marked `py` are only parts of a program."""
    text = (PROJECT / document).read_text(encoding="utf-8")
    return "\n".join(re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL))


@cache
def program(document: str) -> ModuleType:
    """The examples of a page, run as one module."""
    module = ModuleType("page")
    exec(compile(code_of(document), document, "exec"), vars(module))
    return module


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_no_line_of_code_is_longer_than_the_source_may_be(document: Path) -> None:
    assert [line for line in code_of(name_of(document)).split("\n") if len(line) > 120] == []


def contract_tests(document: str, contract: str, quick: tuple[str, ...] | None = None) -> list[Any]:
    """The tests of a contract that a page fulfils; all but some of them are slow, if these are named."""
    names = [name for name in dir(getattr(program(document), contract)) if name.startswith("test_")]
    slow = pytest.mark.slow
    return [name if quick is None or name in quick else pytest.param(name, marks=slow) for name in names]


@pytest.mark.parametrize("name", contract_tests("docs/stores.md", "TestSqlite"))
def test_the_store_of_the_page_keeps_the_contract(name: str) -> None:
    getattr(program("docs/stores.md").TestSqlite(), name)()


# A process for each evaluation takes a while.
QUICK = ("test_closures_partials_and_keyword_arguments_reach_the_worker", "test_recorded_values_come_back")


@pytest.mark.parametrize("name", contract_tests("docs/backends.md", "TestCommands", QUICK))
def test_the_backend_of_the_page_keeps_the_contract(name: str) -> None:
    getattr(program("docs/backends.md").TestCommands(), name)()


def endings(xs: list[str], **options: Any) -> list[tuple[str, Any]]:
    """How evaluations end that exit, or sleep for ever."""

    def run(job: Any) -> float:
        import os
        import time

        if job["x"] == "exits":
            os._exit(3)
        time.sleep(600)
        return 0.0

    with program("docs/backends.md").CommandEvaluator(run, num_workers=2, **options) as evaluator:
        evaluator.submit([{"x": x} for x in xs])
        evaluator.timeout = None if xs == ["exits"] or options else 0.1
        return [(job.status.value, job.objective) for job in evaluator.gather("ALL")]


def test_the_backend_of_the_page_tells_lost_workers_limits_and_deadlines_apart() -> None:
    assert endings(["exits"]) == [("DONE", "F_worker_died")]
    assert endings(["sleeps"], job_timeout=0.5) == [("DONE", "F_timeout")]
    assert endings(["sleeps"]) == [("CANCELLED", None)]


def test_the_readme_runs_as_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def train(learning_rate: float, layers: int, optimizer: str) -> float:
        return -layers * learning_rate

    monkeypatch.chdir(tmp_path)
    module: dict[str, Any] = {"train": train, "__name__": "readme"}
    text = (PROJECT / "README.md").read_text(encoding="utf-8")
    for block in re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        exec(compile(block, "README.md", "exec"), module)
        module["evaluator"].close()

    assert len(module["results"]) == 100
    assert (tmp_path / "results.csv").exists()
    assert (tmp_path / "search.json").exists()
