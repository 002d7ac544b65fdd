"""The user's sampling function: what it gives, without what cannot be a configuration."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, final

import pandas as pd

from .._checks import instance_of, known_names
from ..space import Space

SamplingFn = Callable[[int], Iterable[Mapping[str, Any]]]

_WHERE = "HpProblem: sampling function"
# More than this are asked for before a function whose values are all refused is called wrong.
_FEWEST_JUDGED = 64
# A generator may never end.
_MOST_TAKEN = 10


@final
class Sampler:
    """Draws configurations by a function of the user's.

    What has a value that a hyperparameter cannot take, or misses one, is left out. Values of inactive hyperparameters
    do not matter.

    Args:
        function: from a number to that many configurations: dictionaries, or a table with a row for each.
        space: tells which values there are; without rules of legality.
    """

    def __init__(self, function: SamplingFn, space: Space):
        self._function, self._space = function, space

    def __call__(self, size: int) -> list[Mapping[str, Any]]:
        """Configurations with values that they can have; there may be more or fewer than `size`.

        Raises:
            TypeError: these are no configurations.
            ValueError: nearly a hundred configurations had such values, and not one could be used.
        """
        given: list[Mapping[str, Any]] = []
        for n in (size, _FEWEST_JUDGED):
            given += self._called(n)
            good, reason = self._usable(given)
            if good or reason is None:
                return good
        raise ValueError(f"{_WHERE}: {reason} None of {len(given)} configurations could be used.")

    def _called(self, size: int) -> list[Mapping[str, Any]]:
        try:
            answer = self._function(size)
            configurations = list(islice(_each(answer), _MOST_TAKEN * size))
        except Exception as error:
            error.add_note(f"(while the sampling function was asked for {size} configurations)")
            raise
        for configuration in configurations:
            instance_of(_WHERE, "each configuration", configuration, Mapping, "a dictionary of parameters")
            known_names(_WHERE, "hyperparameter", configuration, self._space.names)
        return configurations

    def _usable(self, configurations: list[Mapping[str, Any]]) -> tuple[list[Mapping[str, Any]], ValueError | None]:
        """Those that can be rows, and why the first of the others cannot."""
        first = self._problem_with(configurations)
        if first is None:
            return configurations, None
        return [one for one in configurations if self._problem_with([one]) is None], first

    def _problem_with(self, configurations: list[Mapping[str, Any]]) -> ValueError | None:
        try:
            self._space.encode(configurations)
        except ValueError as error:
            return error
        return None


def _each(answer: Any) -> Iterator[Any]:
    if isinstance(answer, pd.DataFrame):
        return iter(answer.to_dict("records"))
    instance_of(_WHERE, "what it returns", answer, Iterable, "a list of configurations, which are dictionaries")
    return (each.to_dict() if isinstance(each, pd.Series) else each for each in answer)
