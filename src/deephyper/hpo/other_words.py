"""What people call the options and methods of a search elsewhere, and what to write here. The only list of these."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from .._checks import by_name, shown

_SEARCH = "search.search(run, max_evals=100, timeout=3600)"
_BUDGET = f"a budget belongs to the call: {_SEARCH}"
_SIGN = "higher is better here: to minimize, return the negative, return -loss"
_WORKERS = "workers belong to the evaluator: CBO(problem, Evaluator.create(run, 'process', num_workers=4))"
_SPACE = (
    "the space is the first argument, an HpProblem: problem = HpProblem(); problem.add_hyperparameter((0.0, 1.0), 'x')"
)
_EVALUATOR = "the function is the second argument, or the first of search: CBO(problem).search(run, max_evals=100)"
_POINTS = "configurations to try first are initial_points=[{'x': 0.5}]"
_N_FIRST = "how many suggestions come before the model is n_initial_points=8"
_STORE = "a store belongs to the evaluator: Evaluator.create(run, 'process', storage=storage, search_id='name')"
_FOLDER = "files are written to log_dir='folder', and log_dir with checkpoint_restart=True continues from them"
_RESULTS = "search.history.best, where search.history is the table that search() returns"

# Each sentence, and the names for which it stands.
_OPTIONS = {
    _BUDGET: (
        "max_evals n_trials max_trials num_trials n_iter max_iter n_calls num_samples budget timeout max_time "
        "time_budget n_evals n_iterations total_trials max_evals_total iterations"
    ),
    _SIGN: "direction directions minimize maximize minimise maximise mode goal sense",
    _WORKERS: "num_workers n_workers n_jobs max_workers workers n_cpus processes method parallel",
    "the seed is random_state=42": "seed random_seed rng rstate np_random_seed",
    _SPACE: "space search_space config_space configspace dimensions param_space pbounds bounds",
    _EVALUATOR: "run_function function func fn f objective target_function trainable run",
    _POINTS: "points_to_evaluate x0 y0 initial_configurations initial_params initial_design warm_start",
    _N_FIRST: "n_startup_trials n_random_starts n_initial n_init init_points n_startup_jobs",
    _STORE: "storage study_name search_id load_if_exists",
    _FOLDER: "path folder directory output_dir local_dir storage_path csv resume",
    "callbacks belong to the evaluator: Evaluator.create(run, callbacks=[TqdmCallback()])": "callback callbacks",
    "the model is chosen by surrogate_model='ET' and what scores by acq_func='EI'": (
        "base_estimator surrogate model estimator sampler algo search_alg"
    ),
    "evaluations are limited by the evaluator: Evaluator.create(run, 'process', job_timeout=60)": (
        "job_timeout trial_timeout timeout_per_trial"
    ),
    "a progress bar is shown with verbose=1": "show_progress_bar progress_bar disp verbosity",
}

# Options of other versions that are accepted where they ask for what happens anyway.
_NOT_BUILT = by_name(
    {
        "early discarding is not built yet; leave it out, and let the run-function return early by itself": "stopper",
        "the best observed configuration is results.best; leave it out": "solution_selection",
        "the model scales objectives by itself; leave it out": "objective_scaler",
        "return one number that weighs the objectives; leave it out": (
            "moo_lower_bounds moo_scalarization_strategy moo_scalarization_weight"
        ),
        "let the run-function return 'F_constraint' where a constraint is broken; leave it out": "constraints",
        "search.fit_search_space(results) draws near the best of an earlier search; leave it out": (
            "update_prior update_prior_quantile"
        ),
        "members of a search share what has ended whenever they gather; leave it out": (
            "sync_communication sync_communication_freq"
        ),
    }
)
# They only say how, if another of these is True.
_WITHOUT_MEANING = ("update_prior_quantile", "sync_communication_freq")

_METHODS = {
    _SEARCH: "run optimize optimise minimize maximize fit start execute train fmin tune",
    "search.ask(1)": "suggest propose get_next get_suggestions generate next_points create_trial",
    "search.tell([(configuration, objective)])": "observe report register update complete add_trial",
    "search.history.best_parameters": "best_params best_parameters best_config get_best_parameters",
    _RESULTS: (
        "best best_value best_trial best_objective max results trials get_results df trials_dataframe table res"
    ),
    "search.search(run, max_evals=100), which closes what it opened; an evaluator of your own has close()": (
        "close shutdown stop"
    ),
    "search.history.to_csv(path); results.csv is written as evaluations end": "dump_jobs_done_to_csv",
    "CBO(problem, checkpoint_restart=True), which continues from results.csv": "reload_checkpoint",
    "search.search(evaluator, max_evals=100), which checks the evaluator": "check_evaluator",
    "evaluator.gather('BATCH', size=1) in a loop with search.ask and search.tell": "gather_type gather_batch_size",
    "CBO(problem, acq_func_kwargs={'scheduler': {'type': 'bandit'}})": "scheduler",
    "search.history.num_objective": "num_objective",
    "search.get_params() or search.save_params()": "dump_context",
}

# Options that only a search that learns can have.
_OF_CBO = (
    "surrogate_model surrogate_model_kwargs acq_func acq_func_kwargs acq_optimizer acq_optimizer_kwargs kappa xi "
    "multi_point_strategy n_initial_points initial_point_generator initial_points scheduler n_points max_failures "
    "n_restarts_optimizer acq_optimizer_freq filter_duplicated filter_failures max_total_failures"
)
# Options that a search has from its beginning, which are often passed to its call.
_OF_CONSTRUCTOR = (
    "problem random_state log_dir verbose checkpoint_restart checkpoint_history_to_csv initial_points n_initial_points "
    "surrogate_model acq_func acq_optimizer multi_point_strategy"
)
# The order of constructors whose second argument is the seed.
BY_POSITION_AFTER_A_SEED = (
    "random_state log_dir verbose stopper checkpoint_history_to_csv solution_selection checkpoint_restart "
    "surrogate_model surrogate_model_kwargs acq_func acq_func_kwargs acq_optimizer acq_optimizer_kwargs "
    "multi_point_strategy n_initial_points initial_point_generator initial_points moo_lower_bounds "
    "moo_scalarization_strategy moo_scalarization_weight objective_scaler"
)
# What values of options are called elsewhere, in small letters and without anything between them.
_VALUES = {
    "UCB": "lcb gplcb gpucb upperconfidencebound lowerconfidencebound",
    "EI": "expectedimprovement logei qei",
    "PI": "probabilityofimprovement poi mpi",
    "MES": "maxvalueentropysearch entropysearch",
    "GP": "gaussianprocess gaussianprocessregressor gpr kriging",
    "RF": "randomforest randomforestregressor forest",
    "ET": "extratrees extratreesregressor extremelyrandomizedtrees",
    "GBRT": "gradientboosting gbm gbdt xgboost lightgbm",
    "HGBRT": "histgradientboosting",
    "lhs": "latinhypercube latinhypercubesampling latin",
    "cl_max": "constantliar liar cl",
    "lbfgs": "lbfgsb gradient",
    "ga": "genetic evolution",
    "min": "max worst",
    "multi_point_strategy='boltzmann'": "boltzmann boltzmannsampling",
    "multi_point_strategy='qUCB'": "qucb qlcb",
    "multi_point_strategy='qUCBd'": "qucbd qlcbd",
}
_CALLED_HERE, _SENTENCES, _LINES = by_name(_VALUES), by_name(_OPTIONS), by_name(_METHODS)


def without_unbuilt(where: str, options: Mapping[str, Any], accepted: Collection[str]) -> dict[str, Any]:
    """Leave out options that are not built and not accepted, if they ask for what happens anyway: None, False, "auto".

    Raises:
        ValueError: one of them asks for anything else.
    """
    unbuilt = {name: value for name, value in options.items() if name in _NOT_BUILT and name not in accepted}
    for name, value in unbuilt.items():
        is_usual = value is None or value is False or (isinstance(value, str) and value == "auto")
        if not is_usual and name not in _WITHOUT_MEANING:
            raise ValueError(f"{where}: {name} must be None, got {shown(value)}; {_NOT_BUILT[name]}.")
    return {name: value for name, value in options.items() if name not in unbuilt}


def instead_of_option(name: str) -> str:
    """Say where what an option is for elsewhere is said here; empty if it is known nowhere."""
    return _SENTENCES.get(name.lower(), "")


def instead_of_learning(name: str) -> str:
    """The same for a search that learns nothing."""
    is_of_cbo = name in _OF_CBO.split()
    return "it is an option of CBO; RandomSearch learns nothing" if is_of_cbo else instead_of_option(name)


def called_here(value: str) -> str:
    """Give the name here of a value that has another name elsewhere; empty if it is known nowhere."""
    return _CALLED_HERE.get("".join(letter for letter in value.lower() if letter.isalnum()), "")


def instead_in_call(name: str) -> str:
    """Say what to write instead of an option that is passed to `search`; empty if it is known nowhere."""
    if name in _OF_CONSTRUCTOR.split():
        return f"it belongs to the constructor: CBO(problem, {name}=…)"
    return instead_of_option(name)


def instead_of_method(name: str) -> str:
    """Give the line to write instead of a method or property of another tool; empty if it is known nowhere."""
    return _LINES.get(name.lower(), "")


class Addressed:
    """What a search answers where it is asked for an attribute of another tool: the line to write here."""

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            line = instead_of_method(name)
            hint = f"; write {line}" if line else ""
            raise AttributeError(f"{type(self).__name__}: there is no {name!r}{hint}.", name=name, obj=self)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in ("gather_type", "gather_batch_size"):
            getattr(self, name)  # Raises, and says what to write: a search hands out work as soon as a worker is free.
        super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if not name.startswith("_")]
