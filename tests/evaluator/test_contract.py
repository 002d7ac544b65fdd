"""Every evaluator keeps the contract, also on executors that are not ours."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from typing import Any

import pytest

from deephyper.evaluator import (
    Evaluator,
    ExecutorEvaluator,
    ProcessEvaluator,
    SerialEvaluator,
    SimulatedEvaluator,
    ThreadEvaluator,
)
from deephyper.testing import EvaluatorContract


class TestSerial(EvaluatorContract):
    def make(self, run_function: Callable[..., Any], **options: Any) -> Evaluator:
        return SerialEvaluator(run_function, **options)


class TestThreads(EvaluatorContract):
    def make(self, run_function: Callable[..., Any], **options: Any) -> Evaluator:
        return ThreadEvaluator(run_function, **options)


class TestProcesses(EvaluatorContract):
    def make(self, run_function: Callable[..., Any], **options: Any) -> Evaluator:
        return ProcessEvaluator(run_function, **options)


class TestSimulated(EvaluatorContract):
    def make(self, run_function: Callable[..., Any], **options: Any) -> Evaluator:
        return SimulatedEvaluator(run_function, **options)


class TestThreadPoolOfTheUsersOwn(EvaluatorContract):
    def make(self, run_function: Callable[..., Any], **options: Any) -> Evaluator:
        return ExecutorEvaluator(run_function, self.executor, **options)

    executor: Executor

    @classmethod
    def setup_class(cls) -> None:
        cls.executor = ThreadPoolExecutor(3)

    @classmethod
    def teardown_class(cls) -> None:
        cls.executor.shutdown()


@pytest.mark.slow
class TestProcessPoolOfTheUsersOwn(EvaluatorContract):
    def make(self, run_function: Callable[..., Any], **options: Any) -> Evaluator:
        return ExecutorEvaluator(run_function, self.executor, **options)

    executor: Executor

    @classmethod
    def setup_class(cls) -> None:
        cls.executor = ProcessPoolExecutor(3, get_context("spawn"))

    @classmethod
    def teardown_class(cls) -> None:
        cls.executor.shutdown()
