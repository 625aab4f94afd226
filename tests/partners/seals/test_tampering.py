"""Whoever owns the database can change every row of it. Each way of doing so is found, and the first row is named."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection
from django.db.models import F

from partners.models import ChangeEvent, RequestRecord, Seal, triggers
from partners.models.change import Action
from partners.partitions import making
from partners.partitions.present import partitions
from partners.seals import sealing
from partners.triggers import installing
from tests.factories import OrganizationFactory
from tests.partners.support.sealed import FIRST, STEP, Sealed, as_owner, change, later, request, run_sql, sealed_record

pytestmark = pytest.mark.django_db
ON_POSTGRESQL = connection.vendor == "postgresql"
ROW = FIRST + STEP  # the second row
IN_GAP = ROW + 1
LAST = FIRST + 8 * STEP
FAR = "2100-01-01T00:00:00+00:00"
LONG_AGO = {"days": -3 * 365}


@pytest.fixture
def sealed() -> Sealed:
    return sealed_record()


def requests(pk=ROW, **values):
    return lambda sealed: RequestRecord.objects.filter(pk=pk).update(**values)


def changes(**values):
    return lambda sealed: ChangeEvent.objects.filter(pk=ROW).update(**values)


def seals(number: int, **values):
    return lambda sealed: Seal.objects.filter(number=number).update(**values)


def remove(model, **where):
    return lambda sealed: model.objects.filter(**where).delete()


def swap(sealed: Sealed) -> None:
    """Exchange two rows."""
    for old, new in ((ROW, 5), (ROW + STEP, ROW), (5, ROW + STEP)):
        RequestRecord.objects.filter(pk=old).update(id=new)


def truncate(sealed: Sealed) -> None:
    run_sql("TRUNCATE partners_requestrecord" if ON_POSTGRESQL else "DELETE FROM partners_requestrecord")


def drop(sealed: Sealed) -> None:
    run_sql("DROP TABLE partners_requestrecord")


def drop_partition(sealed: Sealed) -> None:
    run_sql(f"DROP TABLE {partitions(connection)[0].name}")


def detach_partition(sealed: Sealed) -> None:
    run_sql(f"ALTER TABLE partners_requestrecord DETACH PARTITION {partitions(connection)[0].name}")


def alter_detached_partition(sealed: Sealed) -> None:
    """Detach the partition, whose triggers of rows then go, alter a row, and attach it again."""
    partition = partitions(connection)[0]
    detach_partition(sealed)
    run_sql(f"UPDATE {partition.name} SET status = 403 WHERE id = %s", ROW)
    making.attach(connection, partition.name, partition.start, partition.end)


def drop_column(sealed: Sealed) -> None:
    run_sql("ALTER TABLE partners_requestrecord RENAME COLUMN address TO source")


def replace(sealed: Sealed) -> None:
    """Remove a row and write another with its id."""
    RequestRecord.objects.filter(pk=ROW).delete()
    request(sealed.key, ROW)


def copy(sealed: Sealed) -> None:
    """Write a second row like one that is sealed."""
    row = RequestRecord.objects.get(pk=ROW)
    row.pk, row.request_id = IN_GAP, "req_0000000000000000000000"
    row.save(force_insert=True)


def insert_back_dated(sealed: Sealed) -> None:
    request(sealed.key, LAST + 1, later(**LONG_AGO))


def insert_back_dated_and_seal(sealed: Sealed) -> None:
    insert_back_dated(sealed)
    sealing.seal()


def insert_post_dated_and_seal(sealed: Sealed) -> None:
    change(LAST + 1, later(days=2))
    sealing.seal()


def forge_pruning(at, older_than):
    """Say that young rows were pruned, and remove one."""

    def forge(sealed: Sealed) -> None:
        change(LAST + 1, at, action=Action.RECORDS_PRUNED, after={"older_than": older_than})
        RequestRecord.objects.filter(pk=ROW).delete()

    return forge


def move_text(sealed: Sealed) -> None:
    """Move a letter from one column to its neighbour: without lengths, the bytes would be the same."""
    RequestRecord.objects.filter(pk=ROW).update(method="GE", route="Tencounters.list")


def seal_bytes(name: str, place: int):
    """Change one byte of a column of the last seal."""

    def alter(sealed: Sealed) -> None:
        seal = Seal.objects.get(number=6)
        value = bytearray(getattr(seal, name))
        value[place] ^= 1
        Seal.objects.filter(number=6).update(**{name: bytes(value)})

    return alter


def cut_rows(length: int):
    def cut(sealed: Sealed) -> None:
        Seal.objects.filter(number=3).update(rows=bytes(Seal.objects.get(number=3).rows)[:length])

    return cut


def sign_again(key_number: int):
    """Alter the count of the last seal and sign it with a key of one's own."""

    def sign(sealed: Sealed) -> None:
        seal = Seal.objects.get(number=6)
        seal.last_id, seal.key_number = seal.last_id + 5, key_number
        seal.signature = Ed25519PrivateKey.generate().sign(seal.statement())
        seal.save(force_update=True)

    return sign


def swap_seals(sealed: Sealed) -> None:
    for old, new in ((3, 99), (5, 3), (99, 5)):
        Seal.objects.filter(number=old).update(number=new)


def renumber_seals(sealed: Sealed) -> None:
    """Remove the third seal and close the gap in the numbers."""
    Seal.objects.filter(number=3).delete()
    for number in (4, 5, 6):
        Seal.objects.filter(number=number).update(number=number - 1)


def restore(sealed: Sealed) -> None:
    """Bring the database back to where it was before the last part."""
    for model in (RequestRecord, ChangeEvent):
        model.objects.filter(pk__gte=FIRST + 6 * STEP).delete()
    Seal.objects.filter(number__gt=4).delete()


def restore_and_go_on(sealed: Sealed) -> None:
    restore(sealed)
    request(sealed.key, LAST), change(LAST)
    sealing.seal()


def seal_anew(sealed: Sealed) -> None:
    """Remove a row and all seals, and let them be made again, with the right key."""
    RequestRecord.objects.filter(pk=ROW).delete()
    Seal.objects.all().delete()
    sealing.seal()


def move_row_between_seals(sealed: Sealed) -> None:
    """Give the first row of the second part an id of the first part."""
    RequestRecord.objects.filter(pk=FIRST + 3 * STEP).update(id=FIRST + 2 * STEP + 1)


ROWS = [
    ("status", requests(status=403), ("requests", "altered", ROW)),
    ("address", requests(address="192.0.2.1"), ("requests", "altered", ROW)),
    ("organization", lambda sealed: requests(organization=OrganizationFactory())(sealed), ("requests", "altered", ROW)),
    ("key", requests(api_key_id=F("api_key_id") + 1), ("requests", "altered", ROW)),
    ("null becomes blank", requests(parameter=""), ("requests", "altered", ROW)),
    ("null becomes zero", requests(document=0), ("requests", "altered", ROW)),
    ("null becomes false", requests(outside_networks=False), ("requests", "altered", ROW)),
    ("a flag", requests(new_network=True), ("requests", "altered", ROW)),
    ("a microsecond", requests(occurred_at=F("occurred_at") + timedelta(microseconds=1)), ("requests", "altered", ROW)),
    ("six years", requests(occurred_at=F("occurred_at") - timedelta(days=2200)), ("requests", "altered", ROW)),
    ("who was disclosed", requests(patients=[]), ("requests", "altered", ROW)),
    ("what was disclosed", requests(encounters=[ROW, 1]), ("requests", "altered", ROW)),
    ("the order of patients", requests(patients=[7, ROW + 1]), ("requests", "altered", ROW)),
    ("a letter moved", move_text, ("requests", "altered", ROW)),
    (
        "the last row",
        requests(LAST, count=9),
        ("requests", "altered", LAST),
    ),
    ("first removed", remove(RequestRecord, pk=FIRST), ("requests", "removed", FIRST)),
    ("one removed", remove(RequestRecord, pk=ROW), ("requests", "removed", ROW)),
    ("last removed", remove(RequestRecord, pk=LAST), ("requests", "removed", LAST)),
    ("a part removed", remove(RequestRecord, pk__gt=ROW), ("requests", "removed", ROW + STEP)),
    ("emptied", truncate, ("requests", "removed", FIRST)),
    ("dropped", drop, ("requests", "table_missing", None)),
    *(
        [
            ("partition dropped", drop_partition, ("requests", "removed", FIRST)),
            ("partition detached", detach_partition, ("requests", "removed", FIRST)),
            ("partition altered apart", alter_detached_partition, ("requests", "altered", ROW)),
        ]
        if ON_POSTGRESQL
        else []
    ),
    ("column gone", drop_column, ("requests", "table_missing", None)),
    ("swapped", swap, ("requests", "altered", ROW)),
    ("another id", requests(id=IN_GAP), ("requests", "inserted", IN_GAP)),
    ("moved to another seal", move_row_between_seals, ("requests", "inserted", FIRST + 2 * STEP + 1)),
    ("replaced", replace, ("requests", "altered", ROW)),
    ("inserted between", lambda sealed: request(sealed.key, IN_GAP), ("requests", "inserted", IN_GAP)),
    ("inserted before", lambda sealed: request(sealed.key, -5), ("requests", "inserted", -5)),
    ("copied", copy, ("requests", "inserted", IN_GAP)),
    ("back-dated", insert_back_dated, ("requests", "time", LAST + 1)),
    ("back-dated and sealed", insert_back_dated_and_seal, ("requests", "time", LAST + 1)),
    ("post-dated and sealed", insert_post_dated_and_seal, ("changes", "time", LAST + 1)),
    ("why", changes(reason="another reason"), ("changes", "altered", ROW)),
    ("who", changes(by="somebody else"), ("changes", "altered", ROW)),
    ("a value of JSON", changes(after={"email": "b@example.org", "number": 1}), ("changes", "altered", ROW)),
    ("a type of JSON", changes(after={"email": "a@example.org", "number": "1"}), ("changes", "altered", ROW)),
    ("a key of JSON", changes(before={"email": None}), ("changes", "altered", ROW)),
    ("change removed", remove(ChangeEvent, pk=ROW), ("changes", "removed", ROW)),
    ("change inserted", lambda sealed: change(IN_GAP), ("changes", "inserted", IN_GAP)),
    ("pruning forged", forge_pruning(None, FAR), ("requests", "removed", ROW)),
    (
        "pruning of the future",
        forge_pruning(later(days=2200), FAR),
        ("requests", "removed", ROW),
    ),
    ("pruning unreadable", forge_pruning(None, "whenever"), ("requests", "removed", ROW)),
]
SEALS = [
    ("range", seals(3, last_id=F("last_id") + 1), ("seals", "seal_altered", 3)),
    ("count", seals(3, count=2), ("seals", "seal_altered", 3)),
    ("table", seals(3, table="changes", first_id=7, last_id=8), ("seals", "seal_altered", 3)),
    ("another table", seals(3, table="nothing"), ("seals", "seal_altered", 3)),
    ("form", seals(3, form=2), ("seals", "seal_altered", 3)),
    ("time of the last", seals(6, sealed_at=F("sealed_at") - timedelta(seconds=1)), ("seals", "seal_altered", 6)),
    ("the earliest time", seals(3, sealed_at=datetime.min.replace(tzinfo=UTC)), ("seals", "seal_altered", 3)),
    ("the latest time", seals(3, sealed_at=datetime.max.replace(tzinfo=UTC)), ("seals", "seal_altered", 3)),
    ("signature of the last", seal_bytes("signature", 5), ("seals", "seal_altered", 6)),
    ("root of the last", seal_bytes("root", 0), ("seals", "seal_altered", 6)),
    ("previous of the last", seal_bytes("previous", 31), ("seals", "seal_altered", 6)),
    ("a digest", seal_bytes("rows", 20), ("seals", "seal_altered", 6)),
    ("an id", seal_bytes("rows", 7), ("seals", "seal_altered", 6)),
    ("a time", seal_bytes("rows", 15), ("seals", "seal_altered", 6)),
    ("a row fewer", cut_rows(96), ("seals", "seal_altered", 3)),
    ("half a row", cut_rows(100), ("seals", "seal_altered", 3)),
    ("signed with another key", sign_again(1), ("seals", "seal_altered", 6)),
    ("signed with an unknown key", sign_again(2), ("seals", "key_unknown", 6)),
    ("first removed", remove(Seal, number=1), ("seals", "seal_removed", 2)),
    ("one removed", remove(Seal, number=3), ("seals", "seal_removed", 4)),
    ("last removed", remove(Seal, number=6), ("seals", "chain_shorter", 6)),
    ("all removed", remove(Seal), ("seals", "nothing_sealed", None)),
    ("swapped", swap_seals, ("seals", "seal_altered", 3)),
    ("numbered again", renumber_seals, ("seals", "seal_altered", 3)),
    ("backup restored", restore, ("seals", "chain_shorter", 6)),
    ("backup restored, and it went on", restore_and_go_on, ("seals", "chain_rewritten", 6)),
    ("sealed again", seal_anew, ("seals", "chain_shorter", 6)),
]


def test_a_record_that_nobody_touched_has_no_fault(sealed):
    assert sealed.faults() == set()


def test_removing_and_installing_the_triggers_alone_leaves_no_fault(sealed):
    as_owner(lambda: None)
    assert sealed.faults() == set()


@pytest.mark.parametrize(("act", "fault"), [pytest.param(*case[1:], id=case[0]) for case in ROWS])
def test_what_is_done_to_rows_is_found(sealed, act, fault):
    as_owner(lambda: act(sealed))
    assert fault in sealed.faults()


@pytest.mark.parametrize(("act", "fault"), [pytest.param(*case[1:], id=case[0]) for case in SEALS])
def test_what_is_done_to_seals_is_found(sealed, act, fault):
    as_owner(lambda: act(sealed))
    assert fault in sealed.faults()


def test_triggers_that_are_gone_are_found(sealed):
    run_sql("SET CONSTRAINTS ALL IMMEDIATE") if ON_POSTGRESQL else None
    installing.remove(connection, triggers.SET)
    assert sealed.faults() == {("triggers", "trigger", None)}


PASSING_BY = [
    "ALTER TABLE partners_requestrecord DISABLE TRIGGER request_record_is_final",
    "CREATE OR REPLACE FUNCTION chartero_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
    "CREATE RULE nothing AS ON INSERT TO partners_requestrecord DO INSTEAD NOTHING",
    "SET LOCAL session_replication_role = replica",
]


@pytest.mark.postgresql
@pytest.mark.skipif(not ON_POSTGRESQL, reason="SQLite has none of these")
@pytest.mark.parametrize("sql", PASSING_BY)
def test_what_lets_rows_pass_by_the_triggers_is_found(sealed, sql):
    run_sql("SET CONSTRAINTS ALL IMMEDIATE")
    run_sql(sql)
    assert sealed.faults() == {("triggers", "trigger", None)}


SQLITE = [
    ("a time", "UPDATE partners_requestrecord SET occurred_at = 'yesterday'", ("requests", "altered", FIRST)),
    ("a list", "UPDATE partners_requestrecord SET patients = '[1, {'", ("requests", "altered", FIRST)),
    ("bytes", "UPDATE partners_requestrecord SET address = x'ff00'", ("requests", "altered", FIRST)),
    ("no list", "UPDATE partners_requestrecord SET encounters = 7", ("requests", "altered", FIRST)),
    ("no list but bytes", "UPDATE partners_requestrecord SET encounters = x'ff00'", ("requests", "altered", FIRST)),
    ("a flag of bytes", "UPDATE partners_requestrecord SET new_network = x'ff'", ("requests", "altered", FIRST)),
    ("a time of bytes", "UPDATE partners_requestrecord SET occurred_at = x'ff'", ("requests", "altered", FIRST)),
    ("no UTF-8", "UPDATE partners_requestrecord SET route = CAST(x'ff' AS TEXT)", ("requests", "altered", FIRST)),
    (
        "a list without UTF-8",
        "UPDATE partners_requestrecord SET patients = CAST(x'5bff5d' AS TEXT)",
        ("requests", "altered", FIRST),
    ),
    (
        "JSON without UTF-8",
        "UPDATE partners_changeevent SET after = CAST(x'22ff22' AS TEXT) WHERE action = 'contact_changed'",
        ("changes", "altered", FIRST),
    ),
    ("no flag", "UPDATE partners_requestrecord SET new_network = 'maybe'", ("requests", "altered", FIRST)),
    ("no JSON", f"UPDATE partners_changeevent SET after = '{{' WHERE id >= {FIRST}", ("changes", "altered", FIRST)),
    ("a seal's time", "UPDATE partners_seal SET sealed_at = 7 WHERE number = 6", ("seals", "seal_altered", 6)),
    (
        "a seal's text",
        "UPDATE partners_seal SET \"table\" = CAST(x'ff' AS TEXT) WHERE number = 6",
        ("seals", "seal_altered", 6),
    ),
    ("a seal's bytes", "UPDATE partners_seal SET root = 'text' WHERE number = 6", ("seals", "seal_altered", 6)),
    ("a seal's number", "UPDATE partners_seal SET number = 'six' WHERE number = 6", ("seals", "chain_shorter", 6)),
]
POSTGRESQL = [
    ("a time", "UPDATE partners_requestrecord SET occurred_at = 'infinity'", ("requests", "altered", FIRST)),
    ("no list", "UPDATE partners_requestrecord SET patients = '{null}'", ("requests", "altered", FIRST)),
    ("a seal's time", "UPDATE partners_seal SET sealed_at = 'infinity' WHERE number = 6", ("seals", "seal_altered", 6)),
]


@pytest.fixture
def no_constraints(db):
    """Let SQLite store what its constraints forbid, as its owner can."""
    yield ON_POSTGRESQL or run_sql("PRAGMA ignore_check_constraints = ON")
    ON_POSTGRESQL or run_sql("PRAGMA ignore_check_constraints = OFF")


@pytest.mark.postgresql
@pytest.mark.usefixtures("no_constraints")
@pytest.mark.parametrize(
    ("sql", "fault"), [pytest.param(*case[1:], id=case[0]) for case in (POSTGRESQL if ON_POSTGRESQL else SQLITE)]
)
def test_values_that_python_cannot_read_are_found(sealed, sql, fault):
    as_owner(lambda: run_sql(sql))
    assert fault in sealed.faults()
