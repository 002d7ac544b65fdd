"""
From one worker to five
=======================

An evaluation that takes two seconds is slow when hundreds of them are needed, and waits for nothing but time. This
example searches the same space for the same time, first with one worker, then with five, and shows what the four others
are worth.

The black box is the Ackley function: a funnel full of small dents, whose best value, 0, lies at the origin. It sleeps
for about two seconds per evaluation, as a training would compute. It stands in ``black_box_util.py``, beside this
script; functions of the script itself work just as well.

Run it with ``python examples/plot_from_serial_to_parallel.py [--timeout SECONDS] [--output FOLDER]``.
"""

import argparse
import tempfile
from pathlib import Path

import black_box_util as black_box
import numpy as np

from deephyper.evaluator import Evaluator
from deephyper.evaluator.callback import TqdmCallback
from deephyper.hpo import CBO, HpProblem

parser = argparse.ArgumentParser(description="Search with one worker and with five.")
parser.add_argument("--timeout", type=float, default=120.0, help="seconds of each of the two searches")
parser.add_argument("--output", type=Path, default=Path(), help="folder of the picture")
args, _ = parser.parse_known_args()

# %%
# The search space has two real numbers. Printing the problem shows what was declared.

problem = HpProblem()
for i in range(2):
    problem.add_hyperparameter((-32.768, 32.768), f"x{i}")
print(problem)

# %%
# One worker first: the ``"serial"`` evaluator calls the function in this very thread. The search gets a time budget and
# a seed.

results = {}
serial = Evaluator.create(
    black_box.run_ackley, method="serial", method_kwargs={"callbacks": [TqdmCallback("1 worker ")]}
)
search = CBO(problem, serial, random_state=42, log_dir=tempfile.mkdtemp())
results["1 worker"] = search.search(timeout=args.timeout)

# %%
# Then five: the ``"process"`` evaluator runs each evaluation in a process of its own. Nothing else changes. The
# optimizer knows what is running at any time, so five proposals that are open together do not crowd at one place.

with Evaluator.create(
    black_box.run_ackley, method="process", method_kwargs={"num_workers": 5, "callbacks": [TqdmCallback("5 workers")]}
) as parallel:
    search = CBO(problem, parallel, random_state=42, log_dir=tempfile.mkdtemp())
    results["5 workers"] = search.search(timeout=args.timeout)

# %%
# Both tables have a row for every evaluation: its parameters, its objective, when it began and ended.

print(results["5 workers"].head().T)
for name, table in results.items():
    finished = table[table.job_status == "DONE"]
    print(f"{name:9s}: {len(finished):4d} evaluations, best {table.objective.max():.4f}")

# %%
# Left, how far the best value is from the optimum as time goes by; right, how many workers are busy. What still ran at
# the deadline was cancelled there, and counts as busy up to it.

import matplotlib.pyplot as plt

figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), gridspec_kw={"width_ratios": [3, 2]}, layout="constrained")
for color, (name, table) in zip(("tab:gray", "tab:blue"), results.items()):
    finished = table[table.job_status == "DONE"].sort_values("m:timestamp_end")
    left.scatter(finished.timestamp_end, -finished.objective, s=12, alpha=0.35, color=color)
    left.step(finished.timestamp_end, -finished.objective.cummax(), where="post", color=color, label=name)
    moments = np.linspace(0.0, args.timeout, 400)
    is_running = (table.timestamp_start.to_numpy() <= moments[:, None]) & (
        moments[:, None] < table.timestamp_end.to_numpy()
    )
    right.step(moments, is_running.sum(axis=1), color=color, label=name)
left.set(yscale="log", xlabel="time (s)", ylabel="distance to the optimum", title="best value so far")
right.set(ylim=(0, 5.5), xlabel="time (s)", ylabel="busy workers", title="workers at work")
left.legend()
left.grid(alpha=0.3)
right.grid(alpha=0.3)
args.output.mkdir(parents=True, exist_ok=True)
figure.savefig(args.output / "from_serial_to_parallel.png", dpi=120)
print(f"picture: {args.output / 'from_serial_to_parallel.png'}")
plt.show()
