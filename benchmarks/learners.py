"""Choose and tune a learner of scikit-learn on real data: what the best one of a search scores on data it never saw.

    python benchmarks/learners.py                       # 3 data sets, 5 families, 60 evaluations, 5 seeds
    python benchmarks/learners.py --before OLD/src --tasks digits --seeds 10

A third of every bundled data set is held out. An evaluation is the mean accuracy of three folds of the rest; the
configuration that was best there is trained on all of the rest and scored on what was held out. Columns: the code of
OLD/src, this code, Optuna's TPE if it is installed, and random search.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from itertools import product
from multiprocessing import get_context
from typing import Any

import numpy as np
from against import AFTER, Column, Trial, arguments, columns_of, optimizer, use
from functions import Choice, Configuration, Number, Task
from sklearn import datasets
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score, train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

N_EVALUATIONS = 60
# Data sets are cut to so many rows, and columns of noise make it matter how a learner is tuned.
MOST_ROWS, NOISE_COLUMNS = 400, 10
DATA_SETS = {"digits": datasets.load_digits, "cancer": datasets.load_breast_cancer, "wine": datasets.load_wine}

SPACE = (
    Choice("learner", ("linear", "svm", "neighbours", "forest", "boosting")),
    Number("linear_C", 1e-4, 1e3, is_log=True),
    Choice("kernel", ("rbf", "poly", "sigmoid")),
    Number("svm_C", 1e-3, 1e4, is_log=True),
    Number("gamma", 1e-6, 10.0, is_log=True),
    Number("k", 1, 60, is_integer=True, is_log=True),
    Choice("weights", ("uniform", "distance")),
    Number("power", 1.0, 5.0),
    Number("trees", 5, 60, is_integer=True, is_log=True),
    Number("depth", 1, 20, is_integer=True),
    Number("features", 0.05, 1.0),
    Number("rate", 1e-3, 1.0, is_log=True),
    Number("iterations", 3, 30, is_integer=True, is_log=True),
    Number("leaves", 2, 32, is_integer=True, is_log=True),
)
_OF = {
    "linear": ("linear_C",),
    "svm": ("kernel", "svm_C", "gamma"),
    "neighbours": ("k", "weights", "power"),
    "forest": ("trees", "depth", "features"),
    "boosting": ("rate", "iterations", "leaves"),
}
PARENTS = {name: ("learner", learner) for learner, names in _OF.items() for name in names}


def made(c: Configuration) -> Any:
    """The learner of a configuration."""
    kind = c["learner"]
    if kind == "linear":
        learner: Any = LogisticRegression(C=c["linear_C"], max_iter=200)
    elif kind == "svm":
        learner = SVC(C=c["svm_C"], kernel=c["kernel"], gamma=c["gamma"])
    elif kind == "neighbours":
        learner = KNeighborsClassifier(c["k"], weights=c["weights"], p=c["power"])
    elif kind == "forest":
        learner = RandomForestClassifier(c["trees"], max_depth=c["depth"], max_features=c["features"], random_state=0)
    else:
        learner = HistGradientBoostingClassifier(
            learning_rate=c["rate"], max_iter=c["iterations"], max_leaf_nodes=c["leaves"], early_stopping=False
        )
    return make_pipeline(StandardScaler(), learner)


@cache
def split(name: str, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Rows to learn from and rows held out, then the classes of both."""
    X, y = DATA_SETS[name](return_X_y=True)
    rng = np.random.default_rng([seed, 35])
    places = rng.permutation(len(X))[:MOST_ROWS]
    X = np.column_stack((X[places], rng.standard_normal((len(places), NOISE_COLUMNS))))
    return tuple(train_test_split(X, y[places], test_size=1 / 3, stratify=y[places], random_state=seed))


def accuracy(name: str, seed: int, c: Configuration) -> float:
    """The mean of three folds."""
    X, _, y, _ = split(name, seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(cross_val_score(made(c), X, y, cv=StratifiedKFold(3, shuffle=True, random_state=seed)).mean())


def held_out(name: str, seed: int, c: Configuration) -> float:
    X, X_new, y, y_new = split(name, seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(made(c).fit(X, y).score(X_new, y_new))


def run(job: tuple[Column, str, int]) -> tuple[float, float]:
    """The best mean of three folds, and what its configuration scores on what was held out."""
    column, name, seed = job
    task = Task("", SPACE, partial(accuracy, name, seed), 1.0, 0.0, PARENTS)
    search = optimizer(column, Trial(task, lambda c, rng: task.function(c)), seed)
    best, chosen = -np.inf, {}
    for _ in range(N_EVALUATIONS):
        key, configuration = search.ask()
        value = task.function(configuration)
        search.tell(key, value)
        if value > best:
            best, chosen = value, dict(configuration)
    return best, held_out(name, seed, chosen)


def cell(scores: Sequence[float], others: Sequence[float]) -> str:
    """A mean, and its difference to this code's with the standard error over pairs."""
    difference = np.subtract(scores, others)
    error = difference.std(ddof=1) / np.sqrt(len(difference)) if len(difference) > 1 else np.nan
    return (
        f"{np.mean(scores):.4f} ({difference.mean():+.4f} ± {error:.4f})"
        if any(difference)
        else f"{np.mean(scores):.4f}"
    )


def main() -> None:
    args = arguments(__doc__, list(DATA_SETS))
    columns, seeds = columns_of(args), range(args.first_seed, args.first_seed + args.seeds)
    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    trials: dict[str, Callable[[int], Trial]] = {}
    for column in columns:
        jobs = [(column, name, seed) for name, seed in product(args.names, seeds)]
        with ProcessPoolExecutor(args.processes, get_context("fork"), use, (column.source, trials)) as pool:
            results = list(pool.map(run, jobs))
        for (_, name, _), result in zip(jobs, results, strict=True):
            found.setdefault((column.name, name), []).append(result)
    print(f"{args.seeds} seeds from {args.first_seed}, {N_EVALUATIONS} evaluations, {time.strftime('%Y-%m-%d')}\n")
    for place, what in enumerate(("three folds", "held out")):
        print(f"| accuracy, {what} | " + " | ".join(column.name for column in columns) + " |")
        print("|---|" + "---|" * len(columns))
        for name in args.names:
            scores = [[result[place] for result in found[column.name, name]] for column in columns]
            ours = [result[place] for result in found.get((AFTER, name), found[columns[0].name, name])]
            print(f"| {name} | " + " | ".join(cell(score, ours) for score in scores) + " |")
        print()


if __name__ == "__main__":
    main()
