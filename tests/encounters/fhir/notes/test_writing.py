import pytest

from encounters.fhir.notes import from_html, writing

GRID = "|  |  |\n| --- | --- |\n"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>a</p><div>b<div>c</div>d</div>e", "a\n\nb\n\nc\n\nd\n\ne"),
        ("a<br>b<br><br>c", "a  \nb\n\nc"),
        ("a <b> b </b>c <i>d</i> <del>e</del>", "a **b** c *d* ~~e~~"),
        ("<b>a<br><br>b</b>", "**a**\n\n**b**"),
        ("<b>a<strong>b</strong><i>c</i></b>", "**ab*c***"),
        ("<b> </b><i></i>a", "a"),
        ("<b>a<p>b</p>c</b>", "a\n\nb\n\nc"),
        ("a<hr>b", "a\n\n---\n\nb"),
        ("<h1>a</h1><h6>b<br>c</h6>", "# a\n\n###### b c"),
        ("<h3>a<p>b</p><table><tr><td>c</table></h3>", "### a\n\nb\n\nc"),
        ("<h2><ul><li>a</ul></h2><h2></h2>", "- a"),
        ("<blockquote>a<p>b</p><blockquote>c</blockquote></blockquote>", "> a\n>\n> b\n>\n> > c"),
        ("<blockquote></blockquote>a", "a"),
        ("<p>&nbsp;</p><p>a&nbsp;</p>", "a"),
        ("<select><option>a<option>b</select> <textarea>c</textarea>", "a\n\nb\n\nc"),
        ("a<img src=x alt=b>c", "a b c"),
        ("<input type=TEXT value=a><input type=checkbox value=b>", "a"),
    ],
)
def test_blocks_and_lines(html, expected):
    assert from_html(html) == expected


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<ul><li>a</li> <li>b</ul>", "- a\n- b"),
        ("<ol start=7><li>a<li><li>b</ol>", "7. a\n9. b"),
        ("<ol start=x><li>a</ol>", "1. a"),
        ("<ul><li>a<ul><li>b<ol><li>c</ol></ul><li>d</ul>", "- a\n  - b\n    1. c\n- d"),
        ("<ul><li><p>a</p><p>b</p><li>c</ul>", "- a\n\n  b\n- c"),
        ("<p>a</p><ul>b<li>c</ul><ul></ul><p>d</p>", "a\n\nb\n- c\n\nd"),
        ("<li>a", "- a"),
    ],
)
def test_lists(html, expected):
    assert from_html(html) == expected


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<tr><td>a<td>b<tr><td>c<td>d", GRID + "| a | b |\n| c | d |"),
        ("<tr><th>a<th>b<tr><td>c<td>d", "| a | b |\n| --- | --- |\n| c | d |"),
        ("<tr><td colspan=2>a<tr><td>b<td>c", GRID + "| a |  |\n| b | c |"),
        ("<tr><td>a<tr></tr><tr><td>b<td>", GRID + "| a |\n| b |  |"),
        ("<caption>a</caption><tr><td>b<td>c", "a\n\n" + GRID + "| b | c |"),
        ("<tr><td>a<br>b<td><p>c</p><p>d</p>", GRID + "| a b | c d |"),
        ("<tr><td>a<td><ul><li>b<li>c</ul>", GRID + "| a | - b - c |"),
        ("<tr><td>a<table><tr><td>b</table><td>c", GRID + "| a b | c |"),
        ("<tr><td>a<tr><td>b", "a\n\nb"),
        ("<tr><td><h2>a</h2>b<td>c", "## a\n\nb\n\nc"),
        ("<tr><td>a<td><ul><li><pre>b</pre></ul>", "a\n\n- ```\n  b\n  ```"),
        ("<tr><td>a<td><table><tr><td>b<td>c</table>", "a\n\n" + GRID + "| b | c |"),
    ],
)
def test_a_table_becomes_a_table_unless_it_is_layout(html, expected):
    assert from_html(f"<table>{html}</table>") == expected


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<pre>\n BP   120\n\n HR    72\n</pre>a", "```\n BP   120\n\n HR    72\n```\n\na"),
        ("<pre>a<b>b</b><br>c<div>d</div><div>e</div><hr>f</pre>", "```\nab\nc\nd\ne\n\nf\n```"),
        ("<pre><ul><li>a<li>b</ul><a href=https://example.org>c</a></pre>", "```\na\nb\nc\n```"),
        ("<xmp><b></xmp>", "```\n<b>\n```"),
        ("<pre> \n</pre>a", "a"),
        ("<div style='white-space: pre-wrap'>a\n- b\n\nc</div>d\ne", "a  \n\\- b\n\nc\n\nd e"),
    ],
)
def test_line_breaks_are_kept_where_html_keeps_them(html, expected):
    assert from_html(html) == expected


@pytest.mark.parametrize(("span", "columns"), [("0", 1), ("x", 1), ("3", 3), ("1000", writing.frames.MOST_COLUMNS)])
def test_a_cell_spans_at_most_the_allowed_columns(span, columns):
    text = from_html(f"<table><tr><td colspan={span}>a<td>b</table>")
    assert text.split("\n")[2] == "| a " + "|  " * (columns - 1) + "| b |"


@pytest.mark.parametrize("tag", ["ul><li", "blockquote", "table><tr><td", "ol><li"])
def test_deeply_nested_content_is_kept_without_more_indentation(tag):
    text = from_html(f"<{tag}>a" * 1000)
    assert text.count("a") == 1000
    assert max(map(len, text.split("\n"))) < writing.DEEPEST * 4
