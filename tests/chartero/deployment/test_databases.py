"""The options of a database: those that chartero needs, and those of the URL, which win."""

import pytest

from chartero.deployment import databases
from chartero.deployment.environment import Environment, UnreadableSetting


def configured(url, *, web_process=True):
    return databases.configured(Environment({"URL": url}).database("URL", ""), web_process=web_process)


@pytest.mark.parametrize(
    ("web_process", "options"), [(True, f"{databases.WEB_LIMITS} -c jit=off"), (False, "-c jit=off")]
)
def test_only_a_web_process_limits_its_statements(web_process, options):
    assert configured("postgres://u@host/name", web_process=web_process)["OPTIONS"]["options"] == options


def test_the_options_of_the_url_come_last_because_postgresql_uses_the_last_value():
    url = "postgres://u@host/name?options=-c%20statement_timeout=5s&connect_timeout=9"
    options = configured(url)["OPTIONS"]
    assert (options["connect_timeout"], options["options"].split()[-1]) == (9, "statement_timeout=5s")


@pytest.mark.parametrize(("web_process", "timeout"), [(True, 2), (False, 30)])
def test_a_web_process_waits_for_sqlite_no_longer_than_two_seconds(web_process, timeout):
    assert configured("sqlite:////folder/file", web_process=web_process)["OPTIONS"]["timeout"] == timeout


def described(url):
    return Environment({"URL": url}).database("URL", "")


def test_a_replica_has_the_same_options_and_no_database_of_its_own_in_tests():
    url = "postgres://u@host/name"
    replica = databases.replica(described(url), described(url), web_process=True)
    assert replica["ENGINE"] == "chartero.postgresql.replica"
    assert replica["OPTIONS"] == configured(url)["OPTIONS"]
    assert replica["TEST"] == {"MIRROR": "default"}


@pytest.mark.parametrize(
    "urls", [("sqlite:////file", "postgres://u@host/name"), ("postgres://u@host/name", "sqlite:////file")]
)
def test_only_postgresql_has_replicas(urls):
    with pytest.raises(UnreadableSetting, match="Only PostgreSQL has replicas"):
        databases.replica(*map(described, urls), web_process=True)
