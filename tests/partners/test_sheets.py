import csv
import io

import pytest

from partners import sheets


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def test_a_sheet_is_rfc_4180():
    rows = [["a", 'say "b"', "c,d"], ["e\nf", "", None], [" g", "–", "漢"]]
    text = "".join(sheets.lines(["one", "two", "three"], rows))
    assert text.startswith("one,two,three\r\n")
    assert text.count("\r\n") == 4
    assert read(text)[1:] == [["a", 'say "b"', "c,d"], ["e\nf", "", ""], [" g", "–", "漢"]]


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1", "＋1", "－1", "＠1", "=cmd|' /C calc'!A0"]
)
def test_what_would_begin_a_formula_is_made_harmless(cell):
    assert sheets.harmless(cell) == f"'{cell}"
    assert read("".join(sheets.lines(["x"], [[cell]])))[1] == [f"'{cell}"]


@pytest.mark.parametrize("cell", ["", "a=1", "Treatment", "2026-05-25", "'", "pat_1", "–1"])
def test_other_text_stays_as_it_is(cell):
    assert sheets.harmless(cell) == cell
