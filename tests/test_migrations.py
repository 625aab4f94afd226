"""Migrations that the release before can live with: it serves until the new one has taken its place."""

from collections.abc import Iterator

import pytest
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ModelState, ProjectState
from django.db.models import NOT_PROVIDED

BEFORE = {"partners": 36, "encounters": 10}  # the last migrations that were made before the rule
# A migration and what it does -> why the release before can live with that, or what CHANGELOG.md says about it.
_NO_CHECK = "the columns are the same, only without a check"
LISTED = {
    ("partners.0038_lighter_ledger", f"Alter field {name} on requestrecord"): _NO_CHECK
    for name in ("status", "count", "microseconds", "document")
}
GONE = (
    migrations.RemoveField,
    migrations.RenameField,
    migrations.DeleteModel,
    migrations.RenameModel,
    migrations.AlterModelTable,
)


@pytest.fixture(scope="module")
def breaks() -> set[tuple[str, str]]:
    """Return what our migrations do to tables of the release before that it may not live with."""
    return set(found())


def found() -> Iterator[tuple[str, str]]:
    loader, state = MigrationLoader(None, ignore_no_migrations=True), ProjectState()
    for app, name in dict.fromkeys(
        node for leaf in loader.graph.leaf_nodes() for node in loader.graph.forwards_plan(leaf)
    ):
        made = set()
        for operation in parts(loader.disk_migrations[app, name].operations):
            if isinstance(operation, migrations.CreateModel):
                made.add(operation.name_lower)
            table = state.models.get((app, getattr(operation, "model_name", "").lower()))
            if app in BEFORE and (table is None or table.name_lower not in made) and may_break(operation, table):
                yield f"{app}.{name}", operation.describe()
            operation.state_forwards(app, state)


def parts(operations: list) -> Iterator:
    """Yield operations, and in place of one that divides state and database, those of the state."""
    for each in operations:
        yield from each.state_operations if isinstance(each, migrations.SeparateDatabaseAndState) else [each]


def may_break(operation, table: ModelState | None) -> bool:
    """Return True if a release that doesn't know of an operation may fail after it."""
    match operation:
        case migrations.AddField(field=field):
            return not (field.null or field.many_to_many) and field.db_default is NOT_PROVIDED
        case migrations.AlterField(name=name, field=field):
            return is_narrower(field, table.fields[name])
        case migrations.AddConstraint(constraint=constraint):
            return isinstance(constraint, models.UniqueConstraint)
        case migrations.RemoveConstraint(name=name):
            return isinstance(table.get_constraint_by_name(name), models.UniqueConstraint)
    return isinstance(operation, GONE)


def is_narrower(new, old) -> bool:
    """Return True if a field holds less than before, or something else."""
    length = (new.max_length or 0) < (old.max_length or 0)
    return (
        (old.null and not new.null)
        or (new.unique and not old.unique)
        or length
        or new.get_internal_type() != old.get_internal_type()
    )


def test_the_release_before_can_serve_after_each_migration(breaks):
    later = {(name, what) for name, what in breaks if int(name.partition(".")[2][:4]) > BEFORE[name.partition(".")[0]]}
    assert later - LISTED.keys() == set(), "expand first, contract in the release after it, or list it with the reason"


def test_what_broke_it_before_the_rule_is_found(breaks):
    assert {
        ("partners.0034_record_integrity", "Remove field first_fault from verification"),
        ("partners.0036_insert_only_counts", "Remove constraint unkeyed_count_once from model unkeyedcount"),
        ("partners.0034_record_integrity", "Add field first_faults to verification"),
    } <= breaks
