"""What a forked child leaves to its parent."""

from __future__ import annotations

import os
import weakref
from typing import Protocol


class Inherited(Protocol):
    """Something that a forked child has a copy of, and must not use."""

    def leave_to_parent(self) -> None:
        """In a forked child: close what was inherited, and do nothing from now on.

        It must not wait for a lock, which another thread of the parent may have held.
        """


_inherited: weakref.WeakSet[Inherited] = weakref.WeakSet()


def is_left_to_parent(thing: Inherited) -> None:
    """From now on, let every forked child of this process leave something to it.

    A child that kept its copies of our pipes would keep their other ends waiting after this process has closed its own.
    And a child that ends like any program does what we do at the end of one, which is to kill the workers.
    """
    _inherited.add(thing)


def _leave_to_parent() -> None:
    for thing in list(_inherited):
        thing.leave_to_parent()
    # What the child itself makes from now on is its own, and its children's to leave.
    _inherited.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_to_parent)
