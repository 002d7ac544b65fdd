"""What an evaluation has started ends with it, whatever sessions, groups and parents it has."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from processes import PATIENCE_S, all_end, comes_true, is_at_work

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere no process shows its mark")

# A run-function that starts something, notes its number, and then does what `then` says.
SCRIPT = """
    import os, re, subprocess, time
    from deephyper.evaluator import Evaluator

    def note(pid):
        open("new", "w").write(str(pid))
        os.rename("new", "pid")

    def daemon():
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                note(os.getpid())
                time.sleep(3600)
            os._exit(0)

    def shell(command):
        # What is started there has lost its parent when the shell ends.
        subprocess.run(command, shell=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def nested():
        def run_inside(job):
            note(subprocess.Popen(["sleep", "3600"], start_new_session=True).pid)
            time.sleep(3600)

        evaluator = Evaluator.create(run_inside, "process")
        evaluator.submit([{{"x": 1}}])
        return evaluator

    def run(job):
        kept = {start}
        while not os.path.exists("pid"):
            time.sleep(0.005)
        {then}
        return 1.0

    if __name__ == "__main__":
        evaluator = Evaluator.create(run, "process", {options})
        evaluator.submit([{{"x": 1}}])
        while not os.path.exists("pid"):
            time.sleep(0.005)
        {end}
        print(evaluator.gather("ALL")[0].objective, flush=True)
        input()
"""
INNER = "'echo $$ > new; mv new pid; exec sleep 3600'"
STARTS = {
    "a session": "note(subprocess.Popen(['sleep', '3600'], start_new_session=True).pid)",
    "a session and an environment": "note(subprocess.Popen(['sleep', '3600'], start_new_session=True, env={}).pid)",
    "timeout": f'subprocess.Popen(["timeout", "3600", "sh", "-c", {INNER}])',
    "setsid": f'shell("setsid sh -c {INNER} &")',
    "nohup": f'shell("nohup sh -c {INNER} &")',
    "a daemon": "daemon()",
    "an evaluator": "nested()",
}
WAITS = "time.sleep(3600)"
# How it ends: what the evaluation does, the options of the evaluator, what the manager does.
ENDS = {
    # Long enough for what has to be started before.
    "timeout": (WAITS, {"job_timeout": 5.0}, "pass"),
    "memory": (f"eaten = bytearray(b'x') * (600 << 20); {WAITS}", {"job_memory_limit": 500 << 20}, "pass"),
    "crash": ("os._exit(1)", {}, "pass"),
    "cancel": (WAITS, {}, "evaluator.cancel()"),
    "close": (WAITS, {}, "evaluator.close()"),
    "close after its end": ("pass", {}, "evaluator.gather('ALL'); evaluator.close()"),
    "end of the script": (WAITS, {}, "raise SystemExit"),
    "kill": (WAITS, {}, "os.kill(os.getpid(), 9)"),
    "kill during C code": ("re.match(r'(a+)+b', 'a' * 60)", {}, "os.kill(os.getpid(), 9)"),
    "kill of the group": (WAITS, {}, "os.killpg(0, 9)"),
    "interrupt": (WAITS, {}, "import signal; signal.raise_signal(signal.SIGINT)"),
}
# One that was given an environment of its own, and whose parent has ended, shows no mark.
ESCAPES = {("a session and an environment", "crash")}
QUICK = {("a session", "memory"), ("a daemon", "kill during C code")}
CASES = [
    pytest.param(what, end, marks=() if (what, end) in QUICK else pytest.mark.slow)
    for what in STARTS
    for end in ENDS
    if (what, end) not in ESCAPES and (end != "timeout" or what == "a session")
]


def script_for(what: str, end: str) -> str:
    then, options, deed = ENDS[end]
    return textwrap.dedent(SCRIPT.format(start=STARTS[what], then=then, options=options, end=deed))


@pytest.mark.parametrize(("what", "end"), CASES)
def test_what_an_evaluation_has_started_ends_with_it(tmp_path: Path, what: str, end: str) -> None:
    with (tmp_path / "err").open("w") as err:
        manager = subprocess.Popen(
            [sys.executable, "-c", script_for(what, end)],
            cwd=tmp_path,
            stdin=subprocess.PIPE,
            stdout=err,
            stderr=err,
            start_new_session=True,
        )
        assert comes_true((tmp_path / "pid").exists)
        assert all_end([int((tmp_path / "pid").read_text())])
        manager.communicate(b"\n", timeout=PATIENCE_S)


@pytest.mark.slow
def test_what_an_evaluation_leaves_behind_lives_as_long_as_its_worker(tmp_path: Path) -> None:
    then, options, deed = "pass", {"num_workers": 1}, "pass"
    script = SCRIPT.format(start="daemon()", then=then, options=options, end=deed)
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)], cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as manager:
        assert manager.stdout is not None
        assert manager.stdout.readline() == b"1.0\n"
        pid = int((tmp_path / "pid").read_text())
        assert is_at_work(pid)
        manager.communicate(b"\n", timeout=PATIENCE_S)

    assert all_end([pid])


@pytest.mark.slow
def test_what_takes_the_mark_from_its_environment_and_loses_its_parent_is_let_go(tmp_path: Path) -> None:
    start = f'shell("env -u DEEPHYPER_WORKER setsid sh -c {INNER} &")'
    script = SCRIPT.format(start=start, then="pass", options={}, end="pass")
    subprocess.run([sys.executable, "-c", textwrap.dedent(script)], cwd=tmp_path, input=b"\n", check=True)
    pid = int((tmp_path / "pid").read_text())

    try:
        assert is_at_work(pid)
    finally:
        os.kill(pid, signal.SIGKILL)
