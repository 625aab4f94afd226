"""Who may read `/metrics`, and what else it needs: nothing."""

import pytest
from prometheus_client.core import GaugeMetricFamily

from chartero.metrics import text
from chartero.metrics.database import Database
from partners.models import RequestRecord
from tests.chartero.metrics.scraped import TOKEN, Scraped


@pytest.fixture(autouse=True)
def on(settings, monkeypatch):
    settings.METRICS_TOKEN = TOKEN
    monkeypatch.setattr(text, "DATABASE", Database(lambda: [GaugeMetricFamily("chartero_fact", "x", value=7)]))


def read(client, token=TOKEN, scheme="Bearer", method="GET", path="/metrics", **headers):
    return client.generic(method, path, headers={"Authorization": f"{scheme} {token}"} | headers)


@pytest.mark.parametrize("host", ["127.0.0.1", "elsewhere.example", "10.0.0.7:8000"])
def test_it_is_read_whatever_host_it_names_and_sets_no_cookie(client, host):
    answer = read(client, Host=host, Cookie="sessionid=x")
    assert (answer.status_code, answer["Cache-Control"], answer.cookies) == (200, "no-store", {})
    found = Scraped(answer.content)
    assert (found("chartero_fact"), found("chartero_database_up")) == (7, 1)
    assert found("chartero_calls_total") is not None


def test_it_leaves_no_record(client, db):
    read(client)
    assert not RequestRecord.objects.exists()


@pytest.mark.parametrize("token", ["", "x", TOKEN[:-1], TOKEN + "0", TOKEN.upper(), "é" * 40])
def test_any_other_token_is_refused(client, token):
    answer = read(client, token)
    assert (answer.status_code, answer.content) == (401, b"unauthorized\n")
    assert answer["WWW-Authenticate"] == 'Bearer realm="metrics"'


@pytest.mark.parametrize(("scheme", "status"), [("bearer", 200), ("BEARER", 200), ("Basic", 401), ("", 401)])
def test_the_token_is_a_bearer_token(client, scheme, status):
    assert read(client, scheme=scheme).status_code == status


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("POST", 405), ("DELETE", 405)])
def test_it_is_only_read(client, method, status):
    answer = read(client, method=method)
    assert (answer.status_code, answer.get("Allow")) == (status, "GET, HEAD" if status == 405 else None)
    assert read(client, method=method, token="x").status_code == 401


@pytest.mark.parametrize("path", ["/metrics/", "/metrics/x", "/Metrics", "/external/metrics"])
def test_it_has_one_address(client, db, path):
    assert b"chartero_" not in read(client, path=path).content


def test_if_somebody_removed_the_files_of_the_processes_the_rest_is_told(client, monkeypatch, tmp_path, caplog):
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path / "gone"))
    found = Scraped(read(client).content)
    assert found.names == {"chartero_database_up", "chartero_fact"}
    assert [record.message for record in caplog.records] == ["metrics without what the processes counted"]


def test_without_a_token_there_is_no_such_page(client, db, settings):
    settings.METRICS_TOKEN = ""
    answers = [read(client, token="", path=path) for path in ("/metrics", "/no-such-page")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content == answers[1].content.replace(b"no-such-page", b"metrics")
