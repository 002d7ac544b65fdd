"""How schedulers write which hosts they have granted, and how many cores on each."""

from __future__ import annotations

import re
import socket
from pathlib import Path


def first_of_slurm(text: str) -> int | None:
    """The number for the first host, where Slurm writes one for each: `72(x2),36` stands for 72, 72 and 36."""
    first = re.match(r"\d+", text)
    return int(first.group()) if first else None


def of_lsf(text: str) -> int | None:
    """The number for this host, where LSF writes pairs of a host and its cores: `node1 16 node2 8`."""
    words = text.split()
    cores = {_short(host): n for host, n in zip(words[::2], words[1::2], strict=False)}
    here = cores.get(_short(socket.gethostname()), "")
    return int(here) if here.isascii() and here.isdigit() else None


def of_pbs(path: str | None) -> int | None:
    """The number for this host, where PBS writes a file with one line per core, each the name of a host."""
    try:
        lines = Path(path).read_text(encoding="utf-8").split() if path else []
    except (OSError, UnicodeDecodeError):
        # The file is on the first host only.
        return None
    return [_short(line) for line in lines].count(_short(socket.gethostname())) or None


def _short(host: str) -> str:
    return host.partition(".")[0].lower()
