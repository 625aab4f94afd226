"""What a collector of traces may be, and what may be sent to it as a header."""

import sys

import pytest

from chartero.deployment import collectors


@pytest.mark.parametrize(
    ("endpoint", "exposed"),
    [
        ("http://127.0.0.1:4318", False),
        ("http://[::1]:4318", False),
        ("http://localhost:4318", False),
        ("http://10.20.0.5", False),
        ("http://[fd00::5]/tenant", False),
        ("http://otel-collector:4318", False),
        ("https://otlp.example.com", False),
        ("https://198.51.100.7", False),
        ("http://otlp.example.com", True),
        ("http://8.8.8.8:4318", True),
        ("http://[2606:4700::1]", True),
        ("http://localhost.example.com", True),
    ],
)
def test_plain_http_stays_in_a_private_network(endpoint, exposed):
    assert collectors.is_exposed(endpoint) == exposed


@pytest.mark.parametrize(
    ("headers", "sound"),
    [
        ({}, True),
        ({"Authorization": "Bearer abc==", "x-tenant": "a"}, True),
        ({"": "a"}, False),
        ({"X": ""}, False),
        ({"X Y": "a"}, False),
        ({"X:": "a"}, False),
        ({"X\r\nY": "a"}, False),
        ({"X": "a\r\nY: b"}, False),
        ({"X": "a\n"}, False),
        ({"X": " a"}, False),
        ({"X": "é"}, False),
        ({"X": 1}, False),
        ({"X": None}, False),
        ({"Host": "elsewhere"}, False),
        ({"content-length": "1"}, False),
        ({"Transfer-Encoding": "chunked"}, False),
    ],
)
def test_headers_are_names_and_values_that_http_accepts(headers, sound):
    assert collectors.are_headers(headers) == sound


def test_a_package_that_is_not_there_is_missed(monkeypatch):
    monkeypatch.delitem(sys.modules, "opentelemetry.proto", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    assert not collectors.is_installed()
