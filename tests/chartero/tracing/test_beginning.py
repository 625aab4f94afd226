"""Which calls are traced, and in which trace: nobody but a trusted proxy decides."""

from collections import Counter

import pytest
from django.test import RequestFactory

from chartero.tracing import beginning

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
VALID = f"00-{TRACE}-{SPAN}-01"


@pytest.mark.parametrize(
    ("text", "sampled"),
    [
        (VALID, True),
        (f"00-{TRACE}-{SPAN}-00", False),
        (f"00-{TRACE}-{SPAN}-03", True),
        (f"00-{TRACE}-{SPAN}-fe", False),
        (f"01-{TRACE}-{SPAN}-01", True),
        (f"cc-{TRACE}-{SPAN}-01-what-the-future-will-be-like", True),
    ],
)
def test_a_parent_is_read(text, sampled):
    assert beginning.parent(text) == (bytes.fromhex(TRACE), bytes.fromhex(SPAN), sampled)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "00",
        f"{VALID}-x",
        f"{VALID}0",
        f" {VALID}",
        f"{VALID}\n",
        f"{VALID},{VALID}",
        f"cc-{TRACE}-{SPAN}-01x",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE[1:]}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-1",
        f"00_{TRACE}_{SPAN}_01",
        f"٠٠-{TRACE}-{SPAN}-01",
    ],
)
def test_what_isnt_valid_is_no_parent(text):
    assert beginning.parent(text) is None


def begun(header, *, proxy, believed, settings):
    settings.BEHIND_PROXY, settings.OTLP_TRACEPARENT = proxy, believed
    return beginning.of_settings()(RequestFactory().get("/external/v1/key", headers={"traceparent": header}))


@pytest.mark.parametrize(("proxy", "believed"), [(True, False), (False, True), (False, False)])
def test_a_header_of_somebody_else_is_not_read(settings, proxy, believed):
    for header in (VALID, f"00-{TRACE}-{SPAN}-00"):
        call = begun(header, proxy=proxy, believed=believed, settings=settings)
        assert (len(call.trace_id), call.trace_id.hex() == TRACE, call.parent_id) == (16, False, b"")


def test_a_trusted_proxy_names_the_trace_and_decides_if_it_is_recorded(settings):
    trusted = {"proxy": True, "believed": True, "settings": settings}
    call = begun(VALID, **trusted)
    assert (call.trace_id.hex(), call.parent_id.hex()) == (TRACE, SPAN)
    assert begun(f"00-{TRACE}-{SPAN}-00", **trusted) is None
    assert begun("broken", **trusted).parent_id == b""


@pytest.mark.parametrize("percent", [1, 30, 100])
def test_a_share_of_the_calls_is_traced(settings, percent):
    settings.OTLP_PERCENT = percent
    begin = beginning.of_settings()
    found = Counter(begin(RequestFactory().get("/")) is not None for _ in range(4000))
    assert abs(found[True] / 40 - percent) < 4
    assert (found[False] == 0) == (percent == 100)
