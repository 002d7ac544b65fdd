"""The accelerators that this process may use, and the variable by which a library learns of them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import final

# Schedulers set these. The first one that is there counts; a cluster has one kind of accelerators.
_CUDA = "CUDA_VISIBLE_DEVICES"
_VARIABLES = (_CUDA, "ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ZE_AFFINITY_MASK")
# Nothing is visible, in the way of CUDA.
_NONE = ("", "-1", "NoDevFiles")


@final
@dataclass(frozen=True)
class Devices:
    """Accelerators of one kind.

    Args:
        variable: the environment variable that limits a process to some of them.
        names: numbers or names, as they stand in that variable.
    """

    variable: str
    names: tuple[str, ...]

    def divided(self, n_evaluations: int) -> list[list[str]]:
        """Divide the devices among evaluations that run at the same time.

        Each gets as many as all can have. If there are fewer devices than evaluations, some share one.
        """
        if n_evaluations >= len(self.names):
            return [[self.names[i % len(self.names)]] for i in range(n_evaluations)]
        n_each = len(self.names) // n_evaluations
        return [list(self.names[i * n_each : (i + 1) * n_each]) for i in range(n_evaluations)]


def visible_devices(environment: Mapping[str, str] | None = None, root: str = "/dev") -> Devices:
    """The accelerators that this process may use; none if there are none.

    Args:
        environment: the variables; those of this process if None.
        root: the folder of device files, which are counted where no variable says anything.
    """
    variables = os.environ if environment is None else environment
    for variable in _VARIABLES:
        if variable in variables:
            text = variables[variable].strip()
            return Devices(variable, () if text in _NONE else tuple(name.strip() for name in text.split(",")))
    n_found = sum(path.name.removeprefix("nvidia").isdigit() for path in Path(root).glob("nvidia*"))
    return Devices(_CUDA, tuple(map(str, range(n_found))))
