"""Steps of Slurm from inside of an evaluation: MPI programs and other commands, side by side in one allocation."""

from __future__ import annotations

import math
import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, final

from .._checks import count, got, instance_of, seconds

_MOST_SHOWN = 2000
# A step gets so long to end by itself after its time is over. Slurm passes the first signal on to all its tasks.
_GRACE_S = 15.0


@final
class StepFailed(RuntimeError):
    """A step has ended with another status than 0, or was ended at its timeout.

    Args:
        message: what happened.
        status: the exit status; None if the step was ended at its timeout.
        output: what the step has printed, if it was not written to a file.
    """

    def __init__(self, message: str, status: int | None = None, output: str = ""):
        super().__init__(message)
        self.status, self.output = status, output


def srun(
    command: Sequence[str | os.PathLike[str]],
    *,
    ntasks: int = 1,
    cpus_per_task: int | None = None,
    gpus: int = 0,
    nodes: Sequence[str] | int | None = None,
    timeout: float | None = None,
    output: str | os.PathLike[str] | None = None,
    options: Sequence[str] = (),
) -> str:
    """Run a command as a step of the Slurm allocation in which this process runs, and wait for it.

    Steps run side by side: each gets the cores and devices that it asks for and no others (`--exact`), and waits while
    these are taken. The number of cores of each task is given to Slurm in all the ways in which its versions want it.

    Args:
        command: the program and its arguments, without a shell.
        ntasks: how many tasks (MPI ranks) the step has.
        cpus_per_task: cores of each task; that of the allocation if None.
        gpus: devices of the whole step.
        nodes: names of the hosts on which the step runs, for example those that `queued` lends; or how many.
        timeout: seconds after which the step is ended; None for no limit.
        output: a file to which everything that the step prints is written; returned as text if None.
        options: further options of `srun`.

    Returns:
        What the step has printed; empty with `output`.

    Raises:
        FileNotFoundError: there is no `srun` on this host.
        StepFailed: the step has ended with another status than 0, or was ended at its timeout.

    Example:
        def run(job):
            srun(["./simulate", "--rate", str(job["rate"])], ntasks=64, gpus=2, timeout=3600, output=f"{job.id}.txt")
            return float(Path(f"{job.id}.result").read_text())
    """
    words = _command_of(command)
    limit = None if timeout is None else seconds("srun", "timeout", timeout)
    line = [_found("srun"), *_options(ntasks, cpus_per_task, gpus, nodes), *_limit(limit), *map(str, options), *words]
    if output is None:
        printed, status = _run(line, subprocess.PIPE, limit, _environment(cpus_per_task))
    else:
        Path(output).parent.mkdir(parents=True, exist_ok=True)
        with open(output, "wb") as file:
            printed, status = _run(line, file, limit, _environment(cpus_per_task))
    if status == 0:
        return printed
    where = f"see {output}" if output is not None else f"it printed: {printed[-_MOST_SHOWN:].strip() or 'nothing'}"
    how = f"was ended after its timeout of {timeout:g} s" if status is None else f"ended with status {status}"
    raise StepFailed(f"srun: the step {' '.join(words)} {how}; {where}.", status, printed)


def _command_of(command: Any) -> list[str]:
    if isinstance(command, (str, bytes, os.PathLike)) or not isinstance(command, Sequence) or not command:
        raise TypeError(
            f"srun: command must be a list of a program and its arguments, {got(command)}; write srun(['./simulate', "
            "'--steps', '100'])."
        )
    return [os.fspath(word) if isinstance(word, os.PathLike) else str(word) for word in command]


def _found(program: str) -> str:
    path = shutil.which(program)
    if path is None:
        raise FileNotFoundError(
            f"srun: there is no program {program!r} on this host; it runs steps inside of an allocation of Slurm, "
            "elsewhere use subprocess.run(command, check=True)."
        )
    return path


def _options(ntasks: Any, cpus_per_task: Any, gpus: Any, nodes: Any) -> list[str]:
    options = ["--exact", f"--ntasks={count('srun', 'ntasks', ntasks)}", "--kill-on-bad-exit=1"]
    if cpus_per_task is not None:
        options.append(f"--cpus-per-task={count('srun', 'cpus_per_task', cpus_per_task)}")
    # Without a word of it a step would take all devices of the allocation, and others would wait for them.
    options.append(f"--gpus={n}" if (n := count("srun", "gpus", gpus, at_least=0)) else "--gres=none")
    if isinstance(nodes, int):
        options.append(f"--nodes={count('srun', 'nodes', nodes)}")
    elif nodes is not None:
        instance_of("srun", "nodes", nodes, (list, tuple), "a list of names of hosts, or how many")
        options += [f"--nodelist={','.join(map(str, nodes))}", f"--nodes={len(nodes)}"]
    return options


def _limit(limit: float | None) -> list[str]:
    """Slurm's own limit in minutes, for a step whose `srun` was killed together with its evaluation."""
    return [] if limit is None else [f"--time={math.ceil(limit / 60) + 1}"]


def _environment(cpus_per_task: int | None) -> dict[str, str]:
    """Tell `srun` how many cores a task has, also where it does not read this from the variable of the allocation."""
    environment = dict(os.environ)
    n = str(cpus_per_task) if cpus_per_task is not None else environment.get("SLURM_CPUS_PER_TASK")
    if n is not None:
        environment["SRUN_CPUS_PER_TASK"] = environment["SLURM_CPUS_PER_TASK"] = n
    return environment


def _run(line: list[str], output: Any, limit: float | None, environment: dict[str, str]) -> tuple[str, int | None]:
    """Run a command; give what it printed and its exit status, None if it was ended at its limit."""
    with subprocess.Popen(
        line, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=environment
    ) as step:
        try:
            printed, _ = step.communicate(timeout=limit)
            return _text(printed), step.returncode
        except subprocess.TimeoutExpired:
            return _text(_ended(step)), None
        except BaseException:
            # The evaluation is cancelled or interrupted: its step must not stay behind.
            _ended(step)
            raise


def _ended(step: subprocess.Popen[bytes]) -> bytes | None:
    """End a step: in the orderly way, which Slurm passes on to its tasks, and by force if that takes too long."""
    step.send_signal(signal.SIGTERM)
    try:
        return step.communicate(timeout=_GRACE_S)[0]
    except subprocess.TimeoutExpired:
        step.kill()
        return step.communicate()[0]


def _text(printed: bytes | None) -> str:
    return "" if printed is None else printed.decode(errors="replace")
