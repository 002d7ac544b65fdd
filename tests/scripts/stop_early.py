"""Searches that end early, and what can be read of it afterwards."""

from __future__ import annotations

import argparse
import json
from typing import Any

from deephyper.evaluator.callback import Callback, SearchEarlyStopping

# The objectives of the evaluations, in their order: they stand still twice, below the threshold and above it.
SCORES = [0.1, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.6, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7]


class EndsAfter(Callback):
    """The project's own rule: so many evaluations, however they end."""

    def __init__(self, count: int):
        self.count, self.seen, self.search_stopped = count, [], False

    def on_done(self, job: Any) -> None:
        self.seen.append(job.objective)
        if len(self.seen) >= self.count:
            self.search_stopped = True

    def on_done_other(self, job: Any) -> None:
        self.on_done(job)

    def on_gather(self, local_jobs: list[Any], other_jobs: list[Any]) -> None:
        self.gathered = getattr(self, "gathered", 0) + len(local_jobs) + len(other_jobs)


def rows_of(callback: Any, old: bool, scores: list[float] | None = None) -> int:
    from deephyper.evaluator import Evaluator
    from deephyper.hpo import RandomSearch

    if old:
        from deephyper.problem import HpProblem
    else:
        from deephyper.hpo import HpProblem
    problem = HpProblem()
    problem.add_hyperparameter((0.0, 1.0), "x")
    coming = iter(scores or SCORES)
    evaluator = Evaluator.create(lambda job: next(coming), method="serial", method_kwargs={"callbacks": [callback]})
    if old:
        return len(RandomSearch(problem, evaluator, random_state=1).search(max_evals=len(SCORES)))
    return len(RandomSearch(problem, random_state=1).search(evaluator, max_evals=len(SCORES)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--old", action="store_true")
    old = parser.parse_args().old

    patience = SearchEarlyStopping(patience=3)
    above = SearchEarlyStopping(patience=3, threshold=0.5)
    never = SearchEarlyStopping(patience=3, threshold=5.0)
    watched = SearchEarlyStopping(3, objective_func=lambda job: job.objective, verbose=False)
    mine = EndsAfter(5)
    facts = {
        "before": [patience.search_stopped, above.search_stopped],
        "patience": [rows_of(patience, old), patience.search_stopped],
        "above": [rows_of(above, old), above.search_stopped],
        "never": [rows_of(never, old), never.search_stopped],
        "watched": [rows_of(watched, old), watched.search_stopped],
        "mine": [rows_of(mine, old), mine.search_stopped, mine.gathered],
    }
    print(json.dumps(facts))


if __name__ == "__main__":
    main()
