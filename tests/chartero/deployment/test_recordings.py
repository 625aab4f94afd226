"""Where recordings are: a bucket, another storage, or files on this machine."""

from pathlib import Path

import pytest

from chartero.deployment.recordings import PRIVATE, configured

BUCKET = {"bucket": "a", "access_key": "b"}
LOCAL = {"location": Path("/data/recordings"), **PRIVATE}


@pytest.mark.parametrize(
    ("storage", "options", "s3", "expected"),
    [
        ("", {}, {"bucket": ""}, ("encounters.recordings.LocalStorage", LOCAL)),
        ("", {"location": "/a"}, {"bucket": ""}, ("encounters.recordings.LocalStorage", {"location": "/a"})),
        ("another.Storage", {}, {"bucket": ""}, ("another.Storage", {})),
        ("another.Storage", {"name": "a"}, {"bucket": ""}, ("another.Storage", {"name": "a"})),
        ("", {}, BUCKET, ("encounters.recordings.s3.BucketStorage", BUCKET)),
    ],
)
def test_the_storage_that_is_set(storage, options, s3, expected):
    found = configured(Path("/data"), storage, options, s3)
    assert (found["BACKEND"], found["OPTIONS"]) == expected
