"""Random changes of encounters, in every possible way: the ORM, raw SQL, COPY, TRUNCATE, and rolled back."""

import random
from datetime import UTC, datetime, timedelta, timezone

from django.db import connection, transaction
from django.db.models import F

from encounters.models import Encounter
from partners.identifiers import new_id
from tests.encounters.support.counted import COLUMNS, encounter, execute, kept, store, true
from tests.factories import OrganizationFactory

CLASSES = ("clinical", "clinical", "clinical", "demo", "training")
ODD = [
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(2024, 2, 29, 23, 59, 59, 1, tzinfo=UTC),
    datetime(2025, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(2026, 1, 1, tzinfo=UTC),
    datetime(2026, 1, 1, 1, tzinfo=UTC),
    datetime(2026, 1, 31, 23, 0, 0, 1, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
]
ZONES = ("Asia/Kathmandu", "America/St_Johns", "UTC")


class Undone(Exception):
    """A change that is rolled back."""


class Changes:
    """Two organizations whose encounters change."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.organizations = OrganizationFactory.create_batch(2)
        self.acts = [*EVERYWHERE, *ONLY[connection.vendor]]

    def step(self):
        """Change something, and return its name for the message of a failure."""
        act = self.random.choice(self.acts)
        undone = self.random.random()
        try:
            with transaction.atomic():
                if undone < 0.1:
                    self.random.choice(self.acts)(self)
                act(self)
                if undone < 0.2:
                    raise Undone
        except Undone:
            return f"{act.__name__}, rolled back"
        return act.__name__

    def differences(self):
        """Return the windows in which the stored total is wrong."""
        windows = [(None, None), *(self._window() for _ in range(6))]
        asked = [(each, *window) for each in self.organizations for window in windows]
        return [(*each[1:], kept(*each), true(*each)) for each in asked if kept(*each) != true(*each)]

    def _window(self):
        start, end = sorted(self.instant() for _ in range(2))
        return self.random.choice([(start, None), (None, end), (start, end), (start, end)])

    def instant(self):
        """Return an unusual instant, one of a few days, or one of some months, in any time zone."""
        day = datetime(2026, 1, 1, tzinfo=UTC)
        near = day + timedelta(minutes=self.random.randrange(-3_000, 3_000))
        far = day + timedelta(seconds=self.random.uniform(-8e6, 8e6))
        instant = self.random.choice([self.random.choice(ODD), near, far])
        zone = timezone(timedelta(minutes=self.random.randrange(-720, 720)))
        return instant if instant in ODD else instant.astimezone(zone)

    def values(self):
        values = {"created_at": self.instant(), "record_class": self.random.choice(CLASSES)}
        return values | {"withdrawn_at": self.random.choice([None, None, ODD[2]])}

    def organization(self):
        return self.random.choice(self.organizations)

    def some(self, share=0.3):
        """Return some of the encounters."""
        pks = sorted(Encounter.objects.values_list("pk", flat=True))
        return Encounter.objects.filter(pk__in=self.random.sample(pks, int(len(pks) * share)))

    def row(self, public_id=None):
        """Return a row for raw SQL."""
        at, kind = connection.ops.adapt_datetimefield_value(self.instant()), self.random.choice(CLASSES)
        return [public_id or new_id("enc"), self.organization().pk, "ambient", "completed", kind, "", at, at]

    def a_public_id(self):
        return self.random.choice([*Encounter.objects.values_list("public_id", flat=True), new_id("enc")])


def create_one(world):
    encounter(world.organization(), **world.values()).save()


def create_many(world):
    Encounter.objects.bulk_create([encounter(world.organization(), **world.values()) for _ in range(20)])


def create_or_update(world):
    rows = [*world.some(0.2), encounter(world.organization(), **world.values())]
    changed = [encounter(world.organization(), public_id=row.public_id, **world.values()) for row in rows]
    fields = ["organization", "created_at", "record_class", "withdrawn_at"]
    Encounter.objects.bulk_create(changed, update_conflicts=True, unique_fields=["public_id"], update_fields=fields)


def create_or_ignore(world):
    Encounter.objects.bulk_create(
        [encounter(world.organization(), public_id=world.a_public_id(), **world.values())], ignore_conflicts=True
    )


def save_another_time(world):
    for row in world.some(0.1):
        row.created_at = world.instant()
        row.save()


def save_what_is_not_counted(world):
    for row in world.some(0.1):
        row.status, row.date_of_service = "cancelled", world.instant()
        row.save()


def update_many_at_once(world):
    rows = list(world.some())
    for row in rows:
        for name, value in world.values().items():
            setattr(row, name, value)
    Encounter.objects.bulk_update(rows, ["created_at", "record_class", "withdrawn_at"])


def move_in_time(world):
    span = world.random.choice([timedelta(hours=1), timedelta(microseconds=1), timedelta(days=-31)])
    world.some().filter(created_at__year__range=(1960, 2030)).update(created_at=F("created_at") + span)


def move_to_another_organization(world):
    world.some().update(organization=world.organization())


def reclassify(world):
    world.some().update(record_class=world.random.choice(CLASSES))


def withdraw(world):
    world.some().update(withdrawn_at=world.instant())


def bring_back(world):
    world.some().update(withdrawn_at=None)


def update_what_is_not_counted(world):
    world.some().update(status="unknown", updated_at=world.instant())


def update_nothing(world):
    Encounter.objects.filter(pk=0).update(created_at=world.instant())


def delete_some(world):
    world.some(0.15).delete()


def insert_by_sql(world):
    execute(f"INSERT INTO encounters_encounter ({COLUMNS}) VALUES ({', '.join(['%s'] * 8)})", world.row())


def delete_by_sql(world):
    execute("DELETE FROM encounters_encounter WHERE record_class = %s AND id %% 3 = 0", [world.random.choice(CLASSES)])


def undo_a_savepoint(world):
    create_many(world)
    try:
        with transaction.atomic():
            reclassify(world)
            delete_some(world)
            raise Undone
    except Undone:
        move_in_time(world)


def replace(world):
    values = world.row(world.a_public_id())
    execute(f"REPLACE INTO encounters_encounter ({COLUMNS}) VALUES ({', '.join(['%s'] * 8)})", values)


def update_or_replace(world):
    for row in world.some(0.1):
        change = [world.a_public_id(), world.organization().pk, row.pk]
        execute("UPDATE OR REPLACE encounters_encounter SET public_id = %s, organization_id = %s WHERE id = %s", change)


def copy_in(world):
    with connection.cursor() as cursor, cursor.copy(f"COPY encounters_encounter ({COLUMNS}) FROM STDIN") as copy:
        for _ in range(20):
            copy.write_row(world.row())


def truncate(world):
    execute("SET CONSTRAINTS ALL IMMEDIATE")
    execute("TRUNCATE encounters_encounter CASCADE")
    execute("SET CONSTRAINTS ALL DEFERRED")
    store(world.organization(), 30, world.instant())


def merge(world):
    source = "(VALUES (CAST(%s AS text), CAST(%s AS bigint), CAST(%s AS timestamptz))) AS source (name, whose, at)"
    public_id, whose, *_, at = world.row(world.a_public_id())
    execute(
        f"MERGE INTO encounters_encounter AS kept USING {source} ON kept.public_id = source.name"
        " WHEN MATCHED AND kept.record_class = 'demo' THEN DELETE"
        " WHEN MATCHED THEN UPDATE SET organization_id = source.whose, created_at = source.at"
        f" WHEN NOT MATCHED THEN INSERT ({COLUMNS})"
        " VALUES (source.name, source.whose, 'ambient', 'planned', 'clinical', '', source.at, source.at)",
        [public_id, whose, at],
    )


def move_rows_in_one_statement(world):
    execute(
        "WITH gone AS (DELETE FROM encounters_encounter WHERE id %% 5 = 1 RETURNING *)"
        f" INSERT INTO encounters_encounter ({COLUMNS}) SELECT 'enc_' || left(md5(public_id), 22), %s, "
        f"encounter_type, status,"
        " record_class, service_provider, updated_at, updated_at FROM gone",
        [world.organization().pk],
    )


def write_in_another_zone(world):
    execute(f"SET LOCAL TIME ZONE '{world.random.choice(ZONES)}'")
    copy_in(world)
    delete_by_sql(world)
    execute("SET LOCAL TIME ZONE 'UTC'")


EVERYWHERE = (
    create_one, create_many, create_many, create_or_update, create_or_ignore, save_another_time,
    save_what_is_not_counted, update_many_at_once, move_in_time, move_to_another_organization, reclassify, withdraw,
    bring_back, update_what_is_not_counted, update_nothing, delete_some, insert_by_sql, delete_by_sql, undo_a_savepoint,
)  # fmt: skip
ONLY = {
    "sqlite": (replace, update_or_replace),
    "postgresql": (copy_in, truncate, merge, move_rows_in_one_statement, write_in_another_zone),
}
