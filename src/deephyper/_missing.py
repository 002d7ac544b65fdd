"""Modules of DeepHyper that existing scripts import and that are not here, each with what to write instead."""

from __future__ import annotations

_TABLE = (
    "the table that search() returns has results.best_parameters, results.best, results.successes and results.curves, "
    "and deephyper.results.read_csv(path) reads it from its file"
)
_DENSITY = "CBO(problem).fit_generative_model(results) returns a model, and model.sample(n) draws from it"
_NO_NETWORKS = "declare the choices of an architecture as hyperparameters, from deephyper.hpo import HpProblem"
_INSTEAD = {
    "__version__": "write from deephyper import __version__",
    "analysis": f"it is not built yet; {_TABLE}",
    "benchmark": "write the problem and the run-function yourself, from deephyper.hpo import HpProblem",
    "contrib": _NO_NETWORKS,
    "core": f"it is gone; {_TABLE}",
    "ensemble": f"it is not built yet; to average models yourself, {_TABLE}",
    "evaluator.mpi": (
        "write Evaluator.create(run, mpi4py.futures.MPIPoolExecutor(), num_workers=8) in a script that mpiexec starts "
        "with python -m mpi4py.futures"
    ),
    "hpo.gmm": _DENSITY,
    "hpo.utils": "an inactive hyperparameter has no value here: it is absent from job.parameters and NaN in the table",
    "keras": _NO_NETWORKS,
    "nas": _NO_NETWORKS,
    "predictor": "it is not built yet; keep models yourself, in files that are named by job.id",
    "search.nas": _NO_NETWORKS,
    "sklearn": "write the run-function yourself, with the estimator's arguments in an HpProblem",
    "stopper": (
        "early discarding is not built yet; leave the option stopper out, and let the run-function return early by "
        "itself"
    ),
}


def refuse(name: str) -> None:
    """Raise ImportError for a module that scripts import, with what to write; do nothing for any other name.

    Args:
        name: of the module, without the package.
    """
    folder, _, last = name.rpartition(".")
    instead = _INSTEAD.get(name)
    if instead is None and folder in ("hpo", "evaluator", "search", "problem") and last.startswith("_"):
        instead = f"its public names are in deephyper.{folder}"
    if folder.partition(".")[0] == "skopt":
        instead = "declare hyperparameters and search: from deephyper.hpo import CBO, HpProblem"
    if instead is not None:
        raise ImportError(f"deephyper.{name}: there is no such module; {instead}.", name=f"deephyper.{name}")
