"""
A small problem teaches a larger one
====================================

Searches are rarely the first of their kind: a smaller data set, a shorter training, a model with fewer knobs came
before. This example searches a small problem, hands its table to the search of a larger one, and compares with a search
that starts from nothing.

Both problems are the same bowl, minus the sum of squares; the small one has one variable, the large one has two. One
search is a matter of luck, so each is repeated with several seeds, and the picture shows the medians.

Run it with ``python examples/plot_transfer_learning.py [--output FOLDER] [--seeds 11]``.
"""

import argparse
import functools
import tempfile
import warnings
from pathlib import Path

import numpy as np

from deephyper.evaluator import Evaluator
from deephyper.hpo import CBO, HpProblem

parser = argparse.ArgumentParser(description="Search a large problem with and without the table of a small one.")
parser.add_argument("--output", type=Path, default=Path(), help="folder of the picture")
parser.add_argument("--seeds", type=int, default=11)
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


def search_bowl(n, seed, source=None):
    run = functools.partial(bowl, n=n)
    search = CBO(bowl_problem(n), Evaluator.create(run), random_state=seed, log_dir=tempfile.mkdtemp())
    if source is not None:
        search.fit_generative_model(source)
    return search.search(max_evals=20)


# %%
# The small problem, the large one from nothing, and the large one again with the table of the small one: its best
# values are tried first, with the new variable spread over its range, and the model starts from what the table says,
# less and less as the search itself sees more. It warns that 20 rows are few: the best ten of them are learned from.

warnings.filterwarnings("ignore", message=".*rows")
results = {"small": [], "large": [], "large, transfer": []}
for seed in range(args.seeds):
    small = search_bowl(1, seed)
    results["small"].append(small)
    results["large"].append(search_bowl(2, seed))
    results["large, transfer"].append(search_bowl(2, seed, source=small))

# %%
# The distance of the best value to the optimum, evaluation by evaluation: the median over the seeds, and the middle
# half of them.

import matplotlib.pyplot as plt

figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
for (name, tables), color in zip(results.items(), ("tab:gray", "tab:orange", "tab:blue")):
    distances = np.array([-table.objective.cummax().to_numpy(float) for table in tables])
    lower, median, upper = np.quantile(distances, [0.25, 0.5, 0.75], axis=0)
    evaluations = range(1, len(median) + 1)
    axes.fill_between(evaluations, lower, upper, step="post", alpha=0.2, color=color)
    axes.step(evaluations, median, where="post", color=color, label=name)
    print(f"{name:16s}: best after 5 evaluations {-median[4]:9.2e}, after 20 {-median[-1]:9.2e}")
axes.set(yscale="log", xlabel="evaluations", ylabel="distance to the optimum", xticks=range(0, 21, 5))
axes.legend()
axes.grid(alpha=0.3)
args.output.mkdir(parents=True, exist_ok=True)
figure.savefig(args.output / "transfer_learning.png", dpi=120)
print(f"picture: {args.output / 'transfer_learning.png'}")
plt.show()
