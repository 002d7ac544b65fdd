"""Modules and names that existing scripts import and that are not here, each with what to write instead."""

from __future__ import annotations

import sys
from typing import Any

from ._checks import by_name

_TABLE = (
    "it is not built yet; the table that search() returns has results.best_parameters, results.best, results.successes "
    "and results.curves, and deephyper.results.read_csv(path) reads it from its file"
)
_MODULES = by_name(
    {
        "write from deephyper import __version__": "__version__ version",
        "it is not built yet; write a script with CBO(problem).search(run, max_evals=100)": "cli",
        "write from deephyper.evaluator import Evaluator": "evaluator.evaluate",
        "write import ConfigSpace": "problem.config_space",
        _TABLE: "analysis core ensemble",
        "declare the choices of an architecture with HpProblem, from deephyper.hpo": "contrib keras nas search.nas",
        "write the problem and the function yourself: from deephyper.hpo import HpProblem": "benchmark sklearn",
        "write with Evaluator.create(run, 'mpicomm') as evaluator: and in it, if evaluator is not None: the search": (
            "evaluator.mpi"
        ),
        "CBO(problem).fit_generative_model(results) returns a model, and model.sample(n) draws from it": "hpo.gmm",
        "an inactive hyperparameter is absent from job.parameters, and NaN in the table": "hpo.utils",
        "it is not built yet; keep models yourself, in files that are named by job.id": "predictor",
        "early discarding is not built yet; leave out the option stopper, and let the function return early": "stopper",
    }
)
_SHARED = (
    "one CBO shares its evaluations among all processes: CBO(problem, evaluator) with the evaluator of "
    "Evaluator.create(run, 'mpicomm')"
)
_TABLES = {
    "hpo": {
        "write CBO(problem).search(evaluator, max_evals=100), with from deephyper.hpo import CBO": "AMBS",
        _SHARED: "DBO MPIDistributedBO",
        "it is a dictionary here: CBO(problem, acq_func_kwargs={'kappa': 1.96, 'scheduler': {'type': "
        "'periodic-exp-decay', 'period': 10}})": (
            "AcqFuncKwargs AcqFuncKwargsScheduler scheduler_periodic_exponential_decay scheduler_bandit "
            "scheduler_constant"
        ),
        "it is a dictionary here: CBO(problem, acq_optimizer_kwargs={'n_points': 1000})": "AcqOptimizerKwargs",
        "it is a dictionary here: CBO(problem, surrogate_model='ET', surrogate_model_kwargs={'n_estimators': 100})": (
            "SurrogateModelKwargs SurrogateModelScheduler"
        ),
        "a whole design is CBO(problem, n_initial_points=100, initial_point_generator='lhs').search(run, "
        "max_evals=100)": "ExperimentalDesignSearch",
        "it is not built yet; write CBO(problem) or RandomSearch(problem)": "RegularizedEvolution",
        "it is a name here: CBO(problem, solution_selection='argmax_est'), or 'argmax_obs', and then the table that "
        "search() returns has the columns 'sol.' and results.recommended_parameters": (
            "Solution SolutionSelection ArgMaxObsSelection ArgMaxEstSelection"
        ),
        "search.history is the table of all evaluations": "SearchHistory",
        "search.get_params() says what a search is made of": "get_init_params_as_json",
        "scikit-learn has scores of models, in sklearn.metrics": "calibration_error gaussian_ll gaussian_ll_score",
    },
    "evaluator": {
        "write Evaluator.create(run, 'process', num_workers=4)": "SubprocessEvaluator MochiEvaluator",
        "run_function_kwargs of an evaluator reach every evaluation: run_function_kwargs={'data': data}": "JobContext",
        "method 'simulated' takes the time of evaluations: Evaluator.create(run, 'simulated', duration=60)": (
            "slow_down"
        ),
        "an evaluator describes itself: evaluator.to_json()": "to_json Encoder",
        _SHARED: "distributed",
        "evaluations are limited by the evaluator: Evaluator.create(run, 'process', job_timeout=60)": (
            "terminate_on_timeout"
        ),
    },
    "evaluator.callback": {
        "every table has the times of evaluations, in m:timestamp_start and m:timestamp_end, without a callback": (
            "ProfilingCallback"
        ),
        "write table.objective.cummax(), or deephyper.moo.hypervolume(points, reference) for several objectives": (
            "ObjectiveRecorder"
        ),
    },
    "problem": {
        "declare its choices in an HpProblem": "NaProblem BaseProblem",
        "write import ConfigSpace": "config_space",
    },
    "storage": {
        "write FileStorage('folder'), which keeps the jobs of all processes and hosts that see the folder": (
            "SharedMemoryStorage RayStorage MPIWinStorage"
        ),
    },
}
_NAMES = {module: by_name(table) for module, table in _TABLES.items()}
_OLD_HOMES = {"search": "hpo", "search.hps": "hpo", "evaluator.storage": "storage"}


def refuse(name: str) -> None:
    """Raise ModuleNotFoundError for a module that scripts import, with what to write; do nothing for any other name.

    Args:
        name: of the module, without the package.
    """
    folder, _, last = name.rpartition(".")
    instead = _MODULES.get(name)
    if folder in ("hpo", "evaluator", "search", "problem") and last.startswith("_"):
        instead = f"its public names are in deephyper.{folder}"
    if folder.startswith("skopt"):
        instead = "declare hyperparameters and search: from deephyper.hpo import CBO, HpProblem"
    if instead is not None:
        # Without its name: Python would take that of `from deephyper import stopper` for an attribute, and say less.
        raise ModuleNotFoundError(f"deephyper.{name}: there is no such module; {instead}.")


def refuse_names(module: str) -> None:
    """Let a module, given by its `__name__`, refuse names that scripts import from it, with what to write today.

    For those, `from module import name` raises ImportError; names that are known nowhere are missing as usual.
    """
    here = module.partition(".")[2]
    instead = _NAMES[_OLD_HOMES.get(here, here)]

    def refuse_name(name: str) -> Any:
        if name in instead:
            raise ImportError(f"{module}: there is no {name!r}; {instead[name]}.", name=module)
        raise AttributeError(f"module {module!r} has no attribute {name!r}")

    # Set here: a type checker that sees it in the module takes every name for one of the module's.
    vars(sys.modules[module])["__getattr__"] = refuse_name
