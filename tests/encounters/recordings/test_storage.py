"""Links to recordings, and the storages that can make them."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.storage import InMemoryStorage
from django.test import RequestFactory
from django.utils import timezone

from encounters.checks import recordings_can_be_linked
from encounters.recordings import storage as recordings
from tests.moments import NONE, TICK


class ObjectStore(InMemoryStorage):
    """A storage that signs like those of django-storages."""

    def url(self, name, parameters=None, expire=None, http_method=None):
        return f"https://bucket.example/{name}?X-Amz-Expires={expire}"


class PublicStore(InMemoryStorage):
    """A storage whose URLs never expire."""

    base_url = "https://bucket.example/"


@pytest.fixture
def stored_in(settings):
    def use(backend, **options):
        path = backend if isinstance(backend, str) else f"{__name__}.{backend.__name__}"
        settings.STORAGES = settings.STORAGES | {"recordings": {"BACKEND": path, "OPTIONS": options}}

    return use


@pytest.fixture
def now(monkeypatch):
    moment = datetime(2026, 5, 25, 14, 0, 0, 999_999, tzinfo=UTC)
    monkeypatch.setattr(timezone, "now", lambda: moment)
    return moment


def test_a_link_is_absolute_and_its_expiry_is_never_later_than_the_real_one(settings, now):
    settings.AUDIO_URL_SECONDS = 120
    url, expires_at = recordings.link("org_x/invented.wav", RequestFactory().get("/", secure=True))
    assert url.startswith("https://testserver/media/audio/")
    assert expires_at == datetime(2026, 5, 25, 14, 2, tzinfo=UTC)
    assert recordings.signed_name(url.rpartition("/")[2]) == "org_x/invented.wav"


def test_the_base_url_of_the_deployment_comes_first(settings):
    settings.BASE_URL = "https://api.example.com/"
    url, _ = recordings.link("x.wav", RequestFactory().get("/"))
    assert url.startswith("https://api.example.com/media/audio/")


def test_an_object_store_makes_its_own_link(stored_in, settings):
    stored_in(ObjectStore)
    url, _ = recordings.link("x.wav", RequestFactory().get("/"))
    assert url == f"https://bucket.example/x.wav?X-Amz-Expires={settings.AUDIO_URL_SECONDS}"


def faults() -> list[str]:
    return [fault.id for fault in recordings_can_be_linked(None)]


@pytest.mark.parametrize("backend", ["encounters.recordings.LocalStorage", ObjectStore])
def test_a_storage_that_signs_has_no_fault(stored_in, backend):
    stored_in(backend)
    assert faults() == []


@pytest.mark.parametrize(("seconds", "fault"), [(59, "E001"), (60, ""), (3600, ""), (3601, "E001"), (0, "E001")])
def test_a_link_is_valid_for_minutes(settings, seconds, fault):
    settings.AUDIO_URL_SECONDS = seconds
    assert faults() == ([f"encounters.{fault}"] if fault else [])


@pytest.mark.parametrize("backend", ["storages.backends.nowhere.Storage", "nonsense"])
def test_a_missing_storage_is_e002(stored_in, backend):
    stored_in(backend)
    assert faults() == ["encounters.E002"]


def test_options_that_a_storage_does_not_know_are_e002_and_not_repeated(stored_in):
    stored_in(ObjectStore, secret_key="hidden")
    (fault,) = recordings_can_be_linked(None)
    assert (fault.id, "hidden" in f"{fault}") == ("encounters.E002", False)


def test_a_storage_whose_links_do_not_expire_is_e003(stored_in):
    stored_in(PublicStore)
    assert faults() == ["encounters.E003"]


@pytest.mark.parametrize(("before_its_end", "works"), [(TICK, True), (NONE, False), (-TICK, False)])
def test_a_link_works_until_its_exact_end(settings, monkeypatch, before_its_end, works):
    made = timezone.now().replace(microsecond=0)
    monkeypatch.setattr(timezone, "now", lambda: made)
    signed = recordings.LocalStorage().url("x.wav", expire=60).rpartition("/")[2]
    monkeypatch.setattr(timezone, "now", lambda: made + timedelta(seconds=60) - before_its_end)
    assert recordings.signed_name(signed) == ("x.wav" if works else None)
