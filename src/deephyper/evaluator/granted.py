"""What an evaluator takes of the allocation of a scheduler if the user does not say: its cores, its devices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

from ..cluster import Devices, allocation, granted_cores, visible_devices
from ..worker.surroundings import given_variables
from .leases import DEVICE

_AUTO = "auto"


def granted_workers(threads_per_worker: Any) -> int:
    """How many workers an allocation has cores for; one outside of an allocation, and inside of a worker.

    Args:
        threads_per_worker: how many cores each of them takes; one if None.
    """
    if allocation() is None or given_variables():
        return 1
    n_each = threads_per_worker if isinstance(threads_per_worker, int) and threads_per_worker > 0 else 1
    return max(1, granted_cores() // n_each)


@final
class Wanted:
    """The resources that a user asks for, where "auto" stands for the devices that this process may use.

    Args:
        where: who is named in messages.
        resources: the items of each kind, by the kind's name; None for no resources.

    Raises:
        ValueError: "auto" is asked for, and there are no devices, or it is asked for another kind.
    """

    def __init__(self, where: str, resources: Any):
        self._resources = resources
        self._devices: Devices | None = None
        asked = [name for name, items in resources.items() if _is_auto(items)] if isinstance(resources, Mapping) else []
        for name in asked:
            if name != DEVICE:
                raise ValueError(
                    f"{where}: only resources['{DEVICE}'] can be 'auto', got resources[{name!r}]='auto'; list its "
                    "items."
                )
            self._devices = visible_devices()
            if not self._devices.names:
                raise ValueError(
                    f"{where}: resources['{DEVICE}'] is 'auto', and this process may use no device "
                    f"({self._devices.variable} and the device files were looked at); list them, or leave it out."
                )

    @property
    def n_devices(self) -> int:
        """How many devices are to be divided; 0 if that is not asked for."""
        return 0 if self._devices is None else len(self._devices.names)

    def in_words(self, n_workers: int) -> str:
        """How the devices are divided, for the log; empty if they are not."""
        if self._devices is None:
            return ""
        names, n_each = ", ".join(self._devices.names), max(1, self.n_devices // n_workers)
        return f", devices {names}, {n_each} each" + (" (shared)" if n_workers > self.n_devices else "")

    def items(self, n_workers: int) -> Any:
        """The resources with the items that the workers share."""
        if self._devices is None:
            return self._resources
        items = [each[0] if len(each) == 1 else each for each in self._devices.divided(n_workers)]
        return {**self._resources, DEVICE: items}


def _is_auto(items: Any) -> bool:
    return isinstance(items, str) and items == _AUTO
