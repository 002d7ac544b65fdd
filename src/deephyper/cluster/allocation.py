"""The allocation of a scheduler in which this process runs: its cores on this host, its hosts, its end.

What is granted stands in environment variables. Where they do not tell the end, the scheduler's own command is asked,
once.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import final

from . import ends
from .hosts import first_of_slurm, of_lsf, of_pbs

_NO_END: Callable[[str], float | None] = lambda _job: None  # noqa: E731


@final
@dataclass(frozen=True)
class Allocation:
    """What a scheduler has granted.

    Args:
        scheduler: its name.
        job: the number of the job, as the scheduler writes it.
        n_cores: how many cores this process may use on this host by the scheduler's word; None if it does not say.
        said_end: when the allocation ends, in seconds since the epoch, where a variable says so.
        ask_end: asks the scheduler when a job ends; None if it does not know, or has no end.
    """

    scheduler: str
    job: str
    n_cores: int | None = None
    said_end: float | None = None
    ask_end: Callable[[str], float | None] = _NO_END

    @property
    def end(self) -> float | None:
        """When the allocation ends, in seconds since the epoch; None if it has no end, or nobody knows it."""
        return _asked_end(self.ask_end, self.job) if self.said_end is None else self.said_end


@lru_cache(maxsize=16)
def _asked_end(ask: Callable[[str], float | None], job: str) -> float | None:
    return ask(job)


def allocation(environment: Mapping[str, str] | None = None) -> Allocation | None:
    """The allocation in which this process runs; None outside of one.

    Args:
        environment: the variables; those of this process if None.
    """
    variables = os.environ if environment is None else environment
    for of_scheduler in (_flux, _slurm, _pbs, _lsf):
        if (found := of_scheduler(variables)) is not None:
            return found
    return None


def granted_cores(environment: Mapping[str, str] | None = None) -> int:
    """How many cores this process may use on this host: by its affinity, its container's quota and its scheduler."""
    from loky import cpu_count

    here, granted = int(cpu_count()), allocation(environment)
    return here if granted is None or granted.n_cores is None else max(1, min(here, granted.n_cores))


def _slurm(variables: Mapping[str, str]) -> Allocation | None:
    job = variables.get("SLURM_JOB_ID")
    if not job:
        return None
    end = _number(variables, "SLURM_JOB_END_TIME")
    return Allocation("Slurm", job, _cores_of_slurm(variables), end, ends.of_slurm)


def _cores_of_slurm(variables: Mapping[str, str]) -> int | None:
    """A process that `srun` started has the share of one task; a batch script has all cores of its host."""
    on_host = _count(variables, "SLURM_CPUS_ON_NODE") or first_of_slurm(variables.get("SLURM_JOB_CPUS_PER_NODE", ""))
    if not (_count(variables, "SLURM_STEP_NUM_TASKS") or 1) > 1:
        return on_host
    of_task = _count(variables, "SLURM_CPUS_PER_TASK")
    n_tasks = first_of_slurm(variables.get("SLURM_STEP_TASKS_PER_NODE", ""))
    return of_task or (None if on_host is None else max(1, on_host // (n_tasks or 1)))


def _pbs(variables: Mapping[str, str]) -> Allocation | None:
    job = variables.get("PBS_JOBID")
    if not job:
        return None
    n_cores = _count(variables, "NCPUS") or _count(variables, "PBS_NUM_PPN") or of_pbs(variables.get("PBS_NODEFILE"))
    return Allocation("PBS", job, n_cores, None, ends.of_pbs)


def _lsf(variables: Mapping[str, str]) -> Allocation | None:
    job = variables.get("LSB_JOBID")
    if not job:
        return None
    index = variables.get("LSB_JOBINDEX", "0")
    name = job if index in ("", "0") else f"{job}[{index}]"
    n_cores = of_lsf(variables.get("LSB_MCPU_HOSTS", "")) or _count(variables, "LSB_DJOB_NUMPROC")
    return Allocation("LSF", name, n_cores, None, ends.of_lsf)


def _flux(variables: Mapping[str, str]) -> Allocation | None:
    # A batch script runs in an instance of its own, which is known by its address alone.
    job = variables.get("FLUX_JOB_ID") or variables.get("FLUX_URI")
    return Allocation("Flux", job, None, None, ends.of_flux) if job else None


def _count(variables: Mapping[str, str], name: str) -> int | None:
    """A variable that holds a number of things; None if it is not there, or holds something else."""
    text = variables.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and int(text) > 0 else None


def _number(variables: Mapping[str, str], name: str) -> float | None:
    n = _count(variables, name)
    return None if n is None else float(n)
