"""Resources that are lent to one evaluation at a time: GPUs, licences, nodes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, final

from .._checks import count, got, instance_of
from ..cluster import visible_devices
from ..worker import Lease

# The resource of which libraries learn by an environment variable.
DEVICE = "gpu"


class Leases(Protocol):
    """Lends resources to one evaluation at a time."""

    @property
    def n_available(self) -> int:
        """For how many further evaluations there are resources."""

    def lend(self) -> Lease:
        """Take out the resources of one evaluation; only called while `n_available` is positive."""

    def give_back(self, lease: Lease) -> None:
        """Take back the resources of one evaluation."""


@final
class Kinds:
    """Lends one item of every kind of resource to each evaluation.

    Args:
        where: who is named in messages.
        resources: the items of each kind, by the kind's name. An item that is a list counts as one.
    """

    def __init__(self, where: str, resources: Mapping[str, Sequence[Any]]):
        instance_of(where, "resources", resources, Mapping, 'a mapping of names to lists, for example {"gpu": [0, 1]}')
        if not resources:
            raise ValueError(f"{where}: resources must name at least one kind, got {{}}; pass None for no resources.")
        self._free = {
            str(name): deque(_items(where, f"resources[{name!r}]", items)) for name, items in resources.items()
        }
        self._variable = visible_devices().variable

    @property
    def n_available(self) -> int:
        return min(map(len, self._free.values()))

    def lend(self) -> Lease:
        lent = {name: items.popleft() for name, items in self._free.items()}
        environment = {self._variable: _listed(lent[DEVICE])} if DEVICE in lent else {}
        return Lease(lent, {}, environment)

    def give_back(self, lease: Lease) -> None:
        for name, item in lease.resources.items():
            # To the front, so that the items used last are lent first: their caches may still be warm.
            self._free[name].appendleft(item)


@final
class Queue:
    """Lends some items of one queue to each evaluation, as the keyword argument `dequed`.

    Args:
        where: who is named in messages.
        items: the items of the queue.
        n_each: how many items each evaluation gets.

    Attributes:
        free: the items that are not lent.
    """

    def __init__(self, where: str, items: Iterable[Any], n_each: int):
        self._n_each = count(where, "queue_pop_per_task", n_each)
        self.free = deque(_items(where, "queue", items))
        if len(self.free) < self._n_each:
            raise ValueError(
                f"{where}: queue holds {len(self.free)} items, and every evaluation needs "
                f"queue_pop_per_task={self._n_each}; give more items, or ask for fewer."
            )

    @property
    def n_available(self) -> int:
        return len(self.free) // self._n_each

    def lend(self) -> Lease:
        lent = [self.free.popleft() for _ in range(self._n_each)]
        return Lease({"dequed": lent}, {"dequed": lent}, {})

    def give_back(self, lease: Lease) -> None:
        self.free.extend(lease.resources["dequed"])  # to the end, so that all take their turn


def _items(where: str, what: str, items: Iterable[Any]) -> list[Any]:
    if isinstance(items, (str, bytes)) or not isinstance(items, Iterable):
        raise TypeError(f"{where}: {what} must be a list of items, {got(items)}.")
    items = list(items)
    if not items:
        raise ValueError(f"{where}: {what} must hold at least one item, got none.")
    return items


def _listed(item: Any) -> str:
    return ",".join(map(str, item)) if isinstance(item, (list, tuple)) else str(item)
