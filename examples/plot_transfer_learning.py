"""
A small problem teaches a larger one
====================================

Searches are rarely the first of their kind: a smaller data set, a shorter training, a model with fewer knobs came
before. This example searches a small problem, hands its table to the search of a larger one, and compares with a search
that starts from nothing.

Both problems are the same bowl, minus the sum of squares; the small one has one variable, the large one has two.

Run it with ``python examples/plot_transfer_learning.py [--output FOLDER]``.
"""

import argparse
import functools
import tempfile
from pathlib import Path

from deephyper.evaluator import Evaluator
from deephyper.evaluator.callback import TqdmCallback
from deephyper.hpo import CBO, HpProblem

parser = argparse.ArgumentParser(description="Search a large problem with and without the table of a small one.")
parser.add_argument("--output", type=Path, default=Path(), help="folder of the picture")
args, _ = parser.parse_known_args()

# %%
# One function serves both problems; ``functools.partial`` fixes how many variables it looks at.


def bowl(job, n):
    return -sum(job[f"x{i}"] ** 2 for i in range(n))


def bowl_problem(n):
    problem = HpProblem()
    for i in range(n):
        # The optimum is not in the middle of the range, where every default would sit.
        problem.add_hyperparameter((-7.0, 13.0), f"x{i}")
    return problem


def search_bowl(n, description, source=None):
    run = functools.partial(bowl, n=n)
    evaluator = Evaluator.create(run, method="serial", method_kwargs={"callbacks": [TqdmCallback(description)]})
    search = CBO(bowl_problem(n), evaluator, random_state=42, log_dir=tempfile.mkdtemp())
    if source is not None:
        search.fit_generative_model(source)
    return search.search(max_evals=20)


# %%
# The small problem, and the large one from nothing.

results = {"small": search_bowl(1, "small        ")}
results["large"] = search_bowl(2, "large        ")

# %%
# The large problem again, now with the table of the small one: its best values are tried first, with the new variable
# spread over its range, and the model starts from what the table says, less and less as the search itself sees more.
# The warning says that 20 rows are few: the best ten of them are learned from.

results["large, transfer"] = search_bowl(2, "with transfer", source=results["small"])

# %%
# The distance of the best value to the optimum, evaluation by evaluation.

import matplotlib.pyplot as plt

figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
for (name, table), color in zip(results.items(), ("tab:gray", "tab:orange", "tab:blue")):
    evaluations = range(1, len(table) + 1)
    axes.scatter(evaluations, -table.objective, s=14, alpha=0.35, color=color)
    axes.step(evaluations, -table.objective.cummax(), where="post", color=color, label=name)
    print(
        f"{name:16s}: best after 5 evaluations {table.objective[:5].max():9.2e}, after 20 {table.objective.max():9.2e}"
    )
axes.set(yscale="log", xlabel="evaluations", ylabel="distance to the optimum", xticks=range(0, 21, 5))
axes.legend()
axes.grid(alpha=0.3)
args.output.mkdir(parents=True, exist_ok=True)
figure.savefig(args.output / "transfer_learning.png", dpi=120)
print(f"picture: {args.output / 'transfer_learning.png'}")
plt.show()
