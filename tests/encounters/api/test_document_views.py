"""The API's link leads to the recording, without a key."""

from django.core.files.base import ContentFile
from django.test import Client

from encounters.recordings.storage import storage
from tests.api import LIST
from tests.factories import DocumentFactory


def test_the_link_of_the_api_gives_the_recording(organization, api, recordings_folder):
    storage().save("org_x/invented.wav", ContentFile(b"RIFF invented"))
    document = DocumentFactory(encounter__organization=organization, audio="org_x/invented.wav")
    link = api.get(f"{LIST}/{document.encounter}/documents/{document}/audio").json()["audio_url"]
    answer = Client().get(link.removeprefix("http://testserver"), headers={"Range": "bytes=0-2"})
    assert (answer.status_code, b"".join(answer.streaming_content)) == (206, b"RIF")
