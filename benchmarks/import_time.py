"""Measure the wall time of imports in new interpreters, in seconds; the statements take turns.

python benchmarks/import_time.py [--runs 11]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time

import numpy as np

STATEMENTS = {
    "nothing": "pass",
    "deephyper": "import deephyper",
    "deephyper.evaluator": "import deephyper.evaluator",
    "ConfigSpace, pandas": "import ConfigSpace, pandas",
    "deephyper.hpo": "import deephyper.hpo",
}


# Installed packages are byte-compiled; so are ours after the first of these runs, unless this forbids it.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def seconds(statement: str) -> float:
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True, env=ENVIRONMENT)
    return time.perf_counter() - begin


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=11)
    args = parser.parse_args()
    for statement in STATEMENTS.values():
        seconds(statement)
    runs = np.array([[seconds(statement) for statement in STATEMENTS.values()] for _ in range(args.runs)])
    bare = runs[:, :1]
    for name, total, above in zip(STATEMENTS, np.median(runs, axis=0), np.median(runs - bare, axis=0), strict=True):
        print(f"{name:22s} {1e3 * total:7.0f} ms, {1e3 * above:7.0f} ms above a bare interpreter")
    names = list(STATEMENTS)
    ratio = runs[:, names.index("deephyper.hpo")] / runs[:, names.index("ConfigSpace, pandas")]
    print(
        f"deephyper.hpo / (ConfigSpace, pandas): median {np.median(ratio):.3f} ({ratio.min():.3f} to {ratio.max():.3f})"
    )


if __name__ == "__main__":
    main()
