"""What the metrics say about the record, its seals, webhooks and keys. Each fact takes a statement or two, by index."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily

from partners.models import ApiKeySwitch, Seal, Verification, WebhookService
from partners.partitions import present
from partners.review import attention
from partners.seals import attention as unsealed
from partners.seals.canonical.tables import TABLES
from partners.seals.state import checkpoint
from partners.webhooks import sources
from partners.webhooks.delivery import claiming

SOON = {f"{days}d": timedelta(days=days) for days in (1, 7, 30)}


def read() -> list[GaugeMetricFamily]:
    """Return the metrics. May raise an error of the database."""
    return [*_record(), *_seals(), *_verification(), *_checkpoints(), *_webhooks(), *_keys()]


def _record() -> Iterable[GaugeMetricFamily]:
    ages = {name: _age(unsealed.first_unsealed(table)) for name, table in TABLES.items()}
    help_text = "Time since the first row was written that is not sealed; 0 if none waits."
    yield _labelled("record_unsealed_age_seconds", help_text, "table", ages)
    months = "What the ledger lacks for the months to come, and what was left over: see the log."
    yield _gauge("record_months_faults", months, len(present.faults(connection)))


def _seals() -> Iterable[GaugeMetricFamily]:
    number, at = Seal.objects.order_by("-number").values_list("number", "sealed_at").first() or (0, None)
    yield _gauge("seal_last_number", "Number of the last seal; 0 without one.", number)
    yield _gauge("seal_last_timestamp_seconds", "When the last seal was made; 0 without one.", _moment(at))


def _verification() -> Iterable[GaugeMetricFamily]:
    last = Verification.objects.that_count().first()
    faults = "Faults that the last verification of the whole record, or one since, found, and nobody has explained."
    yield _gauge("verification_faults", faults, last.faults if last and last.is_open else 0)
    when = "When that verification ended; 0 if the record was never verified."
    yield _gauge("verification_timestamp_seconds", when, _moment(last.finished_at if last else None))


def _checkpoints() -> Iterable[GaugeMetricFamily]:
    """Yield which seal last left the database. A machine that has no file of checkpoints knows only of those sent."""
    sent = checkpoint.last_sent()
    seals, times = {"sent": sent.after["seal"] if sent else 0}, {"sent": _moment(sent.occurred_at if sent else None)}
    if file := checkpoint.kept_file():
        seals["file"], times["file"] = file.number or 0, _moment(file.written_at)
    which = "Seal of the last checkpoint, in the file or sent; 0 if there is none, or none that can be read."
    yield _labelled("checkpoint_seal_number", which, "to", seals)
    yield _labelled("checkpoint_timestamp_seconds", "When that checkpoint was written or sent.", "to", times)


def _webhooks() -> Iterable[GaugeMetricFamily]:
    lag = "Time that the oldest event or delivery has been due; 0 if none is."
    waiting = [claiming.due_since(), *(source.waiting_since() for source in sources.SOURCES.values())]
    yield _gauge("webhook_lag_seconds", lag, max(map(_age, waiting)))
    seen = WebhookService.objects.values_list("seen_at", flat=True).first()
    running = "When a service that delivers was last seen; 0 if never. It notes this once a minute."
    yield _gauge("webhook_service_seen_timestamp_seconds", running, _moment(seen))
    failing = "Webhook endpoints that events don't reach."
    yield _gauge("webhook_endpoints_failing", failing, attention.failing_webhooks().count())


def _keys() -> Iterable[GaugeMetricFamily]:
    help_text = "Active keys in use that expire within this time and were not rotated."
    yield _labelled("keys_expiring", help_text, "within", attention.numbers_expiring(SOON))
    yield _gauge("keys_on", "1 if API keys are accepted, 0 if the switch is off.", ApiKeySwitch.is_on())


def _gauge(name: str, help_text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"chartero_{name}", help_text, value=value)


def _labelled(name: str, help_text: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"chartero_{name}", help_text, labels=[label])
    for word, value in values.items():
        family.add_metric([word], value)
    return family


def _moment(at: datetime | None) -> float:
    return at.timestamp() if at else 0.0


def _age(since: datetime | None) -> float:
    """Return the seconds since then; 0 without a time, or for one to come."""
    return max((timezone.now() - since).total_seconds(), 0.0) if since else 0.0
