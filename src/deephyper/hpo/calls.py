"""How a search is made: its arguments in the order and the words of any version."""

from __future__ import annotations

import inspect
from abc import ABCMeta
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .._checks import is_number, known_options, options_of
from .arguments import check_problem
from .other_words import BY_POSITION_AFTER_A_SEED, without_unbuilt


class Called(ABCMeta):
    """Makes searches: takes older forms of their arguments, and says what to write instead of what it cannot take."""

    @property
    def __signature__(cls) -> inspect.Signature:
        _, *others = inspect.signature(cls.__init__).parameters.values()  # type: ignore[misc]  # of the class
        return inspect.Signature(others)

    # Checked here, before Python refuses an argument, because our message also says what to write instead.
    if not TYPE_CHECKING:

        def __call__(cls, *args: Any, **kwargs: Any) -> Any:
            where, accepted = cls.__name__, options_of(cls.__init__)
            if not args and "problem" in accepted and "problem" not in kwargs:
                check_problem(where, None)
            # A search of the user's own may have other arguments, and other words.
            if len(args) > 1 and accepted[1:2] == ["evaluator"] and _is_seed(args[1]):
                args, kwargs = args[:1], _by_name(where, args[1:], kwargs)
            kwargs = cls._in_todays_words(without_unbuilt(where, kwargs, accepted))
            known_options(where, kwargs, cls.__init__, instead_of=cls._instead_of)
            kinds = [parameter.kind for parameter in cls.__signature__.parameters.values()]
            most = kinds.count(inspect.Parameter.POSITIONAL_OR_KEYWORD)
            if len(args) > most and inspect.Parameter.VAR_POSITIONAL not in kinds:
                raise TypeError(
                    f"{where}: at most {most} arguments are taken by position, got {len(args)}; write the others by "
                    f"name, {where}(problem, evaluator, random_state=42)."
                )
            return super().__call__(*args, **kwargs)


def _is_seed(second: Any) -> bool:
    return is_number(second) or isinstance(second, (np.random.RandomState, np.random.Generator))


def _by_name(where: str, after_problem: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Name arguments in the order of scripts that pass the seed second, and the evaluator to `search`."""
    named = dict(zip(BY_POSITION_AFTER_A_SEED.split(), after_problem, strict=False))
    twice = [name for name in named if name in kwargs]
    if twice or len(after_problem) > len(named):
        what = f"{twice[0]!r} is given twice" if twice else f"got {len(after_problem) + 1} arguments by position"
        raise TypeError(f"{where}: {what}; write them by name, {where}(problem, random_state={after_problem[0]!r}).")
    return {**named, **kwargs}
