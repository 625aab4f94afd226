"""What a URL of an endpoint says. What it may not say is in `tests/partners/webhooks/test_guard.py`."""

from ipaddress import ip_address

import pytest

from partners.formats import endpoint_urls
from partners.formats.endpoint_urls import Malformed, Site

NAME = "hooks.example.com"


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("HTTPS://Hooks.example.com", Site(NAME, 443, "/", None)),
        ("https://hooks.example.com:8443/a/b?c=%2Fd", Site(NAME, 8443, "/a/b?c=%2Fd", None)),
        ("https://hooks.example.com?c=d", Site(NAME, 443, "/?c=d", None)),
        ("https://198.41.0.4:65535/", Site("198.41.0.4", 65535, "/", ip_address("198.41.0.4"))),
        ("https://[2001:db8::9]/", Site("2001:db8::9", 443, "/", ip_address("2001:db8::9"))),
    ],
)
def test_the_parts_of_a_url_are_read(url, site):
    assert endpoint_urls.read(url) == site


@pytest.mark.parametrize(
    "url", ["HttpS://Hooks.example.com/In?to=HTTPS://", " https://Hooks.example.com/In?to=HTTPS://\n"]
)
def test_a_url_is_kept_with_its_scheme_in_lower_case(url):
    assert endpoint_urls.kept(url) == "https://Hooks.example.com/In?to=HTTPS://"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("HTTP://hooks.example.com/", "Write an https URL"),
        ("https://hooks.example.com:65536/", "A port is a number"),
        ("https://hooks.example.com./", "host name is not valid"),
        ("https://127.1/", "usual form"),
        ("https://hooks.example.com/" + "a" * 500, "longer than 500"),
    ],
)
def test_a_malformed_url_is_refused_with_what_is_wrong(url, words):
    with pytest.raises(Malformed, match=words):
        endpoint_urls.read(url)
