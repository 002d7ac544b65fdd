"""Programs that stand for a scheduler's own, on PATH: they check what they are given, and answer what they are told."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

# Does what `srun` does for one task: notes its options and environment, and becomes the command.
SRUN = """
import json, os, sys
from pathlib import Path
at = next(i for i, word in enumerate(sys.argv[1:], 1) if not word.startswith("-"))
options, command = sys.argv[1:at], sys.argv[at:]
assert "--exact" in options, "steps would take the whole allocation each"
assert any(word.startswith(("--gpus=", "--gres=none")) for word in options), "a step would take all devices"
cores = [word.partition("=")[2] for word in options if word.startswith("--cpus-per-task=")]
told = os.environ.get("SRUN_CPUS_PER_TASK")
assert cores in ([], [told]), f"{cores} cores by the option, {told} by the variable"
with open(Path(__file__).with_name("steps.jsonl"), "a") as file:
    file.write(json.dumps({"options": options, "command": command, "cores": told}) + "\\n")
os.execvp(command[0], command)
"""


def program(folder: Path, name: str, text: str) -> Path:
    """Put a program in Python into a folder."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!{sys.executable}\n{text}", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def answering(folder: Path, name: str, answer: str, status: int = 0) -> Path:
    """Put a program into a folder that prints an answer and notes its arguments in `<name>.arguments`."""
    return program(
        folder,
        name,
        f"import sys\nfrom pathlib import Path\n"
        f"Path(__file__).with_suffix('.arguments').write_text(' '.join(sys.argv[1:]))\n"
        f"sys.stdout.write({answer!r})\nsys.exit({status})\n",
    )


def path_with(folder: Path) -> str:
    """The value of PATH with which these programs come first."""
    return f"{folder}{os.pathsep}{os.environ['PATH']}"
