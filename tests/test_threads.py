"""Limits of threads that are set by us, by evaluations and by the user, whoever begins and ends first."""

from __future__ import annotations

from pathlib import Path

import pytest

from programs import output_of

# Each actor works in a thread of its own and does its steps when it is told to: one enters a context, later one leaves.
ACTORS = """
import itertools, queue, threading
import numpy, scipy.linalg
from threadpoolctl import ThreadpoolController, threadpool_limits
from deephyper._threads import Share, kept, limited, shared

class Actor:
    def __init__(self, *contexts):
        self.contexts, self.entered = contexts, []
        self.steps, self.done = queue.SimpleQueue(), queue.SimpleQueue()
        threading.Thread(target=self.work, daemon=True).start()

    def work(self):
        while True:
            self.done.put(self.steps.get()())

    def do(self, step):
        self.steps.put(step)
        return self.done.get(timeout=60)

    def go_on(self):
        self.do(self.step)

    def step(self):
        if len(self.entered) < len(self.contexts):
            context = self.contexts[len(self.entered)]()
            context.__enter__()
            self.entered.append(context)
        else:
            self.contexts = self.contexts[:-1]
            self.entered.pop().__exit__(None, None, None)

    @property
    def is_inside(self):
        return len(self.entered) > 0

libraries = ThreadpoolController().select(user_api="blas")

def there():
    (n,) = {library.num_threads for library in libraries.lib_controllers}
    return n

def limit(n):
    return lambda: libraries.limit(limits=n)

def start_from(n):
    for library in libraries.lib_controllers:
        library.set_num_threads(n)
        # Since version 3.8, the limits of other threads would have no effect.
        getattr(library, "clear_controlling_thread", lambda: None)()

def orders(*lengths):
    # All orders in which actors can do so many steps each.
    if not any(lengths):
        yield ()
    for i, length in enumerate(lengths):
        if length:
            yield from ((i, *rest) for rest in orders(*lengths[:i], length - 1, *lengths[i + 1 :]))
"""


def mistakes(program: str, folder: Path) -> str:
    return output_of(ACTORS + program, folder, {"OPENBLAS_NUM_THREADS": "2", "OMP_NUM_THREADS": None})


@pytest.mark.slow
def test_a_limit_of_the_users_and_one_of_ours_leave_no_trace_in_any_order(tmp_path: Path) -> None:
    program = """
for before, own, order in itertools.product((1, 2, 3), (1, 2, 3), orders(2, 2)):
    start_from(before)
    ours, theirs = Actor(limited), Actor(limit(own))
    for actor in order:
        (ours, theirs)[actor].go_on()
        if theirs.is_inside and not ours.is_inside and there() != own:
            print("their limit is gone", before, own, order)
        if ours.is_inside and ours.do(there) != 1:
            print("our limit is gone", before, own, order)
    if there() != before:
        print("a trace is left", before, own, order)
print("done")
"""

    assert mistakes(program, tmp_path) == "done\n"


@pytest.mark.slow
def test_evaluations_share_threads_except_those_with_a_limit_of_their_own_in_any_order(tmp_path: Path) -> None:
    program = """
for before, first, second in itertools.product((2, 3), (1, 3), (1, 2)):
    for order in orders(4, 4):
        start_from(before)
        share = lambda: shared(Share(1, None))
        actors = [Actor(share, limit(first)), Actor(share, limit(second))]
        for actor in order:
            actors[actor].go_on()
            for evaluation, own in zip(actors, (first, second)):
                seen = evaluation.do(there) if evaluation.is_inside else None
                if seen not in (None, 1 if len(evaluation.entered) == 1 else own):
                    print("an evaluation has", seen, before, first, second, order)
        if there() != before:
            print("a trace is left", before, first, second, order)
print("done")
"""

    assert mistakes(program, tmp_path) == "done\n"


@pytest.mark.slow
def test_a_computation_of_ours_an_evaluation_and_the_user_leave_no_trace_in_any_order(tmp_path: Path) -> None:
    program = """
for own, users, order in itertools.product((1, 3), (1, 3), orders(2, 4, 2)):
    start_from(2)
    share = lambda: shared(Share(1, None))
    ours, evaluation, user = actors = [Actor(limited), Actor(share, limit(own)), Actor(limit(users))]
    for actor in order:
        actors[actor].go_on()
        if ours.is_inside and ours.do(there) != 1:
            print("our limit is gone", own, users, order)
        if len(evaluation.entered) == 2 and evaluation.do(there) != own:
            print("the limit of the evaluation is gone", own, users, order)
    if there() != 2:
        print("a trace is left", own, users, order)
print("done")
"""

    assert mistakes(program, tmp_path) == "done\n"


@pytest.mark.slow
def test_what_was_set_for_good_meanwhile_is_gone_afterwards(tmp_path: Path) -> None:
    program = """
for before in (1, 2, 3):
    start_from(before)
    with kept():
        evaluation = Actor(lambda: shared(Share(1, None)))
        evaluation.go_on()
        evaluation.do(lambda: threadpool_limits(2))
        threadpool_limits(3)
        evaluation.go_on()
    print(there() == before)
"""

    assert mistakes(program, tmp_path) == "True\n" * 3


@pytest.mark.slow
def test_a_forked_child_has_the_limits_without_us(tmp_path: Path) -> None:
    program = """
import os, sys
start_from(3)
ours = Actor(limited)
ours.go_on()
child = os.fork()
if not child:
    with libraries.limit(limits=2):
        inside = there()
    os._exit(0 if (inside, there()) == (2, 3) else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
ours.go_on()
print(there())
"""

    assert mistakes(program, tmp_path) == "0\n3\n"
