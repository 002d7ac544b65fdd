"""What a worker takes over from its manager, so that code finds there what it finds here."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import NamedTuple, Self, final

from .evaluation import set_variables

_given: dict[str, str] = {}


def given_variables() -> Mapping[str, str]:
    """The environment variables that this process was given by its manager; none if it is no worker."""
    return _given


class Surroundings(NamedTuple):
    """What the code of a process meets.

    Args:
        path: where it looks for modules.
        hidden: modules that the manager has loaded, and that something else on this path hides by now; with the folder
            where each of them lies.
        variables: environment variables that the start of a worker changes, as they are to be afterwards; None for one
            that is not set.
        start_method: how `multiprocessing` starts processes; None for its default.
        given: environment variables that a worker has and its manager has not.
        script: file of `__main__`; None if there is none.
    """

    path: list[str]
    hidden: dict[str, str]
    variables: dict[str, str | None]
    start_method: str | None
    given: dict[str, str]
    script: str | None

    @classmethod
    def here(cls, changed: Iterable[str], given: Mapping[str, str]) -> Self:
        """Those of this process; `changed` are the names of the `variables`."""
        variables = {name: os.environ.get(name) for name in changed}
        method = multiprocessing.get_start_method(allow_none=True)
        script = getattr(sys.modules["__main__"], "__file__", None)
        return cls(list(sys.path), _hidden_modules(), variables, method, dict(given), script)

    def take_over(self) -> None:
        """Make them those of this process."""
        _given.update(self.given)
        set_variables(self.variables)
        if self.hidden:
            sys.meta_path.insert(0, _Hidden(self.hidden))
        sys.path[:] = self.path
        if self.start_method is not None:
            multiprocessing.set_start_method(self.start_method, force=True)


@final
class _Hidden:
    """Finds modules in the folders where the manager has found them."""

    def __init__(self, folders: Mapping[str, str]):
        self._folders = folders

    def find_spec(self, name: str, path: object = None, target: ModuleType | None = None) -> ModuleSpec | None:
        folder = self._folders.get(name)
        return None if folder is None else PathFinder.find_spec(name, [folder])


def _hidden_modules() -> dict[str, str]:
    """Modules that this process has loaded, and would not find where it has found them if it looked for them now."""
    folders = dict(_folders_of_loaded())
    hidden, seen = {}, set[str]()
    for entry in sys.path:
        here = (_names_in(entry) & folders.keys()) - seen
        seen |= here
        for name in here:
            if folders[name] != entry and not _is_found_in(folders[name], name):
                hidden[name] = folders[name]
    return hidden


def _folders_of_loaded() -> Iterator[tuple[str, str]]:
    for name, module in list(sys.modules.items()):
        origin = getattr(getattr(module, "__spec__", None), "origin", None)
        if "." not in name and name != "__main__" and isinstance(origin, str) and os.path.isabs(origin):
            is_package = hasattr(module, "__path__")
            yield name, os.path.dirname(os.path.dirname(origin) if is_package else origin)


def _names_in(folder: str) -> set[str]:
    try:
        return {file.partition(".")[0] for file in os.listdir(folder or os.curdir)}
    except OSError:
        # It is not there, or it is an archive.
        return set()


def _is_found_in(folder: str, name: str) -> bool:
    found = PathFinder.find_spec(name)
    origin = None if found is None else found.origin
    return origin is None or os.path.dirname(origin) in (folder, os.path.join(folder, name))
