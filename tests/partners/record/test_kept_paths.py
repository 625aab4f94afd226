"""What is kept of a path that is no route."""

import pytest

from partners.models import RequestRecord
from partners.record.kept_paths import kept_path

STRAY = "/external/v1/encounter"
ID = "enc_" + "0" * 22


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        (STRAY, STRAY),
        ("/external", "/external"),
        ("/external/v2/Encounters/", "/external/v2/Encounters/"),
        (f"/external/v1//encounters/{ID}/document", f"/external/v1//encounters/{ID}/document"),
        ("/external/v1/encounters/Invented-Patient/x", "/external/v1/encounters/?/?"),
        ("/external/v1/patients/doe", "/external/v1/?/?"),
        ("/external/v1/encounters\n/\x00/é", "/external/v1/?/?/?"),
        ("/external/v1/ch_sk_0123456789ab", "/external/v1/?"),
        (f"/external/v1/encounters/{'x' * 9000}/{ID}", "/external/v1/encounters/?"),
        (
            f"/external/v1/encounters/{ID}/documents/{'audio/' * 90}",
            f"/external/v1/encounters/{ID}/documents/audio/audio/audio/?",
        ),
        ("/external/" + "audio/" * 11 + "abcd", "/external/" + "audio/" * 11 + "?"),
        ("/external/" + "audio/" * 10 + "transcript", "/external/" + "audio/" * 10 + "transcript"),
        ("/external/" + "audio/" * 10 + "transcripts", "/external/" + "audio/" * 10 + "?"),
    ],
)  # fmt: skip
def test_ids_and_what_is_like_a_word_of_ours_is_kept_of_a_path(path, kept):
    assert kept_path(path) == kept
    assert len(kept) <= RequestRecord._meta.get_field("resource").max_length
