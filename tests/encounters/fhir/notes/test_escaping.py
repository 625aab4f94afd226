"""Text that looks like markdown stays text; links only lead somewhere."""

from html import escape

import pytest

from encounters.fhir.notes import from_html


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<script>alert(1)</script>", "&lt;script>alert(1)&lt;/script>"),
        ("<!-- a --> <?a?> </a>", "&lt;!-- a --> &lt;?a?> &lt;/a>"),
        ("<https://example.org> <a@example.org>", "&lt;https://example.org> &lt;a@example.org>"),
        ("<javascript:alert(1)>", "&lt;javascript:alert(1)>"),
        ("[x](javascript:alert(1))", r"\[x\](javascript:alert(1))"),
        ("[x]: javascript:alert(1)", r"\[x\]: javascript:alert(1)"),
        ("![x](https://example.org/x.png)", r"!\[x\](https://example.org/x.png)"),
        ("&lt;b&gt; &#60;b&#62; &copy;", "&amp;lt;b&amp;gt; &amp;#60;b&amp;#62; &amp;copy;"),
        ("R&D, 5 < 6 > 4", "R&D, 5 < 6 > 4"),
        ("*a* **a** _a_ __a__", r"\*a\* \*\*a\*\* \_a\_ \_\_a\_\_"),
        ("`a` ```a```", r"\`a\` \`\`\`a\`\`\`"),
        ("~~a~~ ~a~ ~5 mg", r"\~\~a\~\~ \~a\~ ~5 mg"),
        ("a\\", "a\\\\"),
        ("{=html} {: onclick=x}", r"\{=html} \{: onclick=x}"),
        ("# a", r"\# a"),
        ("#1", r"\#1"),
        ("> a", r"&gt; a"),
        ("- a", r"\- a"),
        ("+ a", r"\+ a"),
        ("-5 +5", "-5 +5"),
        ("* a", r"\* a"),
        ("1. a", r"1\. a"),
        ("12) a", r"12\) a"),
        ("1.5 mg", "1.5 mg"),
        ("---", r"\---"),
        ("===", r"\==="),
        ("***", r"\*\*\*"),
        ("~~~", r"\~\~\~"),
        ("    a", "a"),
        ("|---|---|", r"\|---|---|"),
        (":-- | --:", r"\:-- | --:"),
        ("a\n# b", "a # b"),
        ("a\u2028# b\x85# c\x0b# d", "a # b # c # d"),
    ],
)
def test_text_stays_text(text, expected):
    assert from_html(f"<p>{escape(text)}</p>") == expected


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("a<br># b<br>- c<br>> d", "a  \n\\# b  \n\\- c  \n&gt; d"),
        ("<ul><li>- a<li>1. b</ul>", "- \\- a\n- 1\\. b"),
        ("<blockquote># a</blockquote>", "> \\# a"),
        ("<h2># a #</h2>", "## # a \\#"),
        ("<table><tr><td>a | b<td>- c</table>", "|  |  |\n| --- | --- |\n| a \\| b | \\- c |"),
        ("<b>*a*</b>", r"**\*a\***"),
        ("&<span>lt;b></span>", "&amp;lt;b>"),
        ("&lt;<span>b></span>", "&lt;b>"),
        ("&lt<span>script></span>", "&lt;script>"),
        ("<img alt='[x](javascript:y)'>", r"\[x\](javascript:y)"),
        ("<input value='<b>'>", "&lt;b>"),
        ("<pre>a\n&lt;script&gt;\n```\n~~~</pre>", "````\na\n<script>\n```\n~~~\n````"),
        ("<ul><li><pre>```\n# a</pre></ul>", "- ````\n  ```\n  # a\n  ````"),
        ("<code>&lt;script&gt;`</code>", "&lt;script>\\`"),
    ],
)
def test_text_stays_text_wherever_it_is(html, expected):
    assert from_html(html) == expected


@pytest.mark.parametrize(
    ("url", "destination"),
    [
        ("https://example.org/a_b?x=1&y=(2)", "https://example.org/a_b?x=1&amp;y=%282%29"),
        ("HTTP://example.org", "HTTP://example.org"),
        ("mailto:ina@example.org", "mailto:ina@example.org"),
        (" tel:+1-555 ", "tel:+1-555"),
        ("https://example.org/) <script>", "https://example.org/%29%3Cscript%3E"),
        ("https://example.org/a\\)b", "https://example.org/a%5C%29b"),
        ("https://example.org/ä%20\ud800", "https://example.org/%C3%A4%20?"),
    ],
)
def test_a_link_keeps_its_destination(url, destination):
    assert from_html(f'<a href="{escape(url)}">a</a>') == f"[a]({destination})"


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " java\nscript:alert(1)",
        "\x01javascript:alert(1)",
        "&#106;avascript:alert(1)",
        "javascript\\:alert(1)",
        "data:text/html,a",
        "vbscript:a",
        "file:///etc/passwd",
        "//example.org",
        "/a",
        "#a",
        "http://[",
        "",
    ],
)
def test_a_link_of_another_scheme_is_text(url):
    assert from_html(f'<a href="{escape(url)}">a</a>') == "a"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("Look!<a href='https://example.org'>a</a>", r"Look\![a](https://example.org)"),
        ("<a href='https://example.org'>](javascript:x)</a>", r"[\](javascript:x)](https://example.org)"),
        ("<a href='https://example.org'>a<br><br>b</a>", "[a b](https://example.org)"),
        ("<a href='https://example.org'><p>a</p></a>", "a"),
        ("<a href='https://example.org'> <img src=x></a>", ""),
        ("<a name=x>a</a>", "a"),
    ],
)
def test_text_in_or_around_a_link_can_not_change_it(html, expected):
    assert from_html(html) == expected
