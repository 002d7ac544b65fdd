"""What starts processes in a plain process starts them in a worker too."""

from __future__ import annotations

from pathlib import Path

import pytest

from programs import output_of

# Every kind is a function of the name of a start method. The script writes a line whenever it is run.
KINDS = """
import multiprocessing
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.shared_memory import SharedMemory

with open("runs.txt", "a") as file:
    file.write("run" + chr(10))

STATE = None

class Thing:
    def __init__(self, x):
        self.x = x

class Own(multiprocessing.Process):
    def run(self):
        sys.exit(STATE_AT_START)

STATE_AT_START = 3

def begin(state):
    global STATE
    STATE = state

def square(x):
    return STATE, x * x

def double(thing):
    return Thing(2 * thing.x)

def put(queue, thing):
    queue.put(double(thing))

def process(context):
    queue = context.Queue()
    child = context.Process(target=put, args=(queue, Thing(2)))
    child.start()
    thing = queue.get(timeout=60)
    child.join()
    return type(thing) is Thing, thing.x, child.exitcode

def pool(context):
    with context.Pool(2, begin, (5,)) as pool:
        return pool.map_async(square, range(3)).get(60), pool.map_async(double, [Thing(2)]).get(60)[0].x

def executor(context):
    with ProcessPoolExecutor(2, context, begin, (6,)) as pool:
        return list(pool.map(square, range(2))), pool.submit(double, Thing(4)).result(60).x

def manager(context):
    with context.Manager() as manager:
        shared = manager.dict()
        shared["thing"] = Thing(7)
        return shared["thing"].x

def lambdas(context):
    with context.Pool(1) as pool:
        try:
            return pool.map_async(lambda x: x, [1]).get(60)
        except Exception as error:
            return "pickle" in str(error)

def nested(context):
    with ProcessPoolExecutor(1, context) as pool:
        return pool.submit(executor, multiprocessing.get_context("spawn")).result(60)

def left_open(context):
    global LEFT_OPEN
    LEFT_OPEN = ProcessPoolExecutor(1, context)
    return LEFT_OPEN.submit(square, 2).result(60)
"""
EXPECTED = {
    "process": "(True, 4, 0)",
    "pool": "([(5, 0), (5, 1), (5, 4)], 4)",
    "executor": "([(6, 0), (6, 1)], 8)",
    "manager": "7",
    "lambdas": "True",
    "nested": "([(6, 0), (6, 1)], 8)",
    "left_open": "(None, 4)",
}
SEARCH = """
def run(job):
    context = multiprocessing if job["method"] is None else multiprocessing.get_context(job["method"])
    done = [(kind.__name__, repr(kind(context))) for kind in (process, pool, executor, manager, lambdas)]
    done += [(kind.__name__, repr(kind(multiprocessing.get_context(job["method"])))) for kind in (nested, left_open)]
    return {"objective": 0.0, "metadata": dict(done)}

def main():
    from deephyper.evaluator import Evaluator

    with Evaluator.create(run, "process", {"num_workers": 2, "job_timeout": 110}) as evaluator:
        evaluator.submit([{"method": method} for method in (None, "fork", "spawn", "forkserver")])
        for job in evaluator.gather("ALL"):
            print(job.objective, job.metadata.get("traceback") or job.metadata == EXPECTED or job.metadata)
"""
FINE = "0.0 True\n" * 4


def program(call: str = "main()") -> str:
    # `executor` is given the module where it needs a context or None.
    text = KINDS.replace("ProcessPoolExecutor(2, context,", "ProcessPoolExecutor(2, _context_of(context),")
    helper = "def _context_of(context):\n    return None if context is multiprocessing else context\n"
    return f"{text}\n{helper}\nEXPECTED = {EXPECTED!r}\n{SEARCH}\n{call}\n"


def n_runs(folder: Path) -> int:
    return len((folder / "runs.txt").read_text().split())


@pytest.mark.slow
@pytest.mark.parametrize("call", ["main()", "if __name__ == '__main__':\n    main()"], ids=["no guard", "guard"])
def test_every_way_to_start_processes_works_in_a_script_which_is_not_run_again(tmp_path: Path, call: str) -> None:
    assert output_of(program(call), tmp_path) == FINE
    assert n_runs(tmp_path) == 1


@pytest.mark.slow
def test_every_way_to_start_processes_works_without_a_script(tmp_path: Path) -> None:
    # As in a notebook: no process that is started anew could find the functions anywhere.
    assert output_of(["-"], tmp_path, stdin=program()) == FINE
    assert n_runs(tmp_path) == 1


@pytest.mark.slow
def test_functions_of_a_module_reach_the_processes_of_a_worker(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(program(""))

    assert output_of("import mine; mine.main()", tmp_path) == FINE


@pytest.mark.slow
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_workers_start_processes_as_their_manager_does(tmp_path: Path, method: str) -> None:
    script = f"""
    import multiprocessing
    from deephyper.evaluator import Evaluator

    def run(job):
        default = multiprocessing.get_start_method()
        with multiprocessing.Pool(1) as pool:
            return {{"objective": float(pool.apply_async(abs, (-2,)).get(60)), "metadata": {{"method": default}}}}

    if __name__ == "__main__":
        multiprocessing.set_start_method({method!r})
        with Evaluator.create(run, "process") as evaluator:
            evaluator.submit([{{}}])
            (job,) = evaluator.gather("ALL")
            print(job.objective, job.metadata["method"])
    """

    assert output_of(script, tmp_path) == f"2.0 {method}\n"


@pytest.mark.slow
def test_what_is_pickled_by_name_in_a_worker_is_found_there(tmp_path: Path) -> None:
    script = """
    import copy, pickle
    from deephyper.evaluator import Evaluator

    class Model:
        class Layer:
            pass

    def helper():
        return Model

    class Run:
        def __call__(self, job):
            model, layer = pickle.loads(pickle.dumps((Model(), Model.Layer())))
            assert type(model) is Model and type(layer) is Model.Layer
            assert pickle.loads(pickle.dumps(helper)) is helper and type(copy.deepcopy(self)) is Run
            return {"objective": 1.0, "metadata": {"model": model}}

    with Evaluator.create(Run(), "process") as evaluator:
        evaluator.submit([{}])
        (job,) = evaluator.gather("ALL")
        print(job.objective, type(job.metadata["model"]) is Model)
    """

    assert output_of(script, tmp_path) == "1.0 True\n"


@pytest.mark.slow
def test_a_manager_that_was_spawned_itself_has_workers_like_any_other(tmp_path: Path) -> None:
    script = """
    import multiprocessing, pickle
    from deephyper.evaluator import Evaluator

    class Thing:
        pass

    def give_back(thing):
        return thing

    def run(job):
        assert type(pickle.loads(pickle.dumps(Thing()))) is Thing
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            assert type(pool.apply_async(give_back, (Thing(),)).get(60)) is Thing
        return 1.0

    def search():
        with Evaluator.create(run, "process") as evaluator:
            evaluator.submit([{}])
            print(evaluator.gather("ALL")[0].objective, flush=True)

    if __name__ == "__main__":
        child = multiprocessing.get_context("spawn").Process(target=search)
        child.start()
        child.join()
    """

    assert output_of(script, tmp_path) == "1.0\n"


@pytest.mark.slow
def test_parallel_code_of_joblib_runs_in_workers(tmp_path: Path) -> None:
    script = """
    from joblib import Parallel, delayed
    from deephyper.evaluator import Evaluator

    def square(x):
        return x * x

    def run(job):
        return float(sum(Parallel(n_jobs=2, backend=job["backend"])(delayed(square)(x) for x in range(4))))

    with Evaluator.create(run, "process", {"num_workers": 2, "job_timeout": 110}) as evaluator:
        evaluator.submit([{"backend": backend} for backend in ("loky", "threading", "multiprocessing")])
        print(*(job.objective for job in evaluator.gather("ALL")))
    """

    assert output_of(script, tmp_path) == "14.0 14.0 14.0\n"


@pytest.mark.slow
def test_evaluators_nest(tmp_path: Path) -> None:
    script = """
    import multiprocessing
    from deephyper.evaluator import Evaluator

    def square(x):
        return x * x

    def inner(job):
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            return pool.apply_async(square, (job["x"],)).get(60)

    def outer(job):
        with Evaluator.create(inner, "process", {"num_workers": 2}) as evaluator:
            evaluator.submit([{"x": job["x"]}, {"x": 1}])
            return sum(job.objective for job in evaluator.gather("ALL"))

    with Evaluator.create(outer, "process", {"num_workers": 2, "job_timeout": 110}) as evaluator:
        evaluator.submit([{"x": 2}, {"x": 3}])
        print(*sorted(job.objective for job in evaluator.gather("ALL")))
    """

    assert output_of(script, tmp_path) == "5.0 10.0\n"


@pytest.mark.slow
def test_loaders_of_torch_have_workers_of_their_own(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    script = """
    from torch.utils.data import DataLoader
    from deephyper.evaluator import Evaluator

    class Numbers:
        def __len__(self):
            return 4

        def __getitem__(self, i):
            return i

    def run(job):
        loader = DataLoader(Numbers(), batch_size=2, num_workers=2, multiprocessing_context=job["method"])
        return float(sum(batch.sum() for batch in loader))

    with Evaluator.create(run, "process", {"num_workers": 2}) as evaluator:
        evaluator.submit([{"method": method} for method in (None, "fork", "spawn", "forkserver")])
        print(*(job.objective for job in evaluator.gather("ALL")))
    """

    assert output_of(script, tmp_path) == "6.0 6.0 6.0 6.0\n"
