"""When an allocation ends: the schedulers' own commands, asked.

A command that is missing, fails, hangs or answers something else means that the end is not known; that is logged.
"""

from __future__ import annotations

import json
import logging
import math
import re
import subprocess
import time
from collections.abc import Sequence

logger = logging.getLogger(__name__)

_PATIENCE_S = 10.0
_FORM_OF_SLURM, _FORM_OF_PBS = "%Y-%m-%dT%H:%M:%S", "%a %b %d %H:%M:%S %Y"


def of_slurm(job: str) -> float | None:
    """Ask Slurm. Its answer is a local time, `2026-11-28T14:20:00`, or N/A."""
    return _local_time(_answer(["squeue", "--noheader", "--format=%e", f"--jobs={job}"]).strip(), _FORM_OF_SLURM)


def of_pbs(job: str) -> float | None:
    """Ask PBS for the start of a job and how long it may run."""
    try:
        jobs = json.loads(_answer(["qstat", "-f", "-F", "json", job]) or "{}")["Jobs"]
        (described,) = jobs.values()
        start = _local_time(described["stime"], _FORM_OF_PBS)
        length = _seconds(described["Resource_List"]["walltime"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return None if start is None or length is None else start + length


def of_lsf(job: str) -> float | None:
    """Ask LSF for the time that is left: hours and minutes, and a letter, `3:20 L`."""
    left = _seconds(_answer(["bjobs", "-noheader", "-o", "time_left", job]).split(" ")[0].strip() + ":00")
    return None if left is None else time.time() + left


def of_flux(job: str) -> float | None:
    """Ask Flux for the seconds that are left to the job in which this process runs."""
    text = _answer(["flux", "job", "timeleft"]).strip()
    try:
        left = float(text)
    except ValueError:
        return None
    return time.time() + left if math.isfinite(left) else None


def _answer(command: Sequence[str]) -> str:
    """What a command prints; empty if it fails."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_PATIENCE_S, check=True, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError) as error:
        logger.warning("the end of the allocation is not known, since %s could not be asked: %s", command[0], error)
        return ""
    return done.stdout


def _local_time(text: str, form: str) -> float | None:
    try:
        return time.mktime(time.strptime(" ".join(text.split()), form))
    except (ValueError, OverflowError):
        return None


def _seconds(text: str) -> float | None:
    """Hours, minutes and seconds, `12:30:00`, in seconds."""
    parts = re.fullmatch(r"(\d+):(\d+):(\d+)", text)
    return None if parts is None else sum(int(n) * unit for n, unit in zip(parts.groups(), (3600, 60, 1), strict=True))
