import os
import subprocess
import sys
from ipaddress import ip_network

import pytest

from chartero.deployment.environment import Environment, UnreadableSetting
from tests.chartero.support.manage import ROOT, manage

SECRET = "Z9" * 4  # no word of any message


def read(kind, value, **bounds):
    return getattr(Environment({"CHARTERO_X": value}), kind)("CHARTERO_X", **bounds)


@pytest.mark.parametrize(
    ("kind", "value", "bounds"),
    [
        ("flag", "maybe", {"default": True}),
        ("flag", "2", {"default": True}),
        ("number", "abc", {"default": 1}),
        ("number", "-1", {"default": 1}),
        ("number", "1.0", {"default": 1}),
        ("number", "٥", {"default": 1}),
        ("number", "6", {"default": 1, "most": 5}),
        ("number", "1", {"default": 2, "least": 2}),
        ("number", "9" * 5000, {"default": 1}),
        ("choice", "some", {"choices": ("all", "none"), "default": "all"}),
        ("choice", "ALL", {"choices": ("all", "none"), "default": "all"}),
        ("ports", "https", {"default": (443,)}),
        ("ports", "443,0", {"default": (443,)}),
        ("ports", "99999", {"default": (443,)}),
        ("networks", "office", {}),
        ("networks", "10.20.0.1/16", {}),
        ("name", "Recordings", {"default": ""}),
        ("name", "a/b", {"default": ""}),
        ("name", "a.", {"default": ""}),
        ("name", "a" * 64, {"default": ""}),
        ("options", "{", {"default": {}}),
        ("options", "[]", {"default": {}}),
        ("base_url", "api.example.com", {}),
        ("base_url", "https://api.example.com/external", {}),
        ("base_url", f"https://user:{SECRET}@api.example.com", {}),
        ("base_url", "https://api.example.com:99999", {}),
        ("base_url", "ftp://api.example.com", {}),
        ("endpoint", "collector.example.com:4318", {}),
        ("endpoint", f"https://user:{SECRET}@collector.example.com", {}),
        ("endpoint", f"https://collector.example.com/?key={SECRET}", {}),
        ("endpoint", f"https://collector.example.com/#{SECRET}", {}),
        ("endpoint", "https://collector.example.com:99999", {}),
        ("endpoint", "https://collector.example.com/a b", {}),
        ("endpoint", "https://collector.example.com/a\r\nHost: b", {}),
        ("endpoint", "https://collector example.com", {}),
        ("endpoint", "grpc://collector.example.com:4317", {}),
        ("endpoint", "https://", {}),
        ("database", "foo", {"default": ""}),
        ("database", "mysql://u@h/n", {"default": ""}),
        ("database", "sqlite://host/file", {"default": ""}),
        ("database", f"postgres://u:{SECRET}@h:0/n", {"default": ""}),
        ("database", f"postgres://u:{SECRET}@h:99999/n", {"default": ""}),
        ("database", f"postgres://u:{SECRET}@h:port/n", {"default": ""}),
        ("database", f"postgres://u:{SECRET}@[::1/n", {"default": ""}),
        ("database", f"postgres://u:1/{SECRET}@h/n", {"default": ""}),
        ("database", f"postgres://u:1?{SECRET}@h/n", {"default": ""}),
        ("database", f"postgres://u:{SECRET}@h w/n", {"default": ""}),
        ("database", "postgres://h", {"default": ""}),
        ("database", f"postgres://u:{SECRET}@%2Frun%00/n", {"default": ""}),
        ("database", f"postgres://u:{SECRET}@%2Frun%0A/n", {"default": ""}),
        ("database", f"postgres://u:{SECRET}@%2Fr%E9/n", {"default": ""}),
        ("database", "sqlite:////srv/data.sqlite3?timeout=soon", {"default": ""}),
        ("database", "sqlite:////srv/data.sqlite3?timeout=inf", {"default": ""}),
        ("database", "sqlite:////srv/data.sqlite3?timeout=-1", {"default": ""}),
        ("database", "sqlite:////srv/data.sqlite3?timeouts=1", {"default": ""}),
        ("mail", "foo", {"default": ""}),
        ("mail", f"smtp+tls://AKIA:{SECRET}+cd/ef@h:587", {"default": ""}),
        ("mail", f"smtp+tls://u:12#{SECRET}@h", {"default": ""}),
        ("mail", f"smtp+tls://u:12?{SECRET}@h", {"default": ""}),
        ("mail", f"smtp://u:{SECRET}@h:0", {"default": ""}),
        ("mail", f"smtp://u:{SECRET}@[::1", {"default": ""}),
        ("mail", "smtp://:25", {"default": ""}),
        ("mail", f"imap://u:{SECRET}@h", {"default": ""}),
    ],
)
def test_what_cannot_be_read_is_named_and_not_quoted(kind, value, bounds):
    with pytest.raises(UnreadableSetting, match=r"^The setting CHARTERO_X can't be read. Write ") as raised:
        read(kind, value, **bounds)
    assert SECRET not in str(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__ or raised.value.__context__ is None


@pytest.mark.parametrize(
    ("kind", "value", "bounds", "wanted"),
    [
        ("text", "$like a variable", {"default": ""}, "$like a variable"),
        ("words", " a, b,,", {}, ["a", "b"]),
        ("flag", " ON ", {"default": False}, True),
        ("flag", "no", {"default": True}, False),
        ("flag", "", {"default": True}, True),
        ("number", "5", {"default": 1, "most": 5}, 5),
        ("number", "2", {"default": 1, "least": 2}, 2),
        ("number", "", {"default": 7}, 7),
        ("choice", " none ", {"choices": ("all", "none"), "default": "all"}, "none"),
        ("choice", "", {"choices": ("all", "none"), "default": "all"}, "all"),
        ("ports", " 443, 8443,", {"default": (1,)}, (443, 8443)),
        ("ports", "", {"default": (443,)}, (443,)),
        ("networks", "10.20.0.0/16, fd00::1", {}, (ip_network("10.20.0.0/16"), ip_network("fd00::1"))),
        ("networks", "", {}, ()),
        ("name", " eu-central-1 ", {"default": ""}, "eu-central-1"),
        ("name", "a" * 63, {"default": ""}, "a" * 63),
        ("name", "", {"default": "us-east-1"}, "us-east-1"),
        ("name", "", {"default": ""}, ""),
        ("options", '{"bucket_name": "a"}', {"default": {}}, {"bucket_name": "a"}),
        ("options", " ", {"default": {"a": 1}}, {"a": 1}),
        ("base_url", "https://api.example.com:8443/", {}, "https://api.example.com:8443"),
        ("base_url", "", {}, ""),
        ("endpoint", " http://[::1]:4318/ ", {}, "http://[::1]:4318"),
        ("endpoint", "https://otlp.example.com/tenant/", {}, "https://otlp.example.com/tenant"),
        ("endpoint", " ", {}, ""),
    ],
)
def test_what_can_be_read_is_read(kind, value, bounds, wanted):
    assert read(kind, value, **bounds) == wanted


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("sqlite:////srv/data.sqlite3", {"NAME": "/srv/data.sqlite3"}),
        ("sqlite://:memory:", {"NAME": ":memory:"}),
        ("sqlite:////srv/d?timeout=2.5", {"NAME": "/srv/d", "OPTIONS": {"timeout": 2.5}}),
        ("sqlite:////srv/d?transaction_mode=DEFERRED", {"OPTIONS": {"transaction_mode": "DEFERRED"}}),
        ("postgres://u:p%2F%23@h:5432/n?sslmode=require", {"PASSWORD": "p/#", "HOST": "h", "PORT": 5432}),
        ("postgres://u:p@h1:5432,h2:5433/n", {"HOST": "h1,h2", "PORT": "5432,5433"}),
        ("postgresql://u:p@[2001:db8::1]/n", {"HOST": "2001:db8::1", "NAME": "n"}),
        ("postgres:////var/run/postgresql/n", {"HOST": "/var/run/postgresql", "NAME": "n"}),
        ("postgres://u:p@%2Fvar%2frun%2FPostgreSQL:5433/n", {"HOST": "/var/run/PostgreSQL", "PORT": 5433, "NAME": "n"}),
        ("postgres://u:p@%2Fvar%2Frun/n?sslmode=disable", {"HOST": "/var/run", "PORT": "", "NAME": "n"}),
    ],
)
def test_a_database_is_read_from_its_url(url, wanted):
    assert wanted.items() <= read("database", url, default="").items()


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("smtp+tls://u:p%2F%40@mail.example.com:587", {"EMAIL_HOST_PASSWORD": "p/@", "EMAIL_USE_TLS": True}),
        ("smtp://mail.example.com:25", {"EMAIL_HOST": "mail.example.com", "EMAIL_PORT": 25}),
        ("filemail:///tmp/mail", {"EMAIL_FILE_PATH": "tmp/mail"}),
        ("dummymail://", {"EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend"}),
    ],
)
def test_a_mail_server_is_read_from_its_url(url, wanted):
    assert wanted.items() <= read("mail", url, default="").items()


def test_a_command_exits_with_the_message_only(tmp_path):
    refused = manage(tmp_path, "demo", DATABASE_URL=f"postgres://u:{SECRET}@h:port/n")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("The setting DATABASE_URL can't be read. Write ")
    assert refused.stderr.count("\n") == 1
    assert SECRET not in refused.stderr


@pytest.mark.parametrize("name", ["CHARTERO_THREADS", "CHARTERO_RETENTION_YEARS", "CHARTERO_SERVES"])
def test_a_server_exits_with_the_message_only(tmp_path, name):
    command = [sys.executable, "-m", "gunicorn", "-c", "python:chartero.gunicorn", "--check-config", "chartero.wsgi"]
    environment = os.environ | {"CHARTERO_DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "chartero.settings"}
    refused = subprocess.run(command, cwd=ROOT, env=environment | {name: "x"}, capture_output=True, text=True)
    assert refused.returncode != 0
    assert f"The setting {name} can't be read." in refused.stderr
    assert "Traceback" not in refused.stderr


def test_options_of_a_database_url_add_to_those_of_a_web_process(tmp_path):
    code = "from django.conf import settings; print(settings.DATABASES['default']['OPTIONS']['options'])"
    done = manage(
        tmp_path,
        "shell",
        "--no-imports",
        "-c",
        code,
        CHARTERO_WEB_PROCESS="1",
        DATABASE_URL="postgres://u:p@h/n?options=-c%20work_mem%3D8MB",
    )
    assert done.stdout.strip() == "-c statement_timeout=2s -c lock_timeout=1s -c jit=off -c work_mem=8MB"
