"""A forked child leaves the workers of its parent alone, and the parent does not wait for the child."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from processes import PATIENCE_S, all_end, comes_true, is_at_work

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="nothing forks there")

# The evaluations of the second round wait until the child has done what it does.
SCRIPT = """
    import multiprocessing, os, sys, time
    from deephyper.evaluator import Evaluator

    def run(job):
        open(f"begun{{job.id}}", "w").close()
        while not os.path.exists(job["until"]):
            time.sleep(0.005)
        return float(os.getpid())

    def square(x):
        return x * x

    def forked(child):
        pid = os.fork()
        if pid == 0:
            child()
            sys.exit(0)
        assert os.waitpid(pid, 0)[1] == 0

    def use(evaluator):
        for deed in (lambda: evaluator.submit([{{"x": 1}}]), lambda: evaluator.gather("ALL")):
            try:
                deed()
            except RuntimeError as error:
                assert "forked child of it; make another evaluator here" in str(error), error
            else:
                raise AssertionError
        assert evaluator.cancel() == []

    def own_evaluator():
        with Evaluator.create(square_of_x, "process") as other:
            other.submit([{{"x": 3}}])
            assert other.gather("ALL")[0].objective == 9

    def square_of_x(job):
        return job["x"] ** 2

    def daemon():
        if os.fork():
            os._exit(0)
        os.setsid()
        note(os.getpid())
        time.sleep(3600)

    def note(pid):
        open("daemon.new", "w").write(str(pid))
        os.rename("daemon.new", "daemon")

    def not_closing():
        subprocess = __import__("subprocess")
        note(subprocess.Popen(["sleep", "3600"], close_fds=False).pid)
        subprocess.Popen(["true"], close_fds=False).wait()

    fork = multiprocessing.get_context("fork")
    with Evaluator.create(run, {method!r}, {{"num_workers": 2}}) as evaluator:
        evaluator.submit([{{"until": "."}}] * 2)
        first = sorted(job.objective for job in evaluator.gather("ALL"))
        evaluator.submit([{{"until": "go"}}] * 2)
        while not (os.path.exists("begun2") and os.path.exists("begun3")):
            time.sleep(0.005)
        {deed}
        open("go", "w").close()
        assert {method!r} != "process" or sorted(job.objective for job in evaluator.gather("ALL")) == first
    print("closed", flush=True)
"""

DEEDS = {
    "ends": "forked(lambda: None)",
    "closes": "forked(evaluator.close)",
    "uses": "forked(lambda: use(evaluator))",
    "leaves the context": "forked(lambda: evaluator.__exit__(None, None, None))",
    "has its own": "forked(own_evaluator)",
    "is a process": "p = fork.Process(target=square, args=(1,)); p.start(); p.join()",
    "is a daemonic process": "p = fork.Process(target=time.sleep, args=(3600,), daemon=True); p.start()",
    "is a pool": "pool = fork.Pool(2); pool.map(square, range(9)); pool.close(); pool.join()",
    "is a pool that is terminated": "pool = fork.Pool(2); pool.map(square, range(9)); pool.terminate(); pool.join()",
    "is a pool that is kept": "pool = fork.Pool(2); pool.map(square, range(9))",
    "is an executor": "from concurrent.futures import *\n"
    "        with ProcessPoolExecutor(2, mp_context=fork) as pool: list(pool.map(square, range(9)))",
    "inherits all files": "not_closing()",
    "is a daemon": "forked(daemon)",
}
QUICK = ("ends", "is a daemon")


def run_script(folder: Path, deed: str, method: str) -> tuple[int, str, str]:
    # Files rather than pipes, which a daemon would hold open.
    with (folder / "out").open("w") as out, (folder / "err").open("w") as err:
        code = textwrap.dedent(SCRIPT.format(deed=deed, method=method))
        ended = subprocess.run([sys.executable, "-c", code], cwd=folder, stdout=out, stderr=err, timeout=PATIENCE_S)
    if (folder / "daemon").exists():
        os.kill(int((folder / "daemon").read_text()), signal.SIGKILL)
    return ended.returncode, (folder / "out").read_text(), (folder / "err").read_text()


@pytest.mark.parametrize("what", [w if w in QUICK else pytest.param(w, marks=pytest.mark.slow) for w in DEEDS])
def test_a_script_goes_on_and_ends_whatever_a_forked_child_does(tmp_path: Path, what: str) -> None:
    code, out, err = run_script(tmp_path, DEEDS[what], "process")

    # A child that starts workers shares the process of loky that tidies up semaphores, which may say that it did.
    said = "" if what == "has its own" and "resource_tracker" in err and "Traceback" not in err else err
    assert (code, out, said) == (0, "closed\n", "")


@pytest.mark.slow
def test_evaluations_in_threads_are_left_alone_too(tmp_path: Path) -> None:
    code, out, err = run_script(tmp_path, "forked(evaluator.close)", "thread")

    assert (code, out, err) == (0, "closed\n", "")


@pytest.mark.slow
def test_a_manager_that_is_killed_takes_its_workers_with_it_though_a_forked_child_lives_on(tmp_path: Path) -> None:
    script = """
        import os, re, time
        from deephyper.evaluator import Evaluator

        def run(job):
            open("worker.new", "w").write(str(os.getpid()))
            os.rename("worker.new", "worker")
            # It holds the interpreter's lock, so that the worker cannot look for its manager.
            re.match(r"(a+)+b", "a" * 60)

        evaluator = Evaluator.create(run, "process")
        evaluator.submit([{"x": 1}])
        while not os.path.exists("worker"):
            time.sleep(0.005)
        child = os.fork()
        if child:
            open("child.new", "w").write(str(child))
            os.rename("child.new", "child")
        time.sleep(3600)
    """
    manager = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], cwd=tmp_path)
    assert comes_true((tmp_path / "child").exists)
    child = int((tmp_path / "child").read_text())
    manager.kill()
    manager.wait()

    try:
        assert all_end([int((tmp_path / "worker").read_text())])
        assert is_at_work(child)
    finally:
        os.kill(child, signal.SIGKILL)
