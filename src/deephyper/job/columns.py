"""How the columns of a table of evaluations are named, apart from those of the objectives."""

from __future__ import annotations

from typing import Any

PARAMETER = "p:"
METADATA = "m:"
REPLAY = "replay"  # the metadata by which `search.replay` makes a suggestion again
TIMES = ("timestamp_submit", "timestamp_start", "timestamp_end", "timestamp_gather")

Row = dict[str, Any]
