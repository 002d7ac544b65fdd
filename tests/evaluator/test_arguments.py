"""What a user passes to an evaluator is used as it was meant, or refused in one sentence that says what to write."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from deephyper import evaluator as evaluators
from deephyper.callback import Callback, LoggerCallback, TqdmCallback
from deephyper.errors import RunFunctionError
from deephyper.evaluator import (
    EVALUATORS,
    Evaluator,
    ExecutorEvaluator,
    MPIPoolEvaluator,
    ProcessEvaluator,
    ProcessPoolEvaluator,
    SerialEvaluator,
    ThreadEvaluator,
    ThreadPoolEvaluator,
    profile,
    queued,
)
from deephyper.evaluator.evaluator import options_for
from deephyper.problem import HpProblem


def run(job: Any) -> float:
    return float(job["x"])


def run_with_data(job: Any, data: float) -> float:
    return float(job["x"]) + data


class Model:
    """Methods, with the mistakes that are made in them."""

    def run(self, job: Any) -> float:
        return 1.0

    def without_self(job: Any) -> float:  # noqa: N805
        return 1.0

    def without_anything() -> float:  # type: ignore[misc]
        return 1.0

    def __call__(self) -> float:
        return 1.0


class Callable_:  # noqa: N801
    """An object that is called."""

    def __call__(self, job: Any) -> float:
        return 2.0


def filled_in(function: Any) -> Any:
    """A decorator that gives an argument by itself, as those of experiment trackers do."""

    @functools.wraps(function)
    def wrapper(job: Any) -> Any:
        return function(job, 3)

    return wrapper


def evaluated(evaluator: Evaluator) -> list[Any]:
    with evaluator:
        evaluator.submit([{"x": 1.0}])
        jobs = evaluator.gather("ALL")
    return [job.objective for job in jobs]  # type: ignore[union-attr]


# Options by name.


def test_options_are_given_by_name() -> None:
    evaluator = Evaluator.create(run_with_data, "thread", num_workers=3, run_function_kwargs={"data": 2.0})

    assert evaluator.num_workers == 3
    assert evaluated(evaluator) == [3.0]


def test_options_by_name_go_with_those_in_a_dictionary() -> None:
    evaluator = Evaluator.create(run, "process", {"num_workers": 2}, job_timeout=60)

    assert evaluator.num_workers == 2
    assert evaluated(evaluator) == [1.0]


def test_options_by_name_go_with_an_executor() -> None:
    with ThreadPoolExecutor(1) as executor:
        assert Evaluator.create(run, executor, num_workers=2).num_workers == 2


@pytest.mark.parametrize("several", [False, True])
def test_a_single_callback_needs_no_list(several: bool) -> None:
    class Seen(Callback):
        n = 0

        def on_done(self, job: Any) -> None:
            self.n += 1

    seen = Seen()

    assert evaluated(Evaluator.create(run, callbacks=[seen] if several else seen)) == [1.0]
    assert seen.n == 1


def test_callbacks_may_come_from_a_generator() -> None:
    evaluator = Evaluator.create(run, callbacks=(each for each in (LoggerCallback(), TqdmCallback())))

    assert evaluator.to_json()["callbacks"] == ["LoggerCallback", "TqdmCallback"]


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Evaluator.create(run, "thread", {"num_workers": 4}, num_workers=4), "'num_workers' is given twice"),
        (lambda: Evaluator.create(run, "thread", "abc"), "method_kwargs must be a dictionary of options"),
        (
            lambda: Evaluator.create(run, "thread", 4),
            "method_kwargs must be a dictionary of options, .*got 4 of type int",
        ),
        (lambda: Evaluator.create(run, "thread", [("num_workers", 4)]), "method_kwargs must be a dictionary"),
        (
            lambda: Evaluator.create(run, "thread", n_workers=4),
            "unknown option 'n_workers'; the number of evaluations at a time is num_workers=4",
        ),
        (
            lambda: Evaluator.create(run, "thread", num_worker=4),
            "unknown option 'num_worker'.*Did you mean 'num_workers'",
        ),
        (lambda: Evaluator.create(run, metod="thread"), "unknown option 'metod'; did you mean 'method'"),
        (lambda: Evaluator.create(run, "thread", method_kwarg={}), "did you mean 'method_kwargs'"),
        (lambda: Evaluator.create(function=run), "Did you mean 'run_function'"),
        (lambda: Evaluator.create(), r"'run_function'; write Evaluator.create\(run, 'process', num_workers=4\)"),
        (lambda: Evaluator.create(run, n_jobs=4), "num_workers=4"),
        (lambda: ThreadEvaluator(run, max_workers=4), "num_workers=4"),
        (lambda: Evaluator.create(run, "process", num_gpus=4), r"resources={'gpu': \[0, 1\]}"),
        (lambda: Evaluator.create(run, "process", timeout=4), r"search\(timeout=3600\), .*job_timeout=60"),
        (lambda: Evaluator.create(run, max_evals=4), r"search\(max_evals=100\)"),
        (lambda: Evaluator.create(run, kwargs={}), "run_function_kwargs"),
        (lambda: Evaluator.create(run, "thread", queue=[1]), r"queued\(ProcessEvaluator\)"),
        (lambda: Evaluator.create(run, callbacks=TqdmCallback), r"got the class TqdmCallback\. .*TqdmCallback\(\)"),
        (lambda: Evaluator.create(run, callbacks=[TqdmCallback]), r"got the class TqdmCallback\. .*TqdmCallback\(\)"),
        (lambda: Evaluator.create(run, callbacks="tqdm"), "each of callbacks must be a deephyper.callback.Callback"),
        (lambda: Evaluator.create(run, callbacks=5), "each of callbacks must be .*got 5 of type int"),
        (lambda: Evaluator.create(run, callbacks=run), "each of callbacks must be .*of type function"),
        (lambda: Evaluator.create(run, num_workers=-1), r"got -1\. For all cores write num_workers=os.cpu_count\(\)"),
        (lambda: Evaluator.create(run, num_workers="4"), r"got '4'\. Write 4, without quotes"),
        (lambda: Evaluator.create(run, num_workers=[4]), r"whole number of at least 1, got \[4\]"),
        (lambda: Evaluator.create(run, num_workers=True), "whole number of at least 1, got True"),
        (lambda: Evaluator.create(run, num_workers=2.5), "whole number of at least 1, got 2.5"),
        (lambda: Evaluator.create(run, storage="memory"), "storage must be a deephyper.storage.Storage or None"),
        (lambda: Evaluator.create(run, search_id=3), "search_id must be a text or None, got 3 of type int"),
        (
            lambda: Evaluator.create(run, run_function_kwargs=[1]),
            "run_function_kwargs must be a dictionary of arguments",
        ),
        (lambda: Evaluator.create(run, run_function_kwargs={1: 2}), "each name in run_function_kwargs must be a text"),
        (lambda: Evaluator.create(run, "executor"), "executor must be a concurrent.futures.Executor, got None"),
        (lambda: ExecutorEvaluator(run, 3), "executor must be a concurrent.futures.Executor, got 3"),
        (lambda: ExecutorEvaluator(run, ThreadPoolExecutor), "got the class ThreadPoolExecutor"),
        (lambda: Evaluator.create(run, ThreadPoolExecutor(1), executor=ThreadPoolExecutor(1)), "two executors"),
    ],
)
def test_options_that_cannot_be_meant_are_refused_with_what_to_write(make: Callable[[], Any], sentence: str) -> None:
    with pytest.raises((TypeError, ValueError), match=sentence):
        make()


# The method.


def test_help_lists_every_method_with_its_class_and_its_options() -> None:
    text = inspect.cleandoc(Evaluator.create.__doc__ or "")
    lines = text.splitlines()
    # The options of a method may take several lines.
    entries = re.findall(r"^    (\w+): (\w+Evaluator),.*\n((?: {8}.+\n)+)", text, re.MULTILINE)
    listed = {method: (kind, " ".join(options.split())) for method, kind, options in entries}
    shared = [name for name in options_for(Evaluator) if name != "job_timeout"]

    assert listed == {
        method: (kind, ", ".join(name for name in options_for(getattr(evaluators, kind)) if name not in shared))
        for method, kind in EVALUATORS.items()
    }
    assert "All methods take `num_workers`, `callbacks`, `run_function_kwargs`, `storage` and `search_id`" in lines[2]
    assert shared == ["num_workers", "callbacks", "run_function_kwargs", "storage", "search_id"]


@pytest.mark.parametrize("name", sorted(set(EVALUATORS.values())))
def test_the_class_of_a_method_explains_every_option_of_its_own(name: str) -> None:
    kind = getattr(evaluators, name)
    own = [option for option in options_for(kind) if option not in options_for(Evaluator) or option == "job_timeout"]

    assert [option for option in own if f"    {option}: " not in str(kind.__doc__)] == []


@pytest.mark.parametrize(
    ("method", "sentence"),
    [
        ("Process", "Did you mean 'process'"),
        ("THREAD", "Did you mean 'thread'"),
        ("proces", "Did you mean 'process'"),
        ("ThreadPool", r"called 'thread' here: Evaluator.create\(run, 'thread'"),
        ("processpool", "called 'process' here"),
        ("multiprocessing", "called 'process' here"),
        ("joblib", "called 'process' here"),
        ("ProcessPoolEvaluator", "called 'process' here"),
        ("sequential", "called 'serial' here"),
        ("asyncio", "an 'async def' function runs with method 'serial'"),
        ("Ray", "Did you mean 'ray'"),
        ("Dask", "Did you mean 'dask'"),
        ("distributed", r"called 'dask' here: Evaluator.create\(run, 'dask'"),
        ("mpipool", r"not built in.*MPIPoolExecutor.*pip install mpi4py"),
        ("mpi", r"called 'mpicomm' here: Evaluator.create\(run, 'mpicomm'"),
        ("slurm", r"not built in.*dask_jobqueue"),
        ("submitit", r"pass its executor: Evaluator.create\(run, submitit.AutoExecutor"),
        ("zzz", r"got 'zzz'\.$"),
        (None, r"got None of type NoneType\. Write Evaluator.create\(run, 'process', num_workers=4\)"),
        (4, "The number of workers goes by name"),
        ({"num_workers": 4}, r"Options come after the method"),
        (ProcessEvaluator, r"got the class ProcessEvaluator\. Call it: ProcessEvaluator\(run"),
        (ThreadPoolExecutor, r"got the class ThreadPoolExecutor\. Pass an open one: ThreadPoolExecutor\(\)"),
    ],
    ids=str,
)
def test_a_method_that_is_none_is_refused_with_what_to_write(method: Any, sentence: str) -> None:
    with pytest.raises((TypeError, ValueError), match=f"^Evaluator.create: method must be one of 'serial'.*{sentence}"):
        Evaluator.create(run, method)


def test_a_client_with_an_executor_of_its_own_is_told_from_an_executor() -> None:
    class Client:
        def get_executor(self) -> None: ...

    with pytest.raises(TypeError, match=r"A client of Dask goes by its name: Evaluator.create\(run, 'dask', client="):
        Evaluator.create(run, Client())  # type: ignore[arg-type]


def test_swapped_arguments_are_refused_with_their_order() -> None:
    with pytest.raises(
        RunFunctionError, match=r"got 'process' of type str\. The function comes first: Evaluator.create"
    ):
        Evaluator.create("process", run)  # type: ignore[arg-type]
    with pytest.raises(RunFunctionError, match="The function comes first"):
        Evaluator.create("process")  # type: ignore[arg-type]
    with pytest.raises(RunFunctionError, match="The function comes first"):
        Evaluator.create(HpProblem(), run)  # type: ignore[arg-type]


# Class names of existing scripts.


def test_other_names_of_classes_are_the_classes() -> None:
    assert ThreadPoolEvaluator is ThreadEvaluator
    assert ProcessPoolEvaluator is ProcessEvaluator


def test_a_class_that_is_not_built_in_says_what_to_write() -> None:
    kind = evaluators.MPIPoolEvaluator

    with pytest.raises(ValueError, match=r"^MPIPoolEvaluator: it is not built in; .*Evaluator\.create.*pip install"):
        kind(run, num_workers=4, address="auto")
    with pytest.raises(ValueError, match="it is not built in"):
        queued(kind)(run, queue=[0, 1], num_cpus=4)


def test_a_package_that_is_missing_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    for method, package in {"ray": "ray", "dask": "distributed", "mpicomm": "mpi4py"}.items():
        with pytest.raises(
            ImportError, match=rf"^\w+Evaluator: it needs the package {package}; pip install 'deephyper"
        ):
            Evaluator.create(run, method)


def test_every_class_of_a_method_is_public() -> None:
    assert set(EVALUATORS.values()) <= set(evaluators.__all__)


def test_a_queue_goes_with_the_classes_of_existing_scripts() -> None:
    def on_device(job: Any, dequed: list[str]) -> float:
        return float(len(dequed))

    make = queued(ProcessPoolEvaluator)

    assert issubclass(make, ProcessEvaluator)
    assert evaluated(make(on_device, num_workers=2, queue=["a", "b"])) == [1.0]


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: queued(run), "evaluator_class must be an evaluator class, got <function run"),  # type: ignore[arg-type]
        (lambda: queued(SerialEvaluator(run)), "evaluator_class must be an evaluator class"),  # type: ignore[arg-type]
        (lambda: queued(ThreadEvaluator)(run_with_data), "queue must hold at least one item"),
        (lambda: queued(ThreadEvaluator)(run, queue=[1]), r"Add the argument dequed.*def run\(job, dequed\)"),
        (lambda: queued(MPIPoolEvaluator)(run, queue=[1]), "not built in"),
    ],
)
def test_a_queue_that_cannot_be_meant_is_refused(make: Callable[[], Any], sentence: str) -> None:
    with pytest.raises((TypeError, ValueError), match=sentence):
        make()


# The run-function.


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        (lambda x0, x1: x0 + x1, r"run\(job\), and the signature of 'lambda' is \(x0, x1\).*'x1'.*job\['x'\]"),
        (lambda lr, n: 1.0, r"Write lambda job: function\(\*\*job\) if these are hyperparameters"),
        (lambda **parameters: 1.0, r"lambda job: function\(\*\*job\)"),
        (lambda: 1.0, r"signature of 'lambda' is \(\): too many positional"),
        (lambda *, job: 1.0, r"signature of 'lambda' is \(\*, job\)"),
        (run_with_data, r"'run_with_data' is \(job, data\): .*'data'.*run_function_kwargs"),
        (Model().without_self, r"in a class def run\(self, job\)"),
        (Model().without_anything, "it is a method without self"),
        (Model.run, r"\(self, job\).*Pass the method of an object"),
        (Model(), r"the signature of 'Model' is \(\)"),
        (Model, "got the class Model, and calling it makes an object"),
        (functools.partial(run, {"x": 1}), r"the signature of 'partial' is \(\)"),
        (profile(lambda x0, x1: x0 + x1), r"\(x0, x1\)"),
        (run({"x": 1}), r"got 1.0 of type float\. Pass the function itself, without calling it"),
        (None, "Does a decorator of it return nothing"),
        ("run", "The function comes first"),
        ([run], "of type list"),
    ],
)
@pytest.mark.parametrize("method", ["serial", "thread", "process"])
def test_a_function_that_cannot_be_called_is_refused_when_the_evaluator_is_made(
    method: str, function: Any, sentence: str
) -> None:
    with pytest.raises(RunFunctionError, match=sentence):
        Evaluator.create(function, method)


@pytest.mark.parametrize(
    ("function", "kwargs", "sentence"),
    [
        (run, {"data": 1}, r"run\(job, data=…\).*unexpected keyword argument 'data'. Leave 'data' out"),
        (run_with_data, {"date": 1}, "Leave 'date' out of run_function_kwargs.*Did you mean 'data'"),
        (
            run_with_data,
            {"job": 1, "data": 1},
            "multiple values for argument 'job'. Leave 'job' out of run_function_kw",
        ),
    ],
)
def test_keyword_arguments_that_do_not_fit_are_refused(function: Any, kwargs: Any, sentence: str) -> None:
    with pytest.raises(RunFunctionError, match=sentence):
        Evaluator.create(function, run_function_kwargs=kwargs)


async def waiting(job: Any) -> float:
    return 1.0


@pytest.mark.parametrize(
    "function",
    [
        run,
        waiting,
        Model().run,
        Callable_(),
        lambda *args, **kwargs: 1.0,
        lambda job, data=1.0: data,
        functools.partial(run_with_data, data=1.0),
        filled_in(run_with_data),
        functools.lru_cache(run),
        profile(run),
        max,
        print,
        len,
    ],
)
def test_a_function_that_can_be_called_is_taken(function: Any) -> None:
    assert Evaluator.create(function).run_function is function


def test_a_function_gets_its_keyword_arguments() -> None:
    assert evaluated(Evaluator.create(run_with_data, run_function_kwargs={"data": 1.0})) == [2.0]
    assert evaluated(
        Evaluator.create(lambda job, **all_of_them: all_of_them["data"], run_function_kwargs={"data": 7})
    ) == [7]


def test_only_public_names_of_an_evaluator_are_completed() -> None:
    names = dir(Evaluator.create(run))

    assert {"create", "submit", "gather", "close", "num_workers"} <= set(names)
    assert [name for name in names if name.startswith("_")] == []


# Jobs.


@pytest.mark.parametrize(
    ("use", "sentence"),
    [
        (lambda e: e.submit({"x": 1}), r"Put it into a list: submit\(\[configuration\]\)"),
        (lambda e: e.submit(None), "each configuration must be a mapping of parameters, in a list, got None"),
        (lambda e: e.submit(5), "each configuration must be a mapping of parameters, in a list, got 5"),
        (lambda e: e.submit("x"), "each configuration must be a mapping of parameters, in a list"),
        (lambda e: e.submit([1]), "each configuration must be a mapping of parameters, got 1"),
        (lambda e: e.submit([{"x": 1}], [{}, {}]), "one dictionary for each of the 1 configurations, got 2"),
        (lambda e: e.submit([{"x": 1}], 3), "each metadata must be a mapping"),
        (lambda e: e.submit([{"x": 1}], [3]), "each metadata must be a mapping"),
        (lambda e: e.gather("all"), "Did you mean 'ALL'"),
        (lambda e: e.gather(3), "type must be one of 'ALL', 'BATCH', got 3"),
        (lambda e: e.gather("BATCH", "x"), "size must be a whole number"),
        (lambda e: e.set_maximum_num_jobs_submitted("x"), "maximum must be a whole number"),
        (lambda e: setattr(e, "timeout", "1h"), "Write 3600"),
    ],
)
def test_a_call_that_cannot_be_meant_is_refused_and_nothing_is_submitted(use: Any, sentence: str) -> None:
    with Evaluator.create(run) as evaluator:
        with pytest.raises((TypeError, ValueError), match=sentence):
            use(evaluator)

        assert evaluator.num_jobs_submitted == 0


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"initargs": 3}, "initargs must be a tuple of the initializer's arguments, got 3"),
        ({"initargs": (3,)}, "initargs are the arguments of an initializer, and there is none"),
        ({"initializer": 3}, "initializer must be a function"),
        ({"job_timeout": "1h"}, "Write 3600"),
        ({"job_memory_limit": "1GB"}, "job_memory_limit .* must be a whole number"),
        ({"max_retries": None}, "max_retries must be a whole number"),
        ({"resources": "gpu"}, "resources must be a mapping of names to lists"),
        ({"resources": {"gpu": 4}}, "must be a list of items, got 4"),
    ],
    ids=str,
)
def test_an_option_of_processes_that_cannot_be_meant_is_refused(options: Any, sentence: str) -> None:
    with pytest.raises((TypeError, ValueError), match=f"^ProcessEvaluator: .*{sentence}"):
        ProcessEvaluator(run, **options)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"duration": "1h"}, "duration must be a number of seconds"),
        ({"duration": -1}, "duration must be a number of seconds"),
        ({"seed": "x"}, "seed must be None, an int"),
        ({"charge_manager": "no"}, "charge_manager must be True or False, got 'no'"),
    ],
    ids=str,
)
def test_an_option_of_simulations_that_cannot_be_meant_is_refused(options: Any, sentence: str) -> None:
    with pytest.raises((TypeError, ValueError), match=sentence):
        Evaluator.create(run, "simulated", **options)
