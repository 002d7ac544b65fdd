"""Whatever a run-function returns beside its objective, the objective is kept, and a cell says what was wrong."""

from __future__ import annotations

import asyncio
import pickle
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deephyper.evaluator import Evaluator
from deephyper.hpo import HpProblem, RandomSearch
from deephyper.job import Job
from deephyper.results import Results

RAISED = [ValueError, SystemExit, KeyboardInterrupt, asyncio.CancelledError, GeneratorExit, RecursionError]
METHODS = ["serial", "thread", pytest.param("process", marks=pytest.mark.slow)]


def raising(kind: type[BaseException]) -> Callable[..., Any]:
    def method(self: Any, *others: Any) -> Any:
        raise kind("on purpose")

    return method


def objects_whose(method: str) -> dict[str, Any]:
    """An object for each kind of exception that a method of its class raises."""
    return {kind.__name__: type(f"Bad{kind.__name__}", (), {method: raising(kind)})() for kind in RAISED}


class NotRebuilt:
    """It can be pickled, and its pickle cannot be loaded."""

    def __init__(self, kind: type[BaseException]):
        self.kind = kind

    def __reduce__(self) -> Any:
        return raising(self.kind), (None,)


def not_pickled(kind: type[BaseException]) -> list[Any]:
    return [type("Bad", (), {"__reduce__": raising(kind)})(), 1]


def nested(n: int) -> list[Any]:
    made: list[Any] = []
    for _ in range(n):
        made = [made]
    return made


def circle() -> list[Any]:
    made: list[Any] = [threading.Lock()]
    made.append(made)
    return made


def searched(
    values: Sequence[Callable[[], Any]], method: Any, folder: Path, **options: Any
) -> tuple[Results, list[Any]]:
    """Search with a function whose even jobs return 1.5 and each one of these values as metadata, and odd ones 1.0."""

    def run(job: Any) -> Any:
        i, is_fine = divmod(job["job_id"], 2)
        return 1.0 if is_fine else {"objective": 1.5, "metadata": {"before": 1, "bad": values[i](), "after": 2}}

    problem = HpProblem()
    problem.add_hyperparameter((0.0, 1.0), "x")
    with ProcessPoolExecutor(2) as pool:
        chosen = pool if method == "executor" else method
        with Evaluator.create(run, chosen, {"num_workers": 2, **options}) as evaluator:
            search = RandomSearch(problem, evaluator, random_state=1, log_dir=folder)
            results = search.search(max_evals=2 * len(values)).sort_values("job_id")
    assert results.objective.tolist() == [1.5, 1.0] * len(values)
    assert set(results.job_status) == {"DONE"}
    assert results["m:before"][::2].tolist() == [1] * len(values)
    assert results["m:after"][::2].tolist() == [2] * len(values)
    assert results.to_string() and results.to_html()
    assert (folder / "results.csv").read_text(encoding="utf-8").count("DONE") == len(results)
    return results, results["m:bad"][::2].tolist()


@pytest.mark.parametrize("method", METHODS)
def test_objects_whose_methods_raise_cost_no_more_than_their_cells(method: str, tmp_path: Path) -> None:
    methods = ["__str__", "__repr__", "__getattr__", "__eq__", "__len__", "__bool__", "__float__", "__iter__"]
    values = [partial(objects_whose, method) for method in methods]

    _, found = searched(values, method, tmp_path)

    assert found[0]["SystemExit"] == "<BadSystemExit: it has no text (SystemExit: on purpose)>"


@pytest.mark.parametrize("method", METHODS)
def test_a_value_with_no_text_is_described_in_the_table(method: str, tmp_path: Path) -> None:
    bad = objects_whose("__str__")
    results, found = searched([partial(bad.get, name) for name in bad], method, tmp_path)

    assert found == [
        f"<Bad{name}: it has no text ({name}: on purpose)>" for name in bad if name != "RecursionError"
    ] + ["<BadRecursionError: it is nested too deeply, or holds itself>"]
    assert pickle.loads(pickle.dumps(results)).objective.tolist() == results.objective.tolist()


@pytest.mark.slow
@pytest.mark.parametrize("method", ["process", "executor"])
def test_what_cannot_be_pickled_is_described_and_not_retried(method: str, tmp_path: Path) -> None:
    kinds = [kind for kind in RAISED if kind is not RecursionError]  # which cloudpickle gives another name
    options = {"max_retries": 2} if method == "process" else {}
    results, found = searched([partial(not_pickled, kind) for kind in kinds], method, tmp_path, **options)

    assert found == [[f"<Bad: it cannot be pickled ({kind.__name__}: on purpose)>", 1] for kind in kinds]
    assert method == "executor" or set(results["m:retries"]) == {0}


@pytest.mark.slow
@pytest.mark.parametrize("method", ["process", "executor"])
def test_what_cannot_be_rebuilt_here_is_described_and_not_retried(method: str, tmp_path: Path) -> None:
    options = {"max_retries": 2} if method == "process" else {}
    results, found = searched([partial(NotRebuilt, kind) for kind in RAISED], method, tmp_path, **options)

    texts = [f"<NotRebuilt: it cannot be rebuilt in the manager ({kind.__name__}: on purpose)>" for kind in RAISED]
    assert found == texts
    assert method == "executor" or set(results["m:retries"]) == {0}


@pytest.mark.slow
def test_only_the_pieces_that_cannot_travel_are_described(tmp_path: Path) -> None:
    values = [
        lambda: {"lock": threading.Lock(), "n": [1, (2, threading.Lock())]},
        lambda: nested(100_000),
        circle,
        lambda: [threading.Lock()] * 5000,
    ]
    _, found = searched(values, "process", tmp_path)

    lock = "<lock: it cannot be pickled (TypeError: cannot pickle '_thread.lock' object)>"
    assert found[0] == {"lock": lock, "n": [1, [2, lock]]}
    assert all("list: it cannot be pickled (" in str(value) for value in found[1:])


@pytest.mark.parametrize("method", ["serial", "thread"])
def test_what_is_nested_too_deeply_for_a_text_says_so(method: str, tmp_path: Path) -> None:
    _, found = searched([lambda: nested(20_000)], method, tmp_path)

    assert found == ["<list: it is nested too deeply, or holds itself>"]


class Rude:
    def __str__(self) -> str:
        raise ValueError("no name")

    __repr__ = __str__


class BadMapping(dict[str, Any]):
    def items(self) -> Any:
        raise ValueError("no items")

    get = __iter__ = keys = values = items


def jobs_of(returned: Callable[[], Any], method: str, n: int = 2) -> list[Job]:
    def run(job: Any) -> Any:
        return returned()

    with Evaluator.create(run, method, {"num_workers": 2}) as evaluator:
        evaluator.submit([{"x": x} for x in range(n)])
        jobs = evaluator.gather("ALL")
    assert isinstance(jobs, list)
    return jobs


@pytest.mark.parametrize("method", METHODS)
def test_keys_of_every_kind_become_names(method: str) -> None:
    odd = {Rude(): 1, 3: 2, "3": 3, "": 4, "a\nb": 5, None: 6, "\ud800": 7, (1, 2): 8}
    for returned in (lambda: {"objective": 1.5, "metadata": odd}, lambda: {"objective": 1.5, **odd}):
        for job in jobs_of(returned, method):
            names = {name: value for name, value in job.metadata.items() if not name.startswith("<Rude")}

            assert job.objective == 1.5
            assert names == {"3 (int)": 2, "3": 3, "": 4, "a\nb": 5, "None": 6, "\\ud800": 7, "(1, 2)": 8}
            assert len(job.metadata) == 8
            assert job.record()["metadata"].keys() == job.metadata.keys()


@pytest.mark.parametrize("method", METHODS)
def test_a_mapping_whose_methods_raise_is_read_all_the_same(method: str) -> None:
    for job in jobs_of(lambda: BadMapping(objective=1.5, metadata=BadMapping(a=1)), method):
        assert job.objective == 1.5
        assert job.metadata == {"a": 1}


@pytest.mark.parametrize("method", METHODS)
def test_a_million_names_are_one_column(method: str) -> None:
    many = dict.fromkeys(map(str, range(5000)), 1)
    for job in [*jobs_of(lambda: {"objective": 1.5, "metadata": many}, method, 1)]:
        assert job.objective == 1.5
        assert job.metadata == {"metadata": many}


@pytest.mark.parametrize("method", METHODS)
def test_names_of_our_own_columns_do_not_replace_them(method: str, tmp_path: Path) -> None:
    def run(job: Any) -> Any:
        return {"objective": 1.5, "metadata": {"timestamp_start": -7, "job_id": -7, "p:x": -7, "objective": -7}}

    problem = HpProblem()
    problem.add_hyperparameter((0.0, 1.0), "x")
    with Evaluator.create(run, method) as evaluator:
        results = RandomSearch(problem, evaluator, random_state=1, log_dir=tmp_path).search(max_evals=2)

    assert results.objective.tolist() == [1.5, 1.5]
    assert results.job_id.tolist() == [0, 1]
    assert (results["m:timestamp_start"] >= 0).all()
    assert results["m:job_id"].tolist() == results["m:p:x"].tolist() == [-7, -7]


class Item:
    def item(self) -> float:
        return 1.5


class Stubborn(float):
    def __float__(self) -> float:
        raise ValueError("no")

    def __lt__(self, other: object) -> bool:
        raise ValueError("no comparison")

    __gt__ = __le__ = __ge__ = __eq__ = __lt__  # type: ignore[assignment]
    __hash__ = float.__hash__


class Text(str):
    def startswith(self, *prefix: Any) -> bool:
        raise ValueError("no")

    __str__ = __eq__ = startswith  # type: ignore[assignment]
    __hash__ = str.__hash__


@pytest.mark.parametrize("method", METHODS)
def test_objectives_of_every_kind_are_read_where_the_function_ran(method: str) -> None:
    kinds = [
        Item(),
        Stubborn(1.5),
        np.float32(1.5),
        np.array([1.5]),
        Text("F_own"),
        "F_\ud800",
        b"F",
        Rude(),
        nested(5),
    ]

    def run(job: Any) -> Any:
        return kinds[job["x"]] if job["x"] % 2 else {"output": kinds[job["x"]]}

    with Evaluator.create(run, method, {"num_workers": 2}) as evaluator:
        evaluator.submit([{"x": x} for x in range(len(kinds))])
        found = [job.objective for job in sorted(evaluator.gather("ALL"), key=lambda job: job.id)]

    assert found == [1.5] * 4 + ["F_own", "F_\ud800"] + ["F_not_a_number"] * 3
    assert all(type(objective) in (float, str) for objective in found)


@pytest.mark.parametrize("method", METHODS)
def test_output_is_what_the_function_returned_where_it_travels(method: str) -> None:
    class Model:
        pass

    def run(job: Any) -> Any:
        return {"objective": 1.5, "metadata": {"array": np.arange(3), "model": Model(), "path": Path("x")}}

    with Evaluator.create(run, method) as evaluator:
        evaluator.submit([{"x": 0}])
        (job,) = evaluator.gather("ALL")

    assert job.output["metadata"]["array"].tolist() == [0, 1, 2]
    assert type(job.output["metadata"]["model"]) is Model
    assert job.output["metadata"]["path"] == Path("x")
