"""Invalid HTML: its text is kept, whatever is wrong with it."""

import pytest

from encounters.fhir.notes import from_html


@pytest.mark.parametrize(
    "html",
    [
        "<html><head><title>Visit</title><body><p>Rest.</p></body></html>",
        "<html><head><meta charset=utf-8><p>Rest.</p></html>",
        "<title>Visit<p>Rest.</p>",
        "<title>Visit</title><p>Rest.</p><title>Visit",
        "<head><style>p {color: red}</head><body><p>Rest.</p>",
        "<style>p {}</style><p>Rest.</p><script>if (a < b) {}</p>",
        '<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE html><p>Rest.</p>',
        "<p>Rest.</p><?php words ?>",
        '<head><title/><script src="x.js"/><style />\n</head><p>Rest.</p>',
        "<svg/><p>Rest.</p>",
        "<b/><pre/><h1 /><p>Rest.</p>",
        "<script src='x.js'/><p>Rest.</p><script>unseen</script>",
        "<textarea rows='2'/><p>Rest.</p><textarea></textarea>",
        "<iframe/><p>Rest.</p>",
        "<object data='x.pdf'><p>Rest.</p></object>",
        "<noscript><p>Rest.</p></noscript>",
        "<frameset><noframes><body><p>Rest.</p></body></noframes></frameset>",
        "<!--><p>Rest.</p>",
        "<!---><p>Rest.</p>",
        "<p>Re<!-- x --!>st.</p>",
        "<p>Re<!-- x --->st.</p>",
        "<p>Re<![endif]>st.</p>",
        "<p>Re<![CDATA[st]]>.</p>",
        "<textarea>Rest.</textarea>",
        "<select><option>Rest.</select>",
        "<button>Rest.</button>",
        "<input value='Rest.'>",
        "<img src=x alt='Rest.'>",
        "<p>Rest.</p><template><p>unseen</template>",
        "<p>Rest.<input type=hidden value=unseen></p>",
        "<div><span>Rest.</div></span>",
        "<p title='a > b <c>'>Rest.</p>",
    ],
)
def test_visible_text_is_kept_and_invisible_text_is_dropped(html):
    assert from_html(html) == "Rest."


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>5 < 6 and 7 > 6", "5 < 6 and 7 > 6"),
        ("mail <ina@example.org>", "mail &lt;ina@example.org>"),
        ("see <https://example.org/a>", "see &lt;https://example.org/a>"),
        ("BP <normal and falling", "BP &lt;normal and falling"),
        ("a <b and c <i>d</i>", "a &lt;b and c *d*"),
        ("<a href=https://example.org/>b</a>", "[b](https://example.org/)"),
        ("<o:p>a</o:p><my-tag x='1'>b</my-tag>", "ab"),
        ("<![CDATA[5 < 6 & <b>]]>", "5 < 6 & &lt;b>"),
        ("<![CDATA[never closed", "never closed"),
    ],
)
def test_invalid_tags_are_text(html, expected):
    assert from_html(html) == expected


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>a<p>b", "a\n\nb"),
        ("<ul><li>a<li>b</ul>", "- a\n- b"),
        ("<table><tr><td>a<td>b<tr><td>c<td>d</table>", "|  |  |\n| --- | --- |\n| a | b |\n| c | d |"),
        ("<dl><dt>a<dd>b<dt>c<dd>d</dl>", "a\n\nb\n\nc\n\nd"),
    ],
)
def test_end_tags_are_optional(html, expected):
    assert from_html(html) == expected


def test_entities_are_read_once():
    html = "Rest &amp; fluids&nbsp;&#8211; 5&micro;g &#0; &#x80; &amp;lt;"
    assert from_html(html) == "Rest & fluids\xa0– 5µg \ufffd € &amp;lt;"
