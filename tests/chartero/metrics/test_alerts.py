"""The alerts and the dashboard ask only for metrics that exist, and promtool reads both."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from chartero.metrics import facts
from chartero.metrics.calls import Calls
from chartero.metrics.load import Load
from tests.chartero.metrics.scraped import Scraped

DEPLOY = Path(__file__).parents[3] / "deploy"
RULES = DEPLOY / "alerts.yml"
NAME = re.compile(r"\bchartero_\w+")


def dashboard() -> dict:
    return json.loads((DEPLOY / "grafana.json").read_text())


def expressions() -> list[str]:
    """Return what the dashboard asks, with a span in the place of Grafana's variables."""
    targets = [target for panel in dashboard()["panels"] for target in panel.get("targets", [])]
    return [each["expr"].replace("$__rate_interval", "5m").replace("$instance", ".*") for each in targets]


@pytest.fixture
def exposed(db):
    class Facts:
        def collect(self):
            return facts.read()

    registry = CollectorRegistry()
    Load(registry)
    registry.register(Facts())
    return Scraped(generate_latest(registry) + generate_latest(Calls().metrics.registry))


def test_what_is_asked_exists(exposed):
    known = exposed.names | {"chartero_database_up"}
    asked = {"alerts": set(NAME.findall(RULES.read_text())), "dashboard": set(NAME.findall(" ".join(expressions())))}
    assert {name: names - known for name, names in asked.items()} == {"alerts": set(), "dashboard": set()}
    assert len(asked["dashboard"]) > 15
    told = {re.sub("_(bucket|count|sum|created)$", "", name) for name in known if not name.endswith("_created")}
    shown = {re.sub("_bucket$", "", name) for names in asked.values() for name in names}
    assert told - shown == set(), "nobody looks at it"


def test_every_label_that_is_asked_for_exists(exposed):
    known = {label for sample in exposed.samples for label in sample.labels} | {"le", "instance", "job"}
    text = RULES.read_text() + " ".join(expressions())
    asked = set(re.findall(r'[{,]\s*(\w+)(?:=|!=|=~|!~)"', text))
    asked |= {label for found in re.findall(r"by \(([\w, ]+)\)", text) for label in found.split(", ")}
    assert asked - known == set()


def test_the_panels_have_a_place_each():
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    squares = [
        (x, y)
        for grid in (panel["gridPos"] for panel in panels)
        for x in range(grid["x"], grid["x"] + grid["w"])
        for y in range(grid["y"], grid["y"] + grid["h"])
    ]
    assert len(set(squares)) == len(squares)
    assert max(x for x, _ in squares) < 24


def promtool(*arguments: str) -> str:
    done = subprocess.run(["promtool", *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


needs_promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="needs promtool (Debian: prometheus)")


@pytest.mark.tools
@needs_promtool
def test_promtool_reads_the_alerts_and_what_the_dashboard_asks(tmp_path):
    assert "0 rules" not in promtool("check", "rules", str(RULES))
    records = [{"record": f"asked:{number}", "expr": expr} for number, expr in enumerate(expressions())]
    (tmp_path / "dashboard.yml").write_text(json.dumps({"groups": [{"name": "dashboard", "rules": records}]}))
    promtool("check", "rules", str(tmp_path / "dashboard.yml"))


@pytest.mark.tools
@needs_promtool
def test_promtool_finds_no_fault_in_the_names():
    registry = CollectorRegistry()
    Load(registry)
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=generate_latest(registry), capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")


DAY = 86_400
CALLS, LATENCY = "chartero_calls_total", 'chartero_call_duration_seconds_bucket{le="%s",route="key.read"}'
# Series that each alert is about, minute by minute, when it fires and when it must not. The clock begins at 1970.
CASES: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "CharteroDown": ({'up{job="chartero"}': "0x80"}, {'up{job="chartero"}': "1x80"}),
    "CharteroCallsFail": (
        {f'{CALLS}{{status="503"}}': "0+2x80", f'{CALLS}{{status="200"}}': "0+100x80"},
        {f'{CALLS}{{status="503"}}': "0+1x80", f'{CALLS}{{status="200"}}': "0+100x80"},
    ),
    "CharteroCallsSlow": (
        {LATENCY % "0.5": "0+90x80", LATENCY % "1.0": "0+100x80", LATENCY % "+Inf": "0+100x80"},
        {LATENCY % "0.5": "0+96x80", LATENCY % "1.0": "0+100x80", LATENCY % "+Inf": "0+100x80"},
    ),
    "CharteroCallsShed": ({"chartero_calls_shed_total": "0x76 1 1 1 1"}, {"chartero_calls_shed_total": "7x80"}),
    "CharteroCallsOffRecord": (
        {"chartero_calls_off_record_total": "0x76 1 1 1 1"},
        {"chartero_calls_off_record_total": "7x80"},
    ),
    "CharteroCallsWait": (
        {"chartero_server_waiting_calls": "6x80", "chartero_server_pending_connections": "5x80"},
        {"chartero_server_waiting_calls": "5x80", "chartero_server_pending_connections": "5x80"},
    ),
    "CharteroConnectionsFull": (
        {"chartero_server_connections": "91x80", "chartero_server_connections_limit": "100x80"},
        {"chartero_server_connections": "90x80", "chartero_server_connections_limit": "100x80"},
    ),
    "CharteroProcessesEnd": (
        {"chartero_server_process_starts_total": "2+1x80", "chartero_server_processes": "2x80"},
        {"chartero_server_process_starts_total": "2x75 4x5", "chartero_server_processes": "2x80"},
    ),
    "CharteroTracesDropped": (
        {"chartero_traces_dropped_total": "0+1x80"},
        {"chartero_traces_dropped_total": "0+1x20 20x60"},
    ),
    "CharteroDatabaseDown": ({"chartero_database_up": "0x80"}, {"chartero_database_up": "1x80"}),
    "CharteroRecordUnsealed": (
        {'chartero_record_unsealed_age_seconds{table="requests"}': "601x80"},
        {'chartero_record_unsealed_age_seconds{table="requests"}': "600x80"},
    ),
    "CharteroRecordMonths": ({"chartero_record_months_faults": "1x80"}, {"chartero_record_months_faults": "0x80"}),
    "CharteroVerificationFailed": (
        {"chartero_verification_faults": "1x80"},
        {"chartero_verification_faults": "0x80"},
    ),
    "CharteroVerificationMissing": (
        {"chartero_seal_last_number": "1x80", "chartero_verification_timestamp_seconds": f"{-2 * DAY}x80"},
        {"chartero_seal_last_number": "0x80", "chartero_verification_timestamp_seconds": f"{-2 * DAY}x80"},
    ),
    "CharteroCheckpointDead": (
        {
            "chartero_seal_last_number": "9x80",
            'chartero_checkpoint_seal_number{to="sent"}': "8x80",
            'chartero_checkpoint_timestamp_seconds{to="sent"}': f"{-2 * DAY}x80",
        },
        {
            "chartero_seal_last_number": "9x80",
            'chartero_checkpoint_seal_number{to="sent"}': "8x80",
            'chartero_checkpoint_seal_number{to="file"}': "9x80",
            'chartero_checkpoint_timestamp_seconds{to="sent"}': f"{-2 * DAY}x80",
        },
    ),
    "CharteroWebhooksLate": ({"chartero_webhook_lag_seconds": "301x80"}, {"chartero_webhook_lag_seconds": "300x80"}),
    "CharteroWebhooksFail": (
        {"chartero_webhook_endpoints_failing": "1x80"},
        {"chartero_webhook_endpoints_failing": "0x40 1x40"},
    ),
    "CharteroKeysExpire": (
        {'chartero_keys_expiring{within="7d"}': "1x80"},
        {'chartero_keys_expiring{within="7d"}': "0x80", 'chartero_keys_expiring{within="30d"}': "1x80"},
    ),
    "CharteroKeysOff": ({"chartero_keys_on": "0x80"}, {"chartero_keys_on": "1x80"}),
}


@pytest.mark.tools
@needs_promtool
def test_each_alert_fires_when_it_should_and_not_before(tmp_path):
    assert set(CASES) == set(re.findall(r"alert: (\w+)", RULES.read_text()))
    tests = [
        {
            "interval": "1m",
            "input_series": [{"series": name, "values": values} for name, values in series.items()],
            "promql_expr_test": [
                {
                    "expr": f'count(ALERTS{{alertname="{alert}",alertstate="firing"}})',
                    "eval_time": "79m",
                    "exp_samples": [{"labels": "{}", "value": 1}] if fires else [],
                }
            ],
        }
        for alert, cases in CASES.items()
        for fires, series in zip((True, False), cases, strict=True)
    ]
    file = tmp_path / "tests.yml"
    file.write_text(json.dumps({"rule_files": [str(RULES)], "evaluation_interval": "2m", "tests": tests}))
    assert "SUCCESS" in promtool("test", "rules", str(file))
