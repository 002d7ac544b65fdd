"""The cell `m:replay` says what it was made of, and other texts say nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deephyper.hpo.notes import Note, notes_of
from deephyper.optimizer import Step

NUMBERS = st.lists(st.integers(0, 40) | st.integers(0, 2**64), max_size=12).map(tuple)
STEPS = st.lists(st.builds(Step, st.sampled_from(["told", "ask", "ready"]), NUMBERS), max_size=4).map(tuple)
COUNT = st.integers(0, 9999)


@given(st.builds(Note, COUNT, COUNT, COUNT, COUNT, COUNT, STEPS))
def test_a_note_is_read_as_it_was_written(note: Note) -> None:
    assert notes_of(str(note)) == [note]


def test_numbers_that_follow_each_other_are_written_as_the_first_and_the_last() -> None:
    note = Note(0, 23, 7, 2, 20, (Step("told", (3, 4, 5, 9, 8, 7, 1, 2)), Step("drop")))

    assert str(note) == "0/23/7/2/20 told 3-5 9 8 7 1 2 drop"


@pytest.mark.parametrize(
    "cell", [None, float("nan"), 3, "", "told 3", "0/1/2/3", "0/1/2/3/x", "0/1/2/3/4 4 told", "0/0/0/0/0 told 3x"]
)
def test_what_is_no_note_is_none(cell: object) -> None:
    assert notes_of(cell) == []
