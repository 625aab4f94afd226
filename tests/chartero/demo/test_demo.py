"""The demonstration's story: what its rows say of times, its record of changes and its calls say too."""

import pytest
from django.db.models import QuerySet

from chartero.demo import partners, records
from encounters.models import Document
from partners.models import ApiKey, Organization
from partners.models.change import Action

pytestmark = pytest.mark.django_db
MOMENTS = {
    Action.KEY_ISSUED: "created_at",
    Action.KEY_DISABLED: "disabled_at",
    Action.KEY_REVOKED: "revoked_at",
    Action.KEY_ROTATED: "rotated_at",
}


@pytest.fixture(autouse=True)
def told(monkeypatch) -> None:
    """Have the demonstration's two organizations, with fewer encounters."""
    make = records.make
    monkeypatch.setattr(
        records, "make", lambda *owner, **much: make(*owner, patients=5, encounters=80, seed=much["seed"])
    )
    partners.organizations()


def test_each_change_of_a_key_is_on_record_with_the_keys_own_time():
    keys = ApiKey.objects.filter(organization__name=partners.MAIN)
    assert keys.count() == 7
    for key in keys:
        recorded = {event.action: event.occurred_at for event in key.events.all()}
        own = {action: getattr(key, field) for action, field in MOMENTS.items() if getattr(key, field)}
        assert recorded.keys() == own.keys()
        assert max(abs(recorded[action] - own[action]).total_seconds() for action in own) < 5


def test_the_record_of_a_key_matches_its_state():
    for key in ApiKey.objects.exclude(label="Pilot"):
        assert key.events.first().after == key._facts() | key.description


def test_an_organization_comes_first_then_its_access_then_its_keys_and_then_their_calls():
    for organization in Organization.objects.all():
        events = organization.events.order_by("occurred_at", "pk")
        assert [event.action for event in events[:2]] == [Action.ORGANIZATION_CREATED, Action.ACCESS_CHANGED]
        assert events[1].after == organization._access()
        for key in organization.api_keys.filter(records__isnull=False).distinct():
            assert key.created_at > events[1].occurred_at
            assert key.records.earliest("occurred_at").occurred_at > key.created_at


def test_a_revoked_key_is_refused_only_since_it_was_revoked():
    former = ApiKey.objects.get(label="Former vendor", organization__name=partners.MAIN)
    assert set(former.records.values_list("reason_code", flat=True)) == {"revoked_key"}
    assert former.records.earliest("occurred_at").occurred_at > former.revoked_at


def test_a_run_that_was_interrupted_is_continued_by_the_next(monkeypatch):
    create, calls = QuerySet.bulk_create, iter(range(5))

    def interrupted(rows, *given, **options):
        if rows.model is Document and next(calls) == 2:
            raise KeyboardInterrupt
        return create(rows, *given, **options)

    monkeypatch.setattr(partners, "OTHER", "Interrupted (demo)")
    monkeypatch.setattr(records, "BATCH", 20)
    with monkeypatch.context() as context:
        context.setattr(QuerySet, "bulk_create", interrupted)
        with pytest.raises(KeyboardInterrupt):
            partners.organizations()
    (_, organization) = partners.organizations()
    assert (organization.patients.count(), organization.encounters.count()) == (5, 80)
    documents = Document.objects.filter(encounter__organization=organization)
    assert documents.values("encounter").distinct().count() > 60
    assert organization.api_keys.count() == 7
