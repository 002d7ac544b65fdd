"""What a run-function that starts a command reads from its output."""

from __future__ import annotations

import ast
import re
from typing import Any

from .._cells import value_of
from .._checks import got


def parse_subprocess_result(result: Any) -> Any:
    """Return the value that a command has printed in a line `DH-OUTPUT:<value>`, as Python or JSON write it.

    Args:
        result: what `subprocess.run(command, capture_output=True)` returned, with or without `text=True`.

    Raises:
        TypeError: this is no such result.
        RuntimeError: there is no such line; it shows what the command printed as errors.
    """
    if not hasattr(result, "stdout"):
        accepted = "what subprocess.run(command, capture_output=True) returned"
        raise TypeError(f"parse_subprocess_result: result must be {accepted}, {got(result)}.")
    streams = (result.stdout or "", getattr(result, "stderr", None) or "")
    out, errors = (text.decode(errors="replace") if isinstance(text, bytes) else text for text in streams)
    if (found := re.search(r"DH-OUTPUT:(.+)", out)) is None:
        raise RuntimeError(f"parse_subprocess_result: the command printed no line DH-OUTPUT:<value>, but {errors!r}.")
    try:
        return ast.literal_eval(found[1].strip())
    except (ValueError, SyntaxError):
        return value_of(found[1].strip())
