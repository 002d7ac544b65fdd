"""Choose and tune a learner of scikit-learn on real data: what the best one of a search scores on data it never saw.

    python benchmarks/learners.py                       # 3 data sets, 5 families, 60 evaluations, 5 seeds
    python benchmarks/learners.py --before OLD/src --tasks digits --seeds 10

At most half of the rows of every bundled data set, and at most 267, are for the search; it never sees the others. An
evaluation is the mean accuracy of three folds of the rows for the search. What is recommended is the best evaluation;
for this code also, in a column of its own, the evaluated one of which the model believes most. It is trained again on
ten draws of four fifths of the rows for the search, and its score is the mean over these of the accuracy on all rows
that were never seen. Rows, folds and draws depend on the data set and the seed only, so that all columns share them,
and differences are those of pairs. Columns: the code of OLD/src, this code, the other optimizers that are installed,
and random search.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from itertools import product
from multiprocessing import get_context
from typing import Any

import numpy as np
from against import AFTER, Column, Trial, absent, arguments, columns_of, optimizer, use
from compare import BELIEVED
from functions import Choice, Configuration, Number, Task
from sklearn import datasets
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, StratifiedShuffleSplit, cross_val_score, train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

N_EVALUATIONS = 60
BELIEVED_COLUMN = f"{AFTER}, {BELIEVED}"
# So few rows for the search, and columns of noise, make it matter how a learner is tuned.
MOST_ROWS, NOISE_COLUMNS = 267, 10
# What is recommended is trained on so many draws, each of such a share of these rows.
N_DRAWS, SHARE = 10, 0.8
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
    """Rows for the search and rows that it never sees, then the classes of both."""
    X, y = DATA_SETS[name](return_X_y=True)
    rng = np.random.default_rng([seed, 35])
    X = np.column_stack((X, rng.standard_normal((len(X), NOISE_COLUMNS))))
    return tuple(train_test_split(X, y, train_size=min(MOST_ROWS, len(X) // 2), stratify=y, random_state=seed))


def accuracy(name: str, seed: int, c: Configuration) -> float:
    """The mean of three folds."""
    X, _, y, _ = split(name, seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(cross_val_score(made(c), X, y, cv=StratifiedKFold(3, shuffle=True, random_state=seed)).mean())


def held_out(name: str, seed: int, c: Configuration) -> float:
    """The mean accuracy on rows that were never seen, over trainings on draws of those for the search."""
    X, X_new, y, y_new = split(name, seed)
    draws = StratifiedShuffleSplit(N_DRAWS, train_size=SHARE, random_state=seed).split(X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(np.mean([made(c).fit(X[rows], y[rows]).score(X_new, y_new) for rows, _ in draws]))


# The configuration that is recommended in some way: its mean of three folds, its score, and its family.
Found = tuple[float, float, str]


def run(job: tuple[Column, str, int]) -> dict[str, Found]:
    """What is recommended after one search, by columns of the table."""
    column, name, seed = job
    task = Task("", SPACE, partial(accuracy, name, seed), 1.0, 0.0, PARENTS)
    search = optimizer(column, Trial(task, lambda c, rng: task.function(c), N_EVALUATIONS), seed)
    seen: list[tuple[float, Configuration]] = []
    for _ in range(N_EVALUATIONS):
        key, configuration = search.ask()
        seen.append((task.function(configuration), dict(configuration)))
        search.tell(key, seen[-1][0])
    chosen = {column.name: max(seen, key=lambda pair: pair[0])[1]}
    if column.name == AFTER:
        chosen[BELIEVED_COLUMN] = dict(search.recommended()[BELIEVED])
    return {way: (task.function(c), held_out(name, seed, c), c["learner"]) for way, c in chosen.items()}


def cell(scores: Sequence[float], others: Sequence[float]) -> str:
    """A mean, and its difference to this code's with the standard error over pairs."""
    difference = np.subtract(scores, others)
    error = difference.std(ddof=1) / np.sqrt(len(difference)) if len(difference) > 1 else np.nan
    return (
        f"{np.mean(scores):.4f} ({difference.mean():+.4f} ± {error:.4f})"
        if any(difference)
        else f"{np.mean(scores):.4f}"
    )


def table(what: str, place: int, names: Sequence[str], found: dict[tuple[str, str], list[Found]]) -> str:
    """Markdown: means of one number of what is recommended."""
    columns = list(dict.fromkeys(column for column, _ in found))
    ours = AFTER if AFTER in columns else columns[0]
    lines = [f"| accuracy, {what} | " + " | ".join(columns) + " |", "|---|" + "---|" * len(columns)]
    for name in names:
        scores = {column: [each[place] for each in found[column, name]] for column in columns}
        lines.append(f"| {name} | " + " | ".join(cell(scores[c], scores[ours]) for c in columns) + " |")
    return "\n".join(lines)


def main() -> None:
    args = arguments(__doc__, list(DATA_SETS))
    columns, seeds = columns_of(args), range(args.first_seed, args.first_seed + args.seeds)
    found: dict[tuple[str, str], list[Found]] = {}
    for column in columns:
        jobs = [(column, name, seed) for name, seed in product(args.names, seeds)]
        with ProcessPoolExecutor(args.processes, get_context("fork"), use, (column.source, {})) as pool:
            for (_, name, seed), result in zip(jobs, pool.map(run, jobs), strict=True):
                for way, each in result.items():
                    found.setdefault((way, name), []).append(each)
                print(column.name, name, seed, result, file=sys.stderr, flush=True)
    print(
        f"{args.seeds} seeds from {args.first_seed}, {N_EVALUATIONS} evaluations, {time.strftime('%Y-%m-%d')}", end=""
    )
    print(absent(args), end="\n\n")
    for place, what in enumerate(("three folds", "never seen")):
        print(table(what, place, args.names, found), end="\n\n")
    for (way, name), results in found.items():
        print(f"{way}, {name}: " + ", ".join(f"{n} {kind}" for kind, n in Counter(r[2] for r in results).items()))


if __name__ == "__main__":
    main()
