"""What a user passes to every search, each argument checked, with a sentence for what cannot be meant."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, final

from ConfigSpace import ConfigurationSpace

from .._checks import count, got, is_bool, is_number, is_whole, seconds, shown
from ..evaluator import EVALUATORS, Evaluator, RunFunction
from ..job import Job, Outcome
from ..problem import HpProblem
from .run import Limits


def check_problem(where: str, given: Any) -> None:
    """Raise TypeError for what is no problem, and say what to write."""
    if not isinstance(given, HpProblem):
        raise TypeError(f"{where}: problem must be a deephyper.hpo.HpProblem, {got(given)}.{_no_problem(where, given)}")


def _no_problem(where: str, given: Any) -> str:
    if isinstance(given, type):
        return " Make an object of it: problem = HpProblem()." if issubclass(given, HpProblem) else ""
    if isinstance(given, Evaluator) or callable(given):
        return f" The problem comes first: {where}(problem, evaluator)."
    if isinstance(given, ConfigurationSpace):
        return " Write HpProblem(config_space)."
    if isinstance(given, Mapping) and given:
        name = next(iter(given))
        return f" Declare each of them: problem.add_hyperparameter({given[name]!r}, {name!r})."
    return ""


def _instead_of_evaluator(where: str, given: Any) -> str:
    """What to write instead of what is passed as an evaluator and is no function; empty for what may be one."""
    name = where.partition(".")[0]
    if isinstance(given, HpProblem):
        return f"The problem belongs to the constructor: {name}(problem).search(run, max_evals=100)."
    if is_number(given):
        return f"A budget belongs to the call: search.search(run, max_evals=100), and a seed is random_state={given}."
    if isinstance(given, str) and given.lower() in EVALUATORS:
        return f"A method goes with a function: Evaluator.create(run, {given.lower()!r}, num_workers=4)."
    if isinstance(given, str):
        return (
            "Pass the function, or Evaluator.create(run, 'process', num_workers=4); a folder goes by name: "
            f"log_dir={given!r}."
        )
    if isinstance(given, type) and issubclass(given, Evaluator):
        return f"Make one: {given.__name__}(run, num_workers=4)."
    if isinstance(given, Executor):
        return "An executor goes with a function: Evaluator.create(run, executor, num_workers=4)."
    return ""


def limit_of(where: str, what: str, given: Any) -> int | None:
    """Return the number of evaluations that a user allows, also from a float such as 1e3; None for no limit."""
    if given is None or (is_whole(given) and given == -1):
        return None
    try:
        return count(where, what, int(given) if is_whole(given) else given)
    except ValueError as error:
        if is_number(given) and math.isinf(given):
            raise ValueError(f"{error} For no limit leave it out.") from None
        raise


@final
@dataclass(frozen=True)
class Chosen:
    """The evaluator of a search, and whether we made it from a plain function."""

    evaluator: Evaluator
    is_ours: bool

    @classmethod
    def of(cls, where: str, given: Evaluator | RunFunction) -> Chosen:
        if isinstance(given, Evaluator):
            return cls(given, is_ours=False)
        if line := _instead_of_evaluator(where, given):
            raise TypeError(
                f"{where}: evaluator must be an Evaluator or a function, and a run_function must be callable, "
                f"{got(given)}. {line}"
            )
        return cls(Evaluator.create(given, method="serial"), is_ours=True)

    @contextmanager
    def open(self) -> Iterator[Evaluator]:
        """Give the evaluator; close it in the end if we made it."""
        try:
            yield self.evaluator
        finally:
            if self.is_ours:
                self.evaluator.close()


def budgets_of(
    where: str, first: Any, max_evals: Any, timeout: Any, max_evals_total: Any
) -> tuple[Any, Limits, float | None]:
    """Return the evaluator and the budgets of a call: search(evaluator, 20, 60), or search(20, 60) of older scripts.

    A yes or no in the last place, after a number, is `max_evals_strict` of older scripts; a budget is exact here.
    """
    if is_whole(first):
        if is_bool(timeout) and max_evals_total is None:
            timeout = None
        if max_evals is not None and timeout is not None:
            raise TypeError(f"{where}: {first!r} is no evaluator; pass search(evaluator, max_evals, timeout).")
        first, max_evals, timeout = None, first, max_evals if timeout is None else timeout
    total = None if is_bool(max_evals_total) and max_evals is not None else max_evals_total
    limits = Limits(limit_of(where, "max_evals", max_evals), limit_of(where, "max_evals_total", total))
    return first, limits, None if timeout is None else seconds(where, "timeout", timeout)


def refuse_mistyped(where: str, returned: Any) -> None:
    """Raise ValueError for what a run-function may return by mistake, and a person would not mean."""
    if mistake := Outcome.parse(returned).mistake:
        raise ValueError(
            f"{where}: the second of a pair must be an objective, a number or several in a tuple, or a text 'F…' with "
            f"the reason of a failure, got {mistake}{'' if mistake.endswith('?') else '.'}"
        )


def pairs_of(where: str, results: Iterable[tuple[Mapping[str, Any], Any]]) -> Iterator[tuple[Mapping[str, Any], Any]]:
    """Give the pairs that a user passes to `tell`, each after it was checked."""
    what = "a pair of a configuration and what a run-function would have returned for it"
    line = "pass tell([(configuration, objective)])"
    if not isinstance(results, Iterable):
        raise TypeError(f"{where}: results must be a list, each element {what}, {got(results)}; {line}.")
    for i, pair in enumerate(results):
        # Unpacking alone would accept a dictionary of two parameters and a text of two letters.
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            if isinstance(pair, Job):
                line = "pass tell([(job.parameters, job.objective) for job in jobs])"
            raise TypeError(f"{where}: results[{i}] must be {what}, got {shown(pair)}; {line}.")
        yield pair[0], pair[1]
