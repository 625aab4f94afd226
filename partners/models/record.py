"""The record of calls: a row per answer to a known key, what a key used, and counts of calls."""

import re
from datetime import timedelta

from django.db import models
from django.db.models import Q

from partners.catalogue.reasons import Reason, Stage
from partners.catalogue.remedies import REMEDIES
from partners.catalogue.remedy import Remedy
from partners.catalogue.routes import Route
from partners.identifiers import PublicIdField
from partners.models.keys.key import ApiKey
from partners.models.organization import Organization
from partners.models.pk_list import PkListField

KEPT = timedelta(days=7)  # answers without a key; those with one are kept for years, see `retention`
NO_ID, NOT_KEPT = "{not-an-id}", "{not-kept}"
_PARAMETER = re.compile(r"<str:\w+>")


class RequestRecord(models.Model):
    """One answer to a known key, and whose data it disclosed. Triggers refuse updates, and deletes for six years.

    A call that was refused before it reached a route has no route; `resource` is then the part of its path that may be
    kept. Keys and organizations are never deleted, so their foreign keys have no constraint: it would slow each call.
    So would a CHECK, which PostgreSQL compiles for each row that is added: no number here is a Positive… field.
    `outside_networks` is null unless it is true. On PostgreSQL each month has a partition (`partners.partitions`), and
    request ids are unique in each.
    """

    request_id = PublicIdField("req")
    occurred_at = models.DateTimeField("time")
    api_key = models.ForeignKey(
        ApiKey, models.PROTECT, related_name="records", db_constraint=False, db_index=False, verbose_name="API key"
    )
    organization = models.ForeignKey(
        Organization, models.PROTECT, null=True, related_name="records", db_constraint=False, db_index=False
    )
    method = models.CharField(max_length=8)
    route = models.CharField(max_length=64)
    resource = models.CharField("ids asked for, those that are ids", max_length=80)
    query = models.CharField("query in normal form", max_length=200)
    status = models.SmallIntegerField()
    reason_code = models.CharField(max_length=32)
    parameter = models.CharField("query parameter at fault", max_length=40, null=True)
    count = models.SmallIntegerField("encounters in the body")
    microseconds = models.IntegerField("duration in µs")
    address = models.CharField("source address", max_length=39)
    new_network = models.BooleanField("first call of the key from this network")
    outside_networks = models.BooleanField("would be refused if the key's networks were enforced", null=True)
    encounters = PkListField()
    patients = PkListField()
    document = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = "request"
        default_permissions = ("view",)
        permissions = [("account_disclosures", "Can account for the disclosures of a patient's data")]
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["request_id"], name="request_record_request_id_unique")]
        indexes = [
            models.Index(fields=["occurred_at"], name="request_record_time"),
            models.Index(fields=["api_key", "occurred_at"], name="request_record_of_key"),
            models.Index(fields=["organization", "occurred_at"], name="request_record_of_organization"),
            models.Index(
                fields=["api_key", "occurred_at", "reason_code"],
                condition=~Q(reason_code=""),
                name="request_record_refusal_of_key",
            ),
            models.Index(
                fields=["organization", "occurred_at", "reason_code"],
                condition=~Q(reason_code=""),
                name="request_record_refusal_of_org",
            ),
            models.Index(
                fields=["occurred_at", "api_key", "reason_code"],
                condition=~Q(reason_code=""),
                name="request_record_refusal",
            ),
            models.Index(
                fields=["api_key", "occurred_at"], condition=Q(outside_networks=True), name="request_record_outside"
            ),
        ]

    def __str__(self) -> str:
        return self.request_id

    @property
    def reason(self) -> Reason | None:
        return Reason.coded(self.reason_code) if self.reason_code else None

    @property
    def remedy(self) -> Remedy | None:
        """Return how to fix a refusal, and who can; None if the call was served."""
        return None if self.reason is None else REMEDIES[self.reason]

    @property
    def query_known(self) -> bool:
        """Return True if the query is on record. It isn't if it was refused, or if the call was refused before it."""
        return self.reason is None or self.reason.stage is Stage.RESOURCE or self.query != ""

    @property
    def path(self) -> str:
        """Return the path that was called, with `NO_ID` and `NOT_KEPT` for the parts that are not on record."""
        if not self.route:
            return "/".join(NOT_KEPT if part == "?" else part for part in self.resource.split("/"))
        path = Route.named(self.route).path
        for text in self.resource.split("/"):
            path = _PARAMETER.sub(NO_ID if text == "?" else text, path, count=1)
        return f"/external/v1/{path}"

    @property
    def request_line(self) -> str:
        return f"{self.method.upper()} {self.path}{self.query and '?'}{self.query}"


class KeyUse(models.Model):
    """When a key was first and last served on a route, to the minute. Refused calls don't count.

    `ApiKey.last_used_at` is the latest over all routes but open ones: who only looks at a key doesn't use it.
    """

    api_key = models.ForeignKey(ApiKey, models.PROTECT, related_name="uses", db_index=False)
    route = models.CharField(max_length=64)
    first_used_at = models.DateTimeField()
    last_used_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["api_key", "route"], name="key_use_once")]

    def __str__(self) -> str:
        return self.route


class KeyNetwork(models.Model):
    """A network from which a key has called, served or not: a /24 of IPv4 or a /64 of IPv6."""

    api_key = models.ForeignKey(ApiKey, models.PROTECT, related_name="networks", db_index=False)
    network = models.CharField(max_length=43)
    first_seen_at = models.DateTimeField()
    last_served_at = models.DateTimeField("last call served, to the day", null=True)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["api_key", "network"], name="key_network_once")]
        indexes = [models.Index(fields=["network"], name="key_network_known")]

    def __str__(self) -> str:
        return self.network


class UsageCount(models.Model):
    """How many calls of one hour of UTC got the same answer: with a key, with an organization's keys, or with all keys.

    `owner` is the primary key of the key or organization, and 0 for all. The reason code of served calls is blank.
    `partners.usage.counting` adds records up to `UsageProgress`, each once; later ones are counted in the ledger.
    """

    pk = models.CompositePrimaryKey("kind", "owner", "hour", "reason_code")
    kind = models.CharField(max_length=12)
    owner = models.BigIntegerField()
    hour = models.DateTimeField()
    reason_code = models.CharField(max_length=32)
    calls = models.BigIntegerField()

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["hour"], name="usage_count_hour")]

    def __str__(self) -> str:
        return f"{self.calls} calls"


class UsageProgress(models.Model):
    """The one row that says which record was the last that is added to the counts of usage."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    counted_to = models.BigIntegerField(default=0)

    class Meta:
        default_permissions = ()
        constraints = [models.CheckConstraint(condition=Q(id=1), name="usage_progress_is_one_row")]

    def __str__(self) -> str:
        return f"counted to {self.counted_to}"


class UnkeyedCount(models.Model):
    """A count of the answers in a minute that belonged to no key, by source, reason code and public part as presented.

    Each process adds rows of its own, and none is altered: readers add them up. A row with a blank source or public
    part counts those that were not among the most common of the minute.
    """

    minute = models.DateTimeField()
    source = models.CharField("source address", max_length=39, blank=True)
    reason_code = models.CharField(max_length=32)
    public_part = models.CharField("public part as presented", max_length=12, blank=True)
    count = models.PositiveIntegerField()

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["minute"], name="unkeyed_count_minute")]

    def __str__(self) -> str:
        return f"{self.count} × {self.reason_code}"


class UnkeyedAnswer(models.Model):
    """One answer that is in no key's record. It is kept for some days, so that its request id can be looked up.

    The call carried no valid key, or the service failed before it could be recorded. All are counted, but not all kept.
    """

    request_id = PublicIdField("req")
    occurred_at = models.DateTimeField("time")
    source = models.CharField("source address", max_length=39)
    method = models.CharField(max_length=8)
    path = models.CharField("path, without what is not ours", max_length=240)
    reason_code = models.CharField(max_length=32)
    public_part = models.CharField("public part as presented", max_length=12, blank=True)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["request_id"], name="unkeyed_answer_request_id_unique")]
        indexes = [models.Index(fields=["occurred_at"], name="unkeyed_answer_time")]

    def __str__(self) -> str:
        return self.request_id

    @property
    def reason(self) -> Reason:
        return Reason.coded(self.reason_code)

    @property
    def remedy(self) -> Remedy:
        return REMEDIES[self.reason]
