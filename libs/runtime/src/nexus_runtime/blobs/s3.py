"""Blobs as objects in a bucket of S3 or of an S3-compatible store."""

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import aioboto3
from aiobotocore.config import AioConfig
from aiohttp import ClientError as ConnectionFault
from botocore.exceptions import BotoCoreError, ClientError

from nexus_runtime.blobs.protocol import (
    MAX_BLOB_BYTES,
    Blob,
    BlobMissing,
    BlobsUnavailable,
    StoredBlob,
    blob_of,
    digest_in,
    require_intact,
    uri_of,
    verified,
)


class S3BlobStore:
    """Keys are `<prefix>/<digest>`. Credentials come by AWS's usual chain.

    `endpoint_url` is that of a compatible store, which is addressed by paths. Needed are the rights
    s3:GetObject, s3:PutObject and s3:ListBucket, without which S3 does not tell a missing object from a forbidden one;
    to remove blobs s3:ListBucketVersions and s3:DeleteObjectVersion.
    """

    def __init__(
        self, bucket: str, prefix: str, region: str, endpoint_url: str | None = None, max_bytes: int = MAX_BLOB_BYTES
    ) -> None:
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._region = region
        self._endpoint_url = endpoint_url
        self._max_bytes = max_bytes
        self._exit = contextlib.AsyncExitStack()
        self._client: Any = None

    async def start(self) -> None:
        """Creates the client, which connects with the first call."""
        config = AioConfig(
            connect_timeout=2,
            read_timeout=30,
            retries={"mode": "standard", "max_attempts": 3},
            tcp_keepalive=True,
            # Compatible stores do not support the checksums that botocore adds by default; the digest is checked here.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3={"addressing_style": "path"} if self._endpoint_url else None,
        )
        session: Any = aioboto3.Session(region_name=self._region)
        client = session.client("s3", endpoint_url=self._endpoint_url, config=config)
        self._client = await self._exit.enter_async_context(client)

    async def stop(self) -> None:
        await self._exit.aclose()

    async def put(self, content: bytes) -> Blob:
        blob = await asyncio.to_thread(blob_of, content, self._max_bytes)
        # Written even if it is already stored: that repairs it. With the checksum S3 refuses what arrives damaged.
        checksum = base64.b64encode(bytes.fromhex(blob.sha256)).decode()
        with self._faults():
            await self._client.put_object(**self._at(blob.sha256), Body=content, ChecksumSHA256=checksum)
        return blob

    async def get(self, uri: str) -> bytes:
        place = self._at(digest_in(uri))
        with self._faults():
            try:
                answer: Any = await self._client.get_object(**place)
            except self._client.exceptions.NoSuchKey:
                raise BlobMissing(f"{uri} is not stored here") from None
            async with answer["Body"] as body:
                require_intact(uri, answer["ContentLength"], self._max_bytes)
                content = await body.read()
        return await asyncio.to_thread(verified, uri, content)

    async def stored(self) -> AsyncIterator[StoredBlob]:
        with self._faults():
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix)
            async for page in pages:
                for one in page.get("Contents", []):
                    with contextlib.suppress(BlobMissing):
                        uri = uri_of(one["Key"].removeprefix(self._prefix))
                        yield StoredBlob(uri, one["Size"], one["LastModified"])

    async def remove(self, uri: str, put_before: datetime) -> bool:
        """Removes those versions that it has seen to be old, and no other. In a bucket without versions what is put
        between the look and the removal, two requests apart, would be lost."""
        place = self._at(digest_in(uri))
        with self._faults():
            listed = await self._client.list_object_versions(Bucket=self._bucket, Prefix=place["Key"])
            versions = listed.get("Versions", [])
            if not versions or any(one["LastModified"] >= put_before for one in versions):
                return False
            for one in versions:
                await self._client.delete_object(**place, VersionId=one["VersionId"])
        return True

    def _at(self, digest: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": self._prefix + digest}

    @contextlib.contextmanager
    def _faults(self) -> Any:
        where = f"the file store s3://{self._bucket}/{self._prefix}"
        try:
            yield
        except ClientError as error:
            answer: Any = error.response
            raise BlobsUnavailable(f"{where} refuses: {answer.get('Error', {}).get('Code', 'no reason')}") from error
        except (BotoCoreError, ConnectionFault, OSError, TimeoutError) as error:
            raise BlobsUnavailable(f"{where} does not answer: {type(error).__name__}") from error
