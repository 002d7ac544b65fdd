"""Modules that existing scripts import and that are not here, each with what to write instead."""

from __future__ import annotations

from ._checks import by_name

_TABLE = (
    "it is not built yet; the table that search() returns has results.best_parameters, results.best, results.successes "
    "and results.curves, and deephyper.results.read_csv(path) reads it from its file"
)
_INSTEAD = by_name(
    {
        "write from deephyper import __version__": "__version__ version",
        "it is not built yet; write a script with CBO(problem).search(run, max_evals=100)": "cli",
        "write from deephyper.evaluator import Evaluator": "evaluator.evaluate",
        "write import ConfigSpace": "problem.config_space",
        _TABLE: "analysis core ensemble",
        "declare the choices of an architecture with HpProblem, from deephyper.hpo": "contrib keras nas search.nas",
        "write the problem and the function yourself: from deephyper.hpo import HpProblem": "benchmark sklearn",
        "write Evaluator.create(run, mpi4py.futures.MPIPoolExecutor(), num_workers=8) in a script that mpiexec starts "
        "with python -m mpi4py.futures": "evaluator.mpi",
        "CBO(problem).fit_generative_model(results) returns a model, and model.sample(n) draws from it": "hpo.gmm",
        "an inactive hyperparameter is absent from job.parameters, and NaN in the table": "hpo.utils",
        "it is not built yet; keep models yourself, in files that are named by job.id": "predictor",
        "early discarding is not built yet; leave out the option stopper, and let the function return early": "stopper",
    }
)


def refuse(name: str) -> None:
    """Raise ImportError for a module that scripts import, with what to write; do nothing for any other name.

    Args:
        name: of the module, without the package.
    """
    folder, _, last = name.rpartition(".")
    instead = _INSTEAD.get(name)
    if folder in ("hpo", "evaluator", "search", "problem") and last.startswith("_"):
        instead = f"its public names are in deephyper.{folder}"
    if folder.startswith("skopt"):
        instead = "declare hyperparameters and search: from deephyper.hpo import CBO, HpProblem"
    if instead is not None:
        raise ImportError(f"deephyper.{name}: there is no such module; {instead}.", name=f"deephyper.{name}")
