"""
Three earlier tables, and one that misleads
===========================================

An accuracy depends on a learning rate, a batch size, a number of units, a dropout and an optimizer; which values are
good differs from data set to data set, but not by much. The search on the new data set is given the table of an earlier
search:

- **the same space** on another data set;
- **a smaller space**: the earlier search knew two hyperparameters less, narrower ranges and fewer choices;
- **a tiny table**: twenty rows, some of which failed, read from a CSV file;
- **a misleading one**: the objective was written with the wrong sign. ``search.statistics`` tells that it was not
  trusted.

Run it with ``python examples/plot_transfer_situations.py [--output FOLDER] [--seeds 11]``.
"""

import argparse
import math
import tempfile
import warnings
from pathlib import Path

import numpy as np

from deephyper.hpo import CBO, HpProblem

parser = argparse.ArgumentParser(description="Search with the tables of earlier searches.")
parser.add_argument("--output", type=Path, default=Path(), help="folder of the picture")
parser.add_argument("--seeds", type=int, default=11)
args, _ = parser.parse_known_args()

# %%
# The training, made up so that the example takes seconds. A data set is how far its best values lie from the usual
# ones.


def accuracy(job, shift=0.0):
    if job["optimizer"] == "sgd" and job["lr"] > 0.3:
        return "F_diverged"
    wrong = (math.log10(job["lr"]) + 2.5 - shift) ** 2
    wrong += 0.3 * (math.log2(job["units"]) - 7 - shift) ** 2
    wrong += 0.1 * (math.log2(job.get("batch_size", 32)) - 5 + shift) ** 2
    wrong += 2.0 * (job.get("dropout", 0.5) - 0.3 - 0.2 * shift) ** 2
    wrong += {"adam": 0.1, "sgd": 0.3, "lamb": 0.0}[job["optimizer"]]
    return 0.97 * math.exp(-0.25 * wrong)


def full_problem():
    problem = HpProblem()
    problem.add_hyperparameter((1e-5, 1.0, "log-uniform"), "lr")
    problem.add_hyperparameter((8, 2048, "log-uniform"), "units")
    problem.add_hyperparameter(["sgd", "adam", "lamb"], "optimizer")
    problem.add_hyperparameter((8, 512, "log-uniform"), "batch_size")
    problem.add_hyperparameter((0.0, 0.9), "dropout")
    return problem


def small_problem():
    problem = HpProblem()
    problem.add_hyperparameter((1e-4, 1e-1, "log-uniform"), "lr")
    problem.add_hyperparameter((16, 512, "log-uniform"), "units")
    problem.add_hyperparameter(["sgd", "adam"], "optimizer")
    return problem


# %%
# Where the earlier tables come from: searches on a neighbouring data set.


def earlier(problem, max_evals):
    folder = tempfile.mkdtemp()
    table = CBO(problem, random_state=7, log_dir=folder).search(lambda job: accuracy(job, shift=0.3), max_evals)
    return table, Path(folder) / "results.csv"


same, _ = earlier(full_problem(), 60)
smaller, _ = earlier(small_problem(), 60)
_, tiny_file = earlier(full_problem(), 20)
misleading = same.copy()
misleading["objective"] = -same.successes.objective

sources = {"same space": same, "smaller space": smaller, "twenty rows": tiny_file, "wrong sign": misleading}

# %%
# The new search, with each of them and without any: 30 evaluations, the median of some seeds.


def best_so_far(source, seed):
    search = CBO(full_problem(), random_state=seed, log_dir=tempfile.mkdtemp())
    if source is not None:
        with warnings.catch_warnings():
            # Ten rows count as good, if fewer are left above the quantile: that is what the warning says.
            warnings.simplefilter("ignore", UserWarning)
            search.fit_generative_model(source)
    table = search.search(accuracy, 30)
    objective = table.objective.where(table.objective.map(lambda value: not isinstance(value, str)), np.nan)
    return objective.astype(float).cummax().ffill().to_numpy(), search.statistics.source


curves = {}
for name, source in {"no source": None, **sources}.items():
    runs = [best_so_far(source, seed) for seed in range(args.seeds)]
    curves[name] = np.nanmedian([curve for curve, _ in runs], axis=0)
    after = ", ".join(f"after {k}: {curves[name][k - 1]:.4f}" for k in (5, 10, 30))
    print(f"{name:14s} best {after}; {runs[0][1]}")

# %%
# How far the best accuracy is from the best possible one.

import matplotlib.pyplot as plt

figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
colors = ("tab:gray", "tab:blue", "tab:green", "tab:orange", "tab:red")
for (name, curve), color in zip(curves.items(), colors):
    style = "--" if name in ("no source", "wrong sign") else "-"
    axes.step(range(1, 31), 0.97 - curve, style, where="post", color=color, label=name)
axes.set(yscale="log", xlabel="evaluations", ylabel="distance to the best accuracy")
axes.legend()
axes.grid(alpha=0.3)
args.output.mkdir(parents=True, exist_ok=True)
figure.savefig(args.output / "transfer_situations.png", dpi=120)
print(f"picture: {args.output / 'transfer_situations.png'}")
plt.show()
