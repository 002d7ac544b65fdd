"""The module `__main__` of the manager, as far as a worker needs it.

Functions and classes of `__main__` travel to a worker by value. Whoever pickles them there, as `multiprocessing` and
many others do, names them only, and a process that is started there would run the user's script again to find them. So
a worker gets a `__main__` that holds them, and hands the same to processes that it starts.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from multiprocessing.context import get_spawning_popen
from multiprocessing.process import BaseProcess
from types import FunctionType, ModuleType
from typing import Any, cast, final

# A process that `multiprocessing` has started knows `__main__` by this name as well.
_ALIAS = "__mp_main__"
_NAMES = ("__main__", _ALIAS)
# How `multiprocessing` starts processes that share nothing with their parent.
_FRESH = ("spawn", "forkserver")


# In the manager.


def packed_with_main(contents: tuple[Any, ...]) -> bytes:
    """Pickle something together with the names that the functions and classes in it have in `__main__`."""
    import cloudpickle

    names: dict[str, Any] = {}

    class Pickler(cloudpickle.Pickler):  # type: ignore[misc]
        def reducer_override(self, thing: Any) -> Any:
            if isinstance(thing, FunctionType | type) and _is_of_main(thing):
                names[thing.__qualname__] = thing
            return super().reducer_override(thing)

    file = io.BytesIO()
    with _alias_by_value():
        Pickler(file).dump((contents, _Late(names)))
    return file.getvalue()


@final
class _Late:
    """A dictionary that is pickled as it is when its turn comes, and not before."""

    def __init__(self, names: Mapping[str, Any]):
        self._names = names

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (list(self._names.items()),)


def _is_of_main(thing: Any) -> bool:
    found = sys.modules.get(thing.__module__) if thing.__module__ in _NAMES else None
    for name in thing.__qualname__.split("."):
        found = getattr(found, name, None)
    return found is thing


@contextmanager
def _alias_by_value() -> Iterator[None]:
    """Have cloudpickle take what is in `__main__` by value although it has another name here."""
    import cloudpickle

    module = sys.modules.get(_ALIAS)
    if module is None or _ALIAS in cloudpickle.list_registry_pickle_by_value():
        yield
        return
    cloudpickle.register_pickle_by_value(module)
    try:
        yield
    finally:
        cloudpickle.unregister_pickle_by_value(module)


# In a worker, and in processes that it starts.


def contents_of(payload: bytes) -> tuple[Any, ...]:
    """Unpickle what `packed_with_main` has pickled, without its names."""
    return _unpacked(payload)[0]


def take_over_main(payload: bytes, file: str | None = None) -> tuple[Any, ...]:
    """Make the names of a payload those of `__main__`, here and in processes that are started from here.

    Args:
        payload: what `packed_with_main` has made.
        file: the script of the manager, if there is one.

    Returns:
        The contents of the payload.
    """
    global _payload
    _empty_main(file)
    contents, names = _unpacked(payload)
    for name, thing in names.items():
        _name_in_main(name, thing)
    _payload = payload
    BaseProcess.__reduce_ex__ = _reduced  # type: ignore[method-assign, assignment]
    return contents


_payload: bytes | None = None


def _unpacked(payload: bytes) -> tuple[tuple[Any, ...], dict[str, Any]]:
    import cloudpickle

    contents, names = cloudpickle.loads(payload)
    return contents, names


def _empty_main(file: str | None) -> None:
    """Begin with a new `__main__`, from which nobody concludes that a script must be run."""
    main = ModuleType("__main__")
    # `multiprocessing` runs nothing for a module of such a name.
    main.__spec__ = ModuleSpec(f"{__package__}.__main__", None)
    if file is not None:
        main.__file__ = file
    sys.modules["__main__"] = main


def _name_in_main(name: str, thing: Any) -> None:
    """Have `__main__` know a function or a class by its name, and the globals of a function by theirs."""
    main = sys.modules["__main__"]
    if isinstance(thing, FunctionType):
        vars(main).update({other: value for other, value in thing.__globals__.items() if other[:2] != "__"})
    if isinstance(thing, type):
        # cloudpickle leaves out the name of an outer class.
        thing.__qualname__ = name
    if "." not in name:
        setattr(main, name, thing)
    if thing.__module__ == _ALIAS:
        sys.modules[_ALIAS] = main


def _reduced(process: BaseProcess, protocol: Any) -> Any:
    """Pickle a process that is about to start, so that the first thing that it does is to take over `__main__`."""
    make, args, *rest = cast(tuple[Any, ...], object.__reduce_ex__(process, protocol))
    if getattr(get_spawning_popen(), "method", None) in _FRESH:
        file = getattr(sys.modules["__main__"], "__file__", None)
        make, args = _made_after_main, (_payload, file, make, args)
    return (make, args, *rest)


def _made_after_main(payload: bytes, file: str | None, make: Any, args: tuple[Any, ...]) -> Any:
    if _payload is None:
        take_over_main(payload, file)
        # What `multiprocessing` would have set if it had run the script.
        sys.modules[_ALIAS] = sys.modules["__main__"]
    return make(*args)
