"""What a user passes to an evaluator, each argument checked, with a sentence for what cannot be meant."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from typing import Any

from .._checks import byte_count, count, did_you_mean, got, instance_of, one_of, warn
from ..callback import Callback
from ..errors import RunFunctionError
from .decorators import memory_limit_of
from .other_names import instead_of

_NAMES_OF_A_JOB = ("job", "config", "configuration", "params", "parameters", "trial")
_FUNCTION_FIRST = "The function comes first: Evaluator.create(run, 'process')."
_USUAL_CALL = "def run(job): return job['x']"


# The run-function.


def name_of(run_function: Any) -> str:
    """How a run-function is called in sentences."""
    name = getattr(run_function, "__name__", None) or type(run_function).__name__
    return "lambda" if name == "<lambda>" else str(name)


def check_function(where: str, given: Any, kwargs: Mapping[str, Any], lent: Sequence[str] = ()) -> None:
    """Refuse what cannot be called as a run-function is.

    Args:
        where: who is named in messages.
        given: what the user passed as run-function.
        kwargs: its further keyword arguments.
        lent: names of keyword arguments that every call gets as well.

    Raises:
        RunFunctionError: it is no function, or its signature does not fit the call.
    """
    if not callable(given):
        raise RunFunctionError(
            f"{where}: run_function must be callable with one mapping of parameters, {got(given)}. "
            f"{_no_function(given)}"
        )
    if isinstance(given, type):
        raise RunFunctionError(
            f"{where}: run_function must be a function that returns an objective, {got(given)}, and calling it makes "
            f"an object. Pass a function, or an object whose __call__ takes the job."
        )
    _check_call(where, given, [*kwargs, *lent])


def _no_function(given: Any) -> str:
    """What to write, when no function came."""
    if isinstance(given, str):
        return _FUNCTION_FIRST
    if given is None:
        return "Does a decorator of it return nothing?"
    return "Pass the function itself, without calling it."


def _check_call(where: str, function: Callable[..., Any], keywords: Sequence[str]) -> None:
    """Refuse a function that cannot be called with one job and these keyword arguments."""
    try:
        # Not the signature of what is wrapped: a decorator may fill in arguments by itself.
        signature = inspect.signature(function, follow_wrapped=False)
    except (ValueError, TypeError):
        # Functions in C may have none. A method has one, unless it lacks even `self`.
        if not inspect.ismethod(function):
            return
        shown, reason = "()", "it is a method without self"
    else:
        try:
            signature.bind(object(), **dict.fromkeys(keywords))
        except TypeError as error:
            shown, reason = _shown(signature), str(error)
        else:
            return
    call = ", ".join(["job", *(f"{name}=…" for name in keywords)])
    raise RunFunctionError(
        f"{where}: run_function is called with one mapping of all parameters, as run({call}), and the signature of "
        f"{name_of(function)!r} is {shown}: {reason}. {_way_out(function, keywords, shown)}"
    )


def _shown(signature: inspect.Signature) -> str:
    """The names of the arguments, without annotations."""
    plain = [p.replace(annotation=p.empty) for p in signature.parameters.values()]
    return str(signature.replace(parameters=plain, return_annotation=signature.empty))


def _way_out(function: Callable[..., Any], keywords: Sequence[str], shown: str) -> str:
    """What to write instead of a function that cannot be called with one job and these keyword arguments."""
    if shown == "()":
        return f"Write {_USUAL_CALL}, and in a class def run(self, job): …"
    signature = inspect.signature(function, follow_wrapped=False)
    first, *others = signature.parameters
    unknown = [name for name in keywords if name not in signature.parameters]
    if "dequed" in unknown:
        return "Add the argument dequed, in which the items of the queue come: def run(job, dequed): …"
    if unknown and _takes_at_least_one(signature):
        near = did_you_mean(unknown[0], others)
        return f"Leave {unknown[0]!r} out of run_function_kwargs, or add it to the function.{near}"
    if first == "self":
        return "Pass the method of an object, model.run, or a function without self."
    if first in keywords:
        return f"Leave {first!r} out of run_function_kwargs: the job comes there."
    missing = [name for name in others if name not in keywords]
    if missing and first in _NAMES_OF_A_JOB and _takes_at_least_one(signature):
        return f"Give what else it needs by name: run_function_kwargs={{{missing[0]!r}: …}}."
    name = "function" if name_of(function) == "lambda" else name_of(function)
    return f"Write lambda job: {name}(**job) if these are hyperparameters, or {_USUAL_CALL}."


def _takes_at_least_one(signature: inspect.Signature) -> bool:
    try:
        signature.bind_partial(object())
    except TypeError:
        return False
    return True


def checked_kwargs(where: str, given: Any) -> dict[str, Any]:
    """Return the keyword arguments of every call of the run-function."""
    if given is None:
        return {}
    example = "a dictionary of arguments by name, for example {'data': data}"
    instance_of(where, "run_function_kwargs", given, Mapping, example)
    for name in given:
        instance_of(where, "each name in run_function_kwargs", name, str, "a text")
    return dict(given)


# The other arguments.


def checked_callbacks(where: str, given: Any) -> list[Callback]:
    """Return the callbacks of a list, or a single one, as a list."""
    if given is None:
        return []
    is_one = isinstance(given, (Callback, type)) or not isinstance(given, Iterable)
    several: list[Any] = [given] if is_one else list(given)
    for callback in several:
        accepted = "a deephyper.callback.Callback, such as TqdmCallback()"
        instance_of(where, "each of callbacks", callback, Callback, accepted)
    return several


def checked_workers(where: str, given: Any) -> int:
    """Return the number of workers."""
    try:
        return count(where, "num_workers", given)
    except ValueError as error:
        # Other tools take these for all cores.
        if isinstance(given, (int, str)) and given in (-1, "auto", "all", "max"):
            raise ValueError(f"{error} For all cores write num_workers=os.cpu_count().") from None
        raise


def checked_jobs(
    where: str, configurations: Any, metadata: Any
) -> tuple[Sequence[Mapping[str, Any]], Sequence[Mapping[str, Any]]]:
    """Return the configurations of new jobs, and what is known about each of them."""
    listed = _mappings(where, "configuration", configurations)
    return listed, [{}] * len(listed) if metadata is None else _metadata_of(where, listed, metadata)


def _metadata_of(where: str, configurations: Sequence[Any], metadata: Any) -> Sequence[Mapping[str, Any]]:
    listed = _mappings(where, "metadata", metadata)
    if len(listed) != len(configurations):
        raise ValueError(
            f"{where}: metadata must hold one dictionary for each of the {len(configurations)} configurations, got "
            f"{len(listed)}; leave it out if nothing is known."
        )
    return listed


def _mappings(where: str, what: str, given: Any) -> Sequence[Mapping[str, Any]]:
    if isinstance(given, (Mapping, str)) or not isinstance(given, Iterable):
        hint = " Put it into a list: submit([configuration])." if isinstance(given, Mapping) else ""
        raise TypeError(f"{where}: each {what} must be a mapping of parameters, in a list, {got(given)}.{hint}")
    listed = list(given)
    for each in listed:
        instance_of(where, f"each {what}", each, Mapping, "a mapping of parameters")
    return listed


def warn_of_one_at_a_time(where: str, num_workers: int) -> None:
    """Warn that several workers are of no use to a plain function in the caller's thread."""
    if num_workers > 1:
        warn(
            f"{where}: num_workers={num_workers} has no effect on a plain function, which runs in this thread, one "
            "evaluation at a time; use method 'process' or 'thread', or an 'async def' function."
        )


def warn_of_few_resources(where: str, num_workers: int, n_available: int) -> None:
    """Warn that some workers will always wait for resources."""
    if n_available < num_workers:
        warn(
            f"{where}: only {n_available} of {num_workers} workers can ever be busy, since every evaluation holds its "
            f"own resources and there are enough for {n_available}; write num_workers={n_available}, or give more "
            "resources."
        )


def with_memory_limit(where: str, function: Any, options: dict[str, Any], ends_evaluations: bool) -> dict[str, Any]:
    """Let the limit of a profiled function be the backend's `job_memory_limit`, unless that is smaller; or warn."""
    limit, given = memory_limit_of(function), options.get("job_memory_limit")
    if limit == math.inf:
        return options
    if ends_evaluations:
        smaller = limit if given is None else min(limit, byte_count(where, "job_memory_limit (bytes)", given))
        return {**options, "job_memory_limit": smaller}
    warn(
        f"{where}: a profiled function may exceed its memory_limit inside of a library call, since nothing can end "
        f"one here; to keep it write Evaluator.create({name_of(function)}, 'process', num_workers=4)."
    )
    return options


def options_of_both(method_kwargs: Any, by_name: Mapping[str, Any]) -> dict[str, Any]:
    """Join the options in a dictionary and those by name; no option may be in both."""
    where = "Evaluator.create"
    if method_kwargs is not None:
        example = "a dictionary of options, for example {'num_workers': 4}, or None"
        instance_of(where, "method_kwargs", method_kwargs, Mapping, example)
    options = dict(method_kwargs or {})
    for name in by_name:
        if name in options:
            raise TypeError(
                f"{where}: the option {name!r} is given twice, by its name and in method_kwargs; leave one of them out."
            )
    return {**options, **by_name}


def check_method(run_function: Any, method: Any, accepted: Iterable[str]) -> None:
    """Refuse a method that is no name of one, with what to write instead.

    Raises:
        RunFunctionError: function and method were swapped.
        ValueError: there is no method of that name.
        TypeError: this is no name and no executor.
    """
    where, names = "Evaluator.create", list(accepted)
    if callable(method) and not isinstance(method, type) and not callable(run_function):
        raise RunFunctionError(f"{where}: run_function must be a function, {got(run_function)}. {_FUNCTION_FIRST}")
    if isinstance(method, str):
        if (instead := instead_of(method)) and method not in names:
            raise ValueError(
                f"{where}: method must be one of {', '.join(map(repr, names))}, got {method!r}; {instead}."
            )
        one_of(where, "method", method, names)
        return
    raise TypeError(
        f"{where}: method must be one of {', '.join(map(repr, names))}, or an open concurrent.futures.Executor, "
        f"{got(method)}. {_no_method(method)}"
    )


def _no_method(method: Any) -> str:
    """What to write instead of something that is no method."""
    if isinstance(method, type):
        return (
            f"Pass an open one: {method.__name__}()."
            if issubclass(method, Executor)
            else f"Call it: {method.__name__}(run, …)."
        )
    if hasattr(method, "get_executor"):
        return "A client of Dask goes by its name: Evaluator.create(run, 'dask', client=client)."
    if isinstance(method, Mapping):
        return "Options come after the method: Evaluator.create(run, 'process', {'num_workers': 4})."
    if isinstance(method, int):
        return "The number of workers goes by name: Evaluator.create(run, 'process', num_workers=4)."
    return "Write Evaluator.create(run, 'process', num_workers=4)."
