"""Names that existing scripts import work, or one sentence says what to write today."""

from __future__ import annotations

import copy
import importlib
import importlib.util
import pickle
from typing import Any

import pytest

import deephyper

GONE = {
    "deephyper.hpo": (
        "AMBS DBO MPIDistributedBO AcqFuncKwargs AcqFuncKwargsScheduler AcqOptimizerKwargs SurrogateModelKwargs "
        "SurrogateModelScheduler scheduler_periodic_exponential_decay scheduler_bandit scheduler_constant "
        "ExperimentalDesignSearch RegularizedEvolution Solution SolutionSelection ArgMaxObsSelection "
        "ArgMaxEstSelection SearchHistory get_init_params_as_json calibration_error"
    ),
    "deephyper.problem": "BaseProblem NaProblem config_space",
    "deephyper.search": "AMBS DBO",
    "deephyper.search.hps": "AMBS DBO MPIDistributedBO RegularizedEvolution ExperimentalDesignSearch",
    "deephyper.evaluator": (
        "SubprocessEvaluator MochiEvaluator JobContext slow_down to_json Encoder distributed terminate_on_timeout"
    ),
    "deephyper.evaluator.storage": "SharedMemoryStorage RayStorage MPIWinStorage",
    "deephyper.storage": "SharedMemoryStorage RayStorage MPIWinStorage",
}
MISSING_MODULES = (
    "__version__ version cli evaluator.evaluate problem.config_space "
    "analysis analysis.hpo benchmark contrib core core.utils ensemble ensemble.aggregator ensemble.loss "
    "ensemble.selector evaluator.mpi evaluator._run_function_utils hpo._cbo hpo.gmm hpo.utils keras nas nas.search "
    "predictor predictor.sklearn predictor.torch search.nas search._search sklearn skopt.space skopt.Optimizer stopper"
)
HERE = {
    "deephyper": "version __version__",
    "deephyper.hpo": "CBO HpProblem RandomSearch Search check_hyperparameter",
    "deephyper.search": "Search",
    "deephyper.search.hps": "CBO RandomSearch",
    "deephyper.problem": "HpProblem",
    "deephyper.moo": "hypervolume non_dominated_set pareto_front",
    "deephyper.skopt.moo": "hypervolume non_dominated_set pareto_front",
    "deephyper.evaluator": (
        "EVALUATORS Evaluator HPOJob Job JobStatus LokyEvaluator MPICommEvaluator MaximumJobsSpawnReached "
        "parse_subprocess_result ProcessPoolEvaluator RayEvaluator RunFunction RunningJob SerialEvaluator "
        "ThreadPoolEvaluator profile queued"
    ),
    "deephyper.evaluator.callback": "Callback CSVLoggerCallback LoggerCallback SearchEarlyStopping TqdmCallback",
    "deephyper.evaluator.storage": "MemoryStorage NullStorage RedisStorage Storage",
    "deephyper.storage": "FileStorage MemoryStorage NullStorage RedisStorage SQLStorage Storage",
}


def pairs(table: dict[str, str]) -> list[tuple[str, str]]:
    return [(module, name) for module, names in table.items() for name in names.split()]


def is_one_sentence(error: BaseException) -> bool:
    text = str(error)
    return ": " in text and "; " in text and "\n" not in text and text.endswith(".")


@pytest.mark.parametrize(("module", "name"), pairs(HERE))
def test_a_name_that_scripts_import_is_there(module: str, name: str) -> None:
    assert getattr(importlib.import_module(module), name) is not None


@pytest.mark.parametrize(("module", "name"), pairs(GONE))
def test_a_name_that_is_not_here_says_what_to_write(module: str, name: str) -> None:
    with pytest.raises(ImportError, match=f"^{module}: there is no '{name}'; ") as raised:
        exec(f"from {module} import {name}")

    assert is_one_sentence(raised.value)


@pytest.mark.parametrize("module", [*GONE, "deephyper"])
def test_a_name_that_is_known_nowhere_is_missing_as_usual(module: str) -> None:
    loaded = importlib.import_module(module)

    assert not hasattr(loaded, "nowhere")
    with pytest.raises(ImportError, match="cannot import name 'nowhere'"):
        exec(f"from {module} import nowhere")


@pytest.mark.parametrize("name", MISSING_MODULES.split())
def test_a_module_that_is_not_here_says_what_to_write(name: str) -> None:
    with pytest.raises(ImportError, match=r"^deephyper\.\w+(\.\w+)?: there is no such module; ") as raised:
        importlib.import_module(f"deephyper.{name}")

    assert is_one_sentence(raised.value)


def test_a_module_is_refused_however_it_is_imported() -> None:
    for line in ("import deephyper.stopper", "from deephyper import stopper", "from deephyper.stopper import Stopper"):
        with pytest.raises(ModuleNotFoundError, match="early discarding is not built yet"):
            exec(line)
    with pytest.raises(ModuleNotFoundError, match="early discarding is not built yet"):
        importlib.util.find_spec("deephyper.stopper")


@pytest.mark.parametrize("name", ["nowhere", "hpo.nowhere", "evaluator.nowhere", "space._nowhere"])
def test_a_module_that_is_known_nowhere_is_missing_as_usual(name: str) -> None:
    with pytest.raises(ModuleNotFoundError, match="No module named"):
        importlib.import_module(f"deephyper.{name}")


def test_the_version_is_a_text_under_both_names() -> None:
    assert deephyper.version == deephyper.__version__


@pytest.mark.parametrize("module", list(GONE))
def test_a_module_that_refuses_names_is_copied_and_pickled_around(module: str) -> None:
    loaded: Any = importlib.import_module(module)
    public = [getattr(loaded, name) for name in loaded.__all__ if isinstance(getattr(loaded, name), type)]

    assert pickle.loads(pickle.dumps(public)) == copy.deepcopy(public) == public
