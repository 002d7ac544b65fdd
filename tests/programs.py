"""Programs that tests run in an interpreter of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

# Longer than any of them takes on a busy machine; what hangs is ended after that, and its test fails.
PATIENCE_S = 300.0


def output_of(
    program: str | Sequence[str], folder: Path, variables: Mapping[str, str | None] | None = None, stdin: str = ""
) -> str:
    """Run a program until it ends, and return what it prints.

    Args:
        program: its text, for a script in the folder, or the arguments of the interpreter.
        folder: where it works.
        variables: environment variables beside those of this process; None for one that must not be set. Limits of
            threads are not passed on.
        stdin: what it can read.

    Raises:
        AssertionError: it has failed; with all that it printed.
    """
    if isinstance(program, str):
        script = folder / "script.py"
        script.write_text(textwrap.dedent(program), encoding="utf-8")
        program = [str(script)]
    kept = {name: value for name, value in os.environ.items() if "THREADS" not in name}
    environment = {name: value for name, value in {**kept, **(variables or {})}.items() if value is not None}
    ended = subprocess.run(
        [sys.executable, *program],
        cwd=folder, env=environment, input=stdin, capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, f"exit status {ended.returncode}\n{ended.stdout}\n{ended.stderr}"
    return ended.stdout
