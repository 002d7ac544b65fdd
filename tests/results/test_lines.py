"""What stands in a CSV file is read, or refused with its place; what is cut off is left out and named."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deephyper.results import read_csv

HEADER = "p:x,objective,job_id,job_status,m:note"
ROWS = ["0.5,1.0,0,DONE,a", "0.25,F_x,1,DONE,b", "0.75,,2,CANCELLED,", "1.0,2.0,3,DONE,d"]
TEXT = "\n".join([HEADER, *ROWS]) + "\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "results.csv"


def ids(path: Path) -> list[int]:
    return list(read_csv(path).job_id)


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace("\n", "\r").encode(),
        TEXT.rstrip("\n").encode(),
        TEXT.replace("\n", "\n\n").encode(),
        TEXT.replace(",", '","').replace("\n", '"\n"').join(['"', '"']).removesuffix('""').encode(),
        TEXT.replace(",a\n", ',"a\nb, ""c"""\n').encode(),
        TEXT.replace(",b\n", ',in the "middle\n').encode(),
        TEXT.replace(",b\n", ",\x00\n").encode(),
    ],
    ids=["plain", "mark", "crlf", "cr", "open end", "blank lines", "quoted", "line in a cell", "quote inside", "zero"],
)
def test_whole_files_are_read(path: Path, data: bytes, caplog: pytest.LogCaptureFixture) -> None:
    path.write_bytes(data)

    found = read_csv(path)

    assert list(found.columns) == HEADER.split(",")
    assert found.job_id.tolist() == [0, 1, 2, 3] and found.objective.max() == 2.0
    assert not caplog.records


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "must hold the table of a search, and is empty"),
        (b"\n \n", "and is empty"),
        (b"\0" * 100, "and is empty"),
        (TEXT.encode("utf-16"), "must be encoded in UTF-8, and is in UTF-16; save it as UTF-8"),
        (TEXT.encode("utf-16-be"), "must be encoded in UTF-8, and holds zero bytes as UTF-16 does"),
        (TEXT.encode("utf-32"), "is in UTF-32"),
        (
            TEXT.replace(",b", ",Größe").encode("latin-1"),
            r"results.csv, row 3: it must be encoded in UTF-8.* 0xf6 at place",
        ),
        (TEXT.replace(",", ";").encode(), "must have commas between its cells, and has semicolons"),
        (TEXT.replace(",", "\t").encode(), "must have commas between its cells, and has tabs"),
        (gzip.compress(TEXT.encode()), "is a file of gzip; unpack"),
        (b"PK\x03\x04rest", "is a file of zip or Excel"),
        (TEXT.replace("m:note", "p:x").encode(), "'p:x' stands there twice"),
        (TEXT.replace(",1,DONE,b", ",1,DONE").encode(), "row 3: a row must have 5 cells like the first one, got 4"),
        (TEXT.replace(",1,DONE,b", ",1,DONE,b,c").encode(), "row 3: a row must have 5 cells like the first one, got 6"),
        (TEXT.replace(",d\n", "\n").encode(), "row 5: a row must have 5 cells like the first one, got 4"),
        (TEXT.replace("a\n", '"a\n\n\n"\n').replace(",1,", ",x,").encode(), "row 6: column 'job_id' cannot hold 'x'"),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "",
)
def test_what_is_no_such_file_is_refused_in_one_sentence(path: Path, data: bytes, message: str) -> None:
    path.write_bytes(data)

    with pytest.raises(ValueError, match=message) as caught:
        read_csv(path)

    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_a_folder_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"must be a CSV file, and is a folder; pass the file in it"):
        read_csv(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"nothing\.csv must be a CSV file, and there is none of that name"):
        read_csv(tmp_path / "nothing.csv")


@pytest.mark.parametrize(
    ("text", "kept", "message"),
    [
        (TEXT[: TEXT.index("DONE,d")], [0, 1, 2], "row 5 was cut off"),
        (TEXT.replace(",d\n", ',"d'), [0, 1, 2], "row 5 was cut off"),
        (TEXT.replace(",d\n", ',"d\ntwo, three\nfour'), [0, 1, 2], "row 5 was cut off"),
        (TEXT.replace(",a\n", ',"a\n'), [1, 2, 3], "row 2 has a quote that never ends"),
        (TEXT.replace("0.25", '"0.25'), [0, 2, 3], "row 3 has a quote that never ends"),
        (TEXT.replace("0.5", '"0.5').replace("0.75", '"0.75\n\n'), [0, 1, 2, 3], ""),
        (TEXT + "\0" * 4096, [0, 1, 2, 3], "zero bytes at its end"),
        (TEXT[:-2] + "ä\n".encode().decode("latin-1")[:1], [0, 1, 2, 3], ""),
    ],
)
def test_the_rows_that_are_whole_are_kept_and_a_warning_says_what_is_not(
    path: Path, text: str, kept: list[int], message: str, caplog: pytest.LogCaptureFixture
) -> None:
    path.write_text(text, encoding="utf-8")

    if text.count('"') == 2:
        with pytest.raises(ValueError, match=r"row 2: a row must have 5 cells"):
            ids(path)
        return
    assert ids(path) == kept
    assert [record.message for record in caplog.records if message] == (
        [f"read_csv: {path}: left out: {caplog.records[0].message.split('left out: ')[1]}"] if message else []
    )
    assert message in caplog.text


def test_a_letter_that_was_cut_in_two_belongs_to_a_row_that_was_cut_off(path: Path) -> None:
    path.write_bytes(TEXT.encode() + "0.1,1.0,4,DONE,é".encode()[:-1])

    assert ids(path) == [0, 1, 2, 3, 4]
    assert read_csv(path)["m:note"].tolist()[-1] != "é"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(end=st.integers(0, 10**6), notes=st.lists(st.text(max_size=12), min_size=3, max_size=6))
def test_wherever_a_file_is_cut_off_all_rows_before_are_kept(tmp_path: Path, end: int, notes: list[str]) -> None:
    path = tmp_path / "cut.csv"
    text, ends = io.StringIO(newline=""), []
    writer = csv.writer(text)
    writer.writerow(HEADER.split(","))
    for i, note in enumerate(notes):
        writer.writerow([0.5, 1.0, i, "DONE", "".join(c for c in note if not 0xD800 <= ord(c) < 0xE000)])
        ends.append(len(text.getvalue().encode()))
    data = text.getvalue().encode()
    first = len(HEADER) + 2
    end = first + end % (len(data) - first)
    path.write_bytes(data[:end])

    found: Any = read_csv(path)

    n_whole = sum(place <= end for place in ends)
    assert found.job_id.tolist()[:n_whole] == list(range(n_whole))
    assert len(found) in (n_whole, n_whole + 1)
