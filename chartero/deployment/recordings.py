"""The storage for recordings, as Django's setting STORAGES describes it."""

from pathlib import Path
from typing import Any

PRIVATE = {"file_permissions_mode": 0o600, "directory_permissions_mode": 0o700}


def configured(data_dir: Path, storage: str, options: dict[str, Any], s3: dict[str, str]) -> dict[str, Any]:
    """Return the description: the bucket if one is set, else the storage that is named, else files in `data_dir`."""
    if s3["bucket"]:
        return {"BACKEND": "encounters.recordings.s3.BucketStorage", "OPTIONS": s3}
    if storage:
        return {"BACKEND": storage, "OPTIONS": options}
    local = {"location": data_dir / "recordings", **PRIVATE}
    return {"BACKEND": "encounters.recordings.LocalStorage", "OPTIONS": options or local}
