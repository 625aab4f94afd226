"""Recordings in a bucket of Amazon S3, or of another store with the same API.

No call waits for the store: a link is signed here. Only imports, `demo` and `check --deploy` reach it. This module
needs the packages of `deploy/s3.txt`.
"""

from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.session import Session
from django.core.files.base import File
from django.core.files.storage import Storage

from encounters.recordings.storage import cause, media_type

UNKNOWN = "chartero-check"  # no recording has this name: theirs begin with the id of an organization


class BucketStorage(Storage):
    """A private bucket, which partners read by links that expire (Signature Version 4)."""

    # A store that is silent holds an import up for less than a minute: three times these.
    connect_seconds, read_seconds, attempts = 3.0, 15.0, 3

    def __init__(self, bucket: str, endpoint: str, region: str, access_key: str, secret_key: str) -> None:
        self.bucket = bucket
        # One for all threads, which may share it. It is made before the processes of a server divide.
        self.client: Any = Session().create_client(
            "s3",
            region_name=region,
            endpoint_url=endpoint or None,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            config=Config(
                signature_version="s3v4",  # by default, some regions get links of version 2, which most stores refuse
                # By default, a link to Amazon names no region, and a new bucket elsewhere then refuses it.
                s3={"addressing_style": "path" if endpoint else "virtual"},
                connect_timeout=self.connect_seconds,
                read_timeout=self.read_seconds,
                retries={"total_max_attempts": self.attempts, "mode": "standard"},
                # Other stores than Amazon's may not know the checksums that are sent otherwise.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
                ignore_configured_endpoint_urls=True,
            ),
        )

    def url(self, name: str | None, expire: int = 0) -> str:
        """Return a link to a recording that works for so many seconds, with the type that our own view would send."""
        sent = {"ResponseContentType": media_type(str(name)), "ResponseCacheControl": "no-store"}
        link: str = self.client.generate_presigned_url("get_object", Params=self._key(name) | sent, ExpiresIn=expire)
        return link

    def exists(self, name: str) -> bool:
        try:
            self.size(name)
        except FileNotFoundError:
            return False
        return True

    def size(self, name: str) -> int:
        try:
            return int(self.client.head_object(**self._key(name))["ContentLength"])
        except ClientError as fault:
            if fault.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                raise FileNotFoundError(name) from None
            raise

    def delete(self, name: str) -> None:
        self.client.delete_object(**self._key(name))

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        """Return the name itself: the store replaces an object as a whole."""
        return name

    def fault(self) -> str:
        """Return the store's code if it refuses these settings, or what went wrong; an empty text if it doesn't."""
        try:
            self.client.list_objects_v2(Bucket=self.bucket, MaxKeys=1)
            self.client.get_object(**self._key(UNKNOWN))
        except self.client.exceptions.NoSuchKey:
            return ""
        except Exception as fault:
            return cause(fault)
        return ""

    def _save(self, name: str, content: File) -> str:
        self.client.put_object(**self._key(name), Body=content, ContentType=media_type(name))
        return name

    def _key(self, name: str | None) -> dict[str, str | None]:
        return {"Bucket": self.bucket, "Key": name}
