"""Files as spreadsheets write them, and each way in which one can be wrong."""

import json

import pytest
from django.core.exceptions import ValidationError

from partners.management.moving.columns import Column
from partners.management.moving.faults import Fault
from partners.management.moving.reading import rows_in
from tests.partners.support.spreadsheet import HEADINGS, LAKESIDE, saved

TOKEN = "ch_sk_" + "a1B2" * 15


def faults(*lines: str, folder, headings: str = HEADINGS) -> list[tuple]:
    _, found = rows_in(saved(folder, *lines, headings=headings))
    return [(fault.line, fault.column, fault.message) for fault in found]


def read(folder, content: bytes) -> list:
    path = folder / "partners.csv"
    path.write_bytes(content)
    rows, found = rows_in(str(path))
    assert found == []
    return [(row.line, row.texts[Column.ORGANIZATION], row.texts[Column.LABEL]) for row in rows]


def unread(folder, content: bytes) -> str:
    with pytest.raises(ValidationError) as refusal:
        read(folder, content)
    return refusal.value.message


ROWS = [(2, "Lakeside, Imaging", "Viewer"), (3, "Hillside", "Élan")]
TABLE = 'Organization,Label\r\n"Lakeside, Imaging",Viewer\r\nHillside,Élan\r\n'


@pytest.mark.parametrize(
    "text",
    [
        TABLE,
        TABLE.replace("\r\n", "\n"),
        TABLE.replace("\r\n", "\r"),
        "\ufeff" + TABLE,
        TABLE.rstrip(),
        'Organization;Label\r\n"Lakeside, Imaging";Viewer\r\nHillside;Élan\r\n',
        'Organization\tLabel\r\n"Lakeside, Imaging"\tViewer\r\nHillside\tÉlan\r\n',
        'Organization;Label\r"Lakeside, Imaging";Viewer\rHillside;Élan\r;\r',
        'ORGANIZATION ,label,,\r\n"Lakeside,\u00a0 Imaging", Viewer,,\r\nHillside,E\u0301lan,,\r\n,,,\r\n,,,\r\n',
    ],
    ids=["commas", "lf", "cr", "bom", "no-last-end", "semicolons", "tabs", "cr-semicolons", "blanks"],
)
def test_what_spreadsheets_write_is_read(tmp_path, text):
    assert read(tmp_path, text.encode()) == ROWS


def test_the_separator_may_be_declared(tmp_path):
    rows = read(tmp_path, b"sep=;\r\nOrganization;Label\r\nLakeside;Viewer\r\n")
    assert rows == [(3, "Lakeside", "Viewer")]


@pytest.mark.parametrize("first", ["sep=", "sep=|", "", "  ", '"";""'])
def test_the_headings_show_the_separator_otherwise(tmp_path, first):
    rows = read(tmp_path, f"{first}\nOrganization;Label\nLakeside;Viewer\n".encode())
    assert rows == [(3, "Lakeside", "Viewer")]


def test_commas_in_the_rows_are_no_separators(tmp_path):
    rows = read(tmp_path, b"Organization;Label;Tags\rLakeside;Viewer;a,b,c,d,e\r")
    assert rows == [(2, "Lakeside", "Viewer")]


def test_a_line_is_counted_as_an_editor_does(tmp_path):
    rows = read(tmp_path, b"Organization,Label,Note\n\nLakeside,Viewer,\nHillside,Viewer,\n")
    assert [line for line, _, _ in rows] == [3, 4]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "The file has no rows."),
        (b"Organization,Label\r\n,\r\n", "The file has no rows."),
        (TABLE.encode("cp1252"), "Line 3 is not UTF-8. Save the file again as “CSV UTF-8”"),
        (TABLE.encode("utf-16"), "Line 1 is not UTF-8."),
        (b'Organization,Label\nLakeside,"Viewer" x\n', "The row that begins in line 2 can't be read as CSV."),
        (b'Organization,Label\nLakeside,"Viewer\n', "The row that begins in line 2 can't be read as CSV."),
    ],
    ids=["empty", "headings-only", "cp1252", "utf-16", "after-quotes", "open-quotes"],
)
def test_what_is_no_table_is_refused(tmp_path, content, message):
    assert unread(tmp_path, content).startswith(message)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ValidationError, match=r"can't be read: No such file"):
        rows_in(str(tmp_path / "none.csv"))


@pytest.mark.parametrize(
    ("headings", "column", "message"),
    [
        ("Organization,Phone", "Phone", "There is no such column."),
        ("Organization,Label,label", "Label", "This column is there twice."),
        ("Label", "Organization", "This column is missing."),
    ],
)
def test_headings_are_checked(tmp_path, headings, column, message):
    ((line, named, told),) = faults("Viewer", folder=tmp_path, headings=headings)
    assert (line, named) == (1, column)
    assert told.startswith(message)


@pytest.mark.parametrize("headings", ["Organization,Label", "Organization,Label,"])
def test_a_cell_without_a_heading_is_no_cell(tmp_path, headings):
    ((line, _, message),) = faults("Lakeside,Viewer,Imaging", folder=tmp_path, headings=headings)
    assert line == 2
    assert message.startswith("This cell has no heading above it.")


WRONG = {
    "Organization": "Lake\u200bside",
    "Contact": "x" * 201,
    "E-mail": "nobody",
    "Purpose": "x" * 201,
    "Routes": "encounters key.read",
    "Limit": "1,000",
    "Names": "maybe",
    "Owner": "x" * 201,
    "Note": "x" * 2_001,
    "Tags": "!",
    "Label": "x" * 201,
    "Scopes": "encounters:write",
    "Expires": "25/05/2027",
}


def test_each_wrong_cell_is_named(tmp_path):
    found = faults(",".join(f'"{value}"' for value in WRONG.values()), folder=tmp_path, headings=",".join(WRONG))
    assert [(line, column) for line, column, _ in found] == [(2, column) for column in WRONG]


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("Routes", "key.read", "There is no “key.read”. Enter one or more of: all, encounters,"),
        ("Scopes", "notes", "There is no scope “notes”. Enter one or more of: encounters:read,"),
        ("Limit", "0", "Ensure this value is greater than or equal to 1."),
        ("Limit", "12.5", "Enter calls a minute as a whole number"),
        ("Limit", "9" * 5000, "Enter calls a minute as a whole number"),
        ("Names", "maybe", "Enter yes or no."),
        ("Expires", "25.05.2027", "Enter an expiry as 90d, as a date"),
        ("Expires", "2020-01-01", "The expiry must be in the future"),
        ("Expires", "0d", "The expiry must be in the future"),
        ("Expires", "0h", "The expiry must be in the future"),
        ("Routes", ",", "Enter at least one, or leave the cell blank."),
        ("Scopes", ";,", "Enter at least one, or leave the cell blank."),
        ("Owner", "two\nlines", "Use a single line without control characters."),
        ("Purpose", "NUL\0", "Use a single line without control characters."),
    ],
)
def test_a_wrong_cell_says_what_to_do(tmp_path, column, value, message):
    ((line, named, told),) = faults(f'Lakeside,"{value}"', folder=tmp_path, headings=f"Organization,{column}")
    assert (line, named) == (2, column)
    assert told.startswith(message)


def test_a_token_is_refused_and_never_shown(tmp_path):
    _, (fault,) = rows_in(saved(tmp_path, f"Lakeside,,,,,{TOKEN}"))
    assert "This contains a token." in fault.message
    assert fault.facts["value"] == f"{TOKEN[:18]}…"


def test_a_token_without_a_heading_is_never_shown(tmp_path):
    _, found = rows_in(saved(tmp_path, "Hillside,Viewer", headings=f"Lakeside,{TOKEN}"))
    assert TOKEN[18:] not in json.dumps([fault.facts for fault in found])
    assert "rotate that key" in found[1].message
    assert found[1].facts["column"] == f"{TOKEN[:18]}…"


@pytest.mark.parametrize("column", ["Routes", "Scopes"])
@pytest.mark.parametrize(("word", "quoted"), [(TOKEN[30:], "…"), ("not.one." * 10, f"{('not.one.' * 10)[:60]}…")])
def test_a_quoted_word_is_neither_a_secret_nor_long(tmp_path, column, word, quoted):
    _, (fault,) = rows_in(saved(tmp_path, f"Lakeside,{word}", headings=f"Organization,{column}"))
    assert f"“{quoted}”" in fault.message


def test_a_message_of_a_name_hides_a_token_too():
    assert Fault(2, "Contact", "", f"“{TOKEN}” contains letters").facts["message"].startswith(f"“{TOKEN[:18]}…”")


def test_a_long_value_is_cut(tmp_path):
    _, (fault,) = rows_in(saved(tmp_path, f"Lakeside,,{'no address ' * 20},,,"))
    assert len(fault.facts["value"]) == 61


@pytest.mark.parametrize(
    ("column", "text", "value"),
    [
        (Column.NAMES, "Yes", True),
        (Column.NAMES, "NO", False),
        (Column.LIMIT, "120", 120),
        (Column.TAGS, "Wave-1; wave-2", ["wave-1", "wave-2"]),
        (Column.SCOPES, "patients:read, Encounters:read", ["encounters:read", "patients:read"]),
        (Column.EXPIRES, "Never", {}),
    ],
)
def test_what_cells_mean(column, text, value):
    assert column.read(text) == value


def test_routes_have_names_and_presets():
    documents = Column.ROUTES.read("documents")
    assert {*documents} < {*Column.ROUTES.read("ALL")}
    assert Column.ROUTES.read("encounters.list") < documents


def test_a_longer_life_than_the_deployment_allows_is_refused(settings):
    settings.KEY_LONGEST_LIFETIME_DAYS = 365
    with pytest.raises(ValidationError, match="at most 365 days away"):
        Column.EXPIRES.read("400d")


def test_the_rows_of_a_file(tmp_path):
    (row,), _ = rows_in(saved(tmp_path, LAKESIDE))
    assert row.line == 2
    assert row.values[Column.EMAIL] == "ben@lakeside.example"
