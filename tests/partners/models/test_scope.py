import pytest
from django.apps import apps

from partners.apps import keep_in_step
from partners.catalogue import routes
from partners.models import ApiKeySwitch, Scope
from tests.factories import issue

pytestmark = pytest.mark.django_db


def rows() -> dict[str, str]:
    return dict(Scope.objects.values_list("name", "description"))


def test_the_rows_are_the_catalogue():
    assert rows() == {scope.value: scope.description for scope in routes.Scope}
    assert str(Scope.objects.first()) == "documents:read"


def test_a_missing_or_a_changed_row_is_mended():
    Scope.objects.filter(name="patients:read").delete()
    Scope.objects.filter(name="encounters:read").update(description="old")
    Scope.mirror_catalogue("default")
    assert rows() == {scope.value: scope.description for scope in routes.Scope}


def test_a_scope_that_left_the_catalogue_goes():
    Scope.objects.create(name="gone:read", description="gone")
    Scope.mirror_catalogue("default")
    assert "gone:read" not in rows()


def test_a_scope_that_left_the_catalogue_stays_while_a_key_holds_it():
    key, _ = issue()
    key.scopes.add(Scope.objects.create(name="gone:read", description="gone"))
    Scope.mirror_catalogue("default")
    assert "gone:read" in rows()
    assert key.scopes.filter(name="gone:read").exists()


def test_a_migration_brings_the_database_into_step():
    ApiKeySwitch.objects.all().delete()
    Scope.objects.all().delete()
    keep_in_step(apps.get_app_config("partners"), "default")
    assert ApiKeySwitch.objects.get().enabled
    assert len(rows()) == len(routes.Scope)


def test_a_migration_leaves_the_switch_as_it_stands():
    ApiKeySwitch.objects.update(enabled=False)
    keep_in_step(apps.get_app_config("partners"), "default")
    assert not ApiKeySwitch.objects.get().enabled


def test_nothing_is_brought_into_step_before_there_are_tables(monkeypatch):
    monkeypatch.setattr(Scope._meta, "db_table", "not_there_yet")
    keep_in_step(apps.get_app_config("partners"), "default")
    assert ApiKeySwitch.objects.exists()
