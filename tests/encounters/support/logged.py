"""The log of changes as tests read it."""

from encounters.models import EncounterChange


def logged(organization):
    """Return the changes of an organization in their order, as `(encounter_id, change)`."""
    rows = EncounterChange.objects.filter(organization=organization).order_by("position", "encounter")
    return list(rows.values_list("public_id", "change"))


def kinds(organization):
    return [change for _, change in logged(organization)]


def forget():
    """Forget what was logged so far. On PostgreSQL, a test in one transaction has one row for each encounter."""
    EncounterChange.objects.all().delete()
