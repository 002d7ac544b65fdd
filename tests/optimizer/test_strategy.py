"""Each strategy chooses the suggestions of one call in its own way."""

import numpy as np
import pytest

from deephyper.optimizer import STRATEGIES
from deephyper.optimizer.strategy import Choice, n_negligible
from deephyper.optimizer.thrift import THRIFTS, Thrift


class Recorder:
    """Notes what a strategy asks for."""

    def __init__(self, n_pending=0, can_share=True, thrift=THRIFTS[0]):
        self.n_pending, self.can_share, self.thrift, self.calls = n_pending, can_share, thrift, []

    def __getattr__(self, way):
        return lambda n: self.calls.append((way, n)) or Choice(np.zeros((n, 1)))


@pytest.mark.parametrize(
    ("name", "n", "call"),
    [
        ("auto", 3, ("best", 1)),
        ("auto", 5, ("sharing", 5)),
        ("auto", 100, ("sharing", 8)),
        ("cl_min", 5, ("best", 1)),
        ("topk", 5, ("best", 5)),
        ("boltzmann", 5, ("drawn", 5)),
        ("qUCB", 5, ("best", 1)),
    ],
)
def test_suggestions_of_one_call(name, n, call):
    chooser = Recorder()

    choice = STRATEGIES[name].choose(chooser, n)

    assert chooser.calls == [call]
    assert len(choice.rows) == call[1]


def test_where_something_has_to_be_saved_fewer_share_already_and_more_at_a_time():
    two, many = (Recorder(thrift=Thrift(fewest_shared=2, block=32)) for _ in range(2))

    STRATEGIES["auto"].choose(two, 2)
    STRATEGIES["auto"].choose(many, 100)

    assert (two.calls, many.calls) == ([("sharing", 2)], [("sharing", 32)])


def test_more_suggestions_share_where_very_many_rows_are_open():
    crowded, alone = Recorder(n_pending=64 * 12), Recorder(can_share=False)

    STRATEGIES["auto"].choose(crowded, 100)
    STRATEGIES["auto"].choose(alone, 100)

    assert n_negligible(64 * 12) == 12
    assert (crowded.calls, alone.calls) == ([("sharing", 12)], [("best", 1)])


def test_what_options_ask_of_a_strategy():
    assert {name for name, s in STRATEGIES.items() if s.takes_several_of_one_score} == {"topk", "boltzmann"}
    assert {name for name, s in STRATEGIES.items() if s.needs_different_kappas} == {"qUCB", "qUCBd"}
    assert {name: s.acquisition for name, s in STRATEGIES.items() if s.acquisition} == {"qUCB": "UCB", "qUCBd": "UCBd"}
