import csv
import io

import pytest

from partners.formats import sheets


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def test_a_sheet_is_rfc_4180():
    rows = [["a", 'say "b"', "c,d"], ["e\nf", "", None], [" g", "–", "漢"]]
    text = "".join(sheets.lines(["one", "two", "three"], rows))
    assert text.startswith("one,two,three\r\n")
    assert text.count("\r\n") == 4
    assert read(text)[1:] == [["a", 'say "b"', "c,d"], ["e\nf", "", ""], [" g", "–", "漢"]]


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "  =1", "＝1", "＋1", "－1", "＠1", "=cmd|' /C calc'!A0"]
)
def test_what_would_begin_a_formula_is_made_harmless(cell):
    assert sheets.harmless(cell) == f"'{cell}"
    assert read("".join(sheets.lines(["x"], [[cell]])))[1] == [f"'{cell}"]


@pytest.mark.parametrize(
    ("cell", "harmless"),
    [
        ("a;=1+cmd|' /C calc'!A0", "a;'=1+cmd|' /C calc'!A0"),
        ("a;;+1;  -1", "a;;'+1;'  -1"),
        ('a;"=1"', 'a;\'"=1"'),
        ("a|@SUM(A1)", "a|'@SUM(A1)"),
        ("a\n=1", "a\n'=1"),
        ("\t=1", "'\t'=1"),
        ("Treatment; payment - all", "Treatment; payment - all"),
    ],
)
def test_nor_does_one_begin_where_another_program_splits_the_cell(cell, harmless):
    assert sheets.harmless(cell) == harmless


@pytest.mark.parametrize("separator", [";", "|", "\t"])
@pytest.mark.parametrize("before", ["a", 'say "b', 'a"', ""])
@pytest.mark.parametrize("between", ["", " ", '"', '""', ' "'])
def test_no_cell_is_a_formula_whatever_separates(separator, before, between):
    text = "".join(sheets.lines(["x", "y"], [["first", f"{before}{separator}{between}=1+1{separator}z"]]))
    cells = [cell for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) for cell in row]
    assert "=1+1" in "".join(cells)
    assert not any(cell.strip(' "').startswith("=") for cell in cells)


@pytest.mark.parametrize("cell", ["", "a=1", "Treatment", "2026-05-25", "'", "pat_1", "–1"])
def test_other_text_stays_as_it_is(cell):
    assert sheets.harmless(cell) == cell
