"""Every script of the page on clusters runs as it stands, with programs that stand for the schedulers."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deephyper.results import read_csv
from deephyper.storage import FileStorage
from programs import PATIENCE_S, output_of
from schedulers import SRUN, answering, path_with, program

PAGE = (Path(__file__).parents[1] / "docs" / "clusters.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
# Becomes the command behind its options, as `srun`, and as `flux run`, do for one task.
BECOMES = "import os, sys\nat = sys.argv.index('python')\nos.execvp('python', sys.argv[at:])\n"
PYTHON = f"import os, sys\nos.execv({sys.executable!r}, [{sys.executable!r}, *sys.argv[1:]])\n"
# Sends what a scheduler sends to warn, once twenty evaluations have begun.
WARNS = """    import os, signal
    with open("begun.txt", "a") as file:
        file.write("x")
    if os.path.getsize("begun.txt") == 20:
        os.kill(os.getppid(), signal.SIGUSR1)
"""
SIMULATE = "import sys\nprint('energy:', (float(sys.argv[2]) - 0.3) ** 2)\n"


def blocks(section: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", SECTIONS[section], re.MULTILINE | re.DOTALL)


def end_in(seconds: float) -> float:
    return round(time.time() + seconds)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the scripts of the page and a `bin` with programs of schedulers."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "search.py").write_text(blocks("The script", "python")[0])
    (tmp_path / "member.py").write_text(blocks("Several allocations at once", "python")[0])
    program(tmp_path / "bin", "srun", BECOMES)
    # A link would leave the environment of Python behind.
    program(tmp_path / "bin", "python", PYTHON)
    return tmp_path


def ran(folder: Path, script: str, variables: dict[str, str]) -> str:
    """Run a job script as a scheduler does, and return what it prints."""
    (folder / "job.sh").write_text(script)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SLURM")}
    environment = {**kept, "PATH": path_with(folder / "bin"), **variables}
    ended = subprocess.run(
        ["bash", "job.sh"], cwd=folder, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def slurm(seconds: float = 14400.0, **variables: str) -> dict[str, str]:
    return {
        "SLURM_JOB_ID": "7", "SLURM_CPUS_ON_NODE": "2", "SLURM_JOB_END_TIME": f"{end_in(seconds):.0f}", **variables
    }  # fmt: skip


@pytest.mark.slow
def test_the_script_runs_on_a_laptop(folder: Path) -> None:
    assert output_of(["search.py"], folder, {"SLURM_JOB_ID": None}) == "100 evaluations: done\n"


@pytest.mark.slow
@pytest.mark.parametrize("scheduler", ["Slurm", "PBS", "LSF", "Flux"])
def test_a_job_script_runs_under_its_scheduler(scheduler: str, folder: Path) -> None:
    started = time.strftime("%a %b %d %H:%M:%S %Y", time.localtime())
    described = {"stime": started, "Resource_List": {"walltime": "04:00:00"}}
    answering(folder / "bin", "qstat", json.dumps({"Jobs": {"7": described}}))
    answering(folder / "bin", "bjobs", "3:59 L\n")
    program(folder / "bin", "flux", f"import sys\nif sys.argv[1] == 'job':\n    sys.exit(print(14000))\n{BECOMES}")
    variables = {
        "Slurm": slurm(),
        "PBS": {"PBS_JOBID": "7", "NCPUS": "2", "PBS_O_WORKDIR": str(folder)},
        "LSF": {"LSB_JOBID": "7", "LSB_DJOB_NUMPROC": "2"},
        "Flux": {"FLUX_JOB_ID": "f7"},
    }
    (script,) = blocks(scheduler, "bash")

    assert ran(folder, script, variables[scheduler]) == "100 evaluations: done\n"
    assert len(read_csv(folder / "log" / "results.csv")) == 100
    described_search = json.loads((folder / "log" / "search.json").read_text())
    assert described_search["num_workers"] >= 1


@pytest.mark.slow
def test_a_job_hands_itself_in_again_until_the_search_is_done(folder: Path) -> None:
    (script,) = blocks("Longer than one allocation", "bash")
    answering(folder / "bin", "sbatch", "")
    again = folder / "bin" / "sbatch.arguments"

    warned = (folder / "search.py").read_text().replace("    return -(", f"{WARNS}    return -(")
    (folder / "warned.py").write_text(warned)
    assert "to be continued" in ran(folder, script.replace("search.py", "warned.py"), slurm())
    assert again.read_text() == "job.sh"
    again.unlink()
    n_first = len(read_csv(folder / "log" / "results.csv"))
    assert ran(folder, script, slurm()) == "100 evaluations: done\n"
    assert len(read_csv(folder / "log" / "results.csv")) > n_first
    assert not again.exists()


@pytest.mark.slow
@pytest.mark.parametrize("which", [0, 1])
def test_members_of_several_allocations_search_together(which: int, folder: Path) -> None:
    script = blocks("Several allocations at once", "bash")[which]
    name = ("SLURM_ARRAY_TASK_ID", "SLURM_PROCID")[which]
    (folder / "job.sh").write_text(script)
    environment = {**os.environ, "PATH": path_with(folder / "bin")}
    members = [
        subprocess.Popen(
            ["bash", "job.sh"],
            cwd=folder,
            env={**environment, **slurm(**{name: str(i)})},
            stdout=subprocess.PIPE,
            text=True,
        )
        for i in range(3)
    ]
    told = [member.communicate(timeout=PATIENCE_S)[0] for member in members]

    assert all(member.returncode == 0 for member in members)
    assert all(re.match(rf"member {i} knows \d+ evaluations", text) for i, text in enumerate(told))
    records = FileStorage(folder / "shared").records("tuning")
    assert len({record["job_id"] for record in records}) == len(records) >= 60


@pytest.mark.slow
def test_evaluations_that_are_steps_run(folder: Path) -> None:
    (script,) = blocks("Evaluations that are parallel programs", "python")
    (folder / "steps.py").write_text(script)
    program(folder / "bin", "srun", SRUN)
    program(folder, "simulate", SIMULATE)

    printed = output_of(["steps.py"], folder, {"PATH": path_with(folder / "bin"), "SLURM_JOB_ID": None})
    assert float(printed) > -0.1
    assert len((folder / "bin" / "steps.jsonl").read_text().splitlines()) == 12


def test_the_page_lists_all_of_its_sections() -> None:
    listed = re.findall(r"\]\(#([\w-]+)\)", PAGE.split("\n## ", 1)[0])

    assert listed == [title.lower().replace(" ", "-") for title in SECTIONS]
