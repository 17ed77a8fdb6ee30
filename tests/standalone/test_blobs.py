"""Both stores of blobs: what was put comes back, or its loss is told."""

import asyncio
import hashlib
import os
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aioboto3
import pytest
import pytest_asyncio
from pydantic import TypeAdapter, ValidationError
from tests.support.s3 import s3_server

from nexus_devstack.ports import LOOPBACK, free_port
from nexus_runtime.blobs import (
    Blob,
    BlobCorrupt,
    BlobMissing,
    BlobStore,
    BlobsUnavailable,
    BlobsUrl,
    BlobTooLarge,
    BlobUpkeep,
    DirectoryBlobStore,
    blob_store,
    directory_url,
)
from nexus_runtime.blobs.s3 import S3BlobStore
from nexus_runtime.process.settings import OwnerSettings

pytestmark = pytest.mark.asyncio(loop_scope="module")
BIG = 25_000_000
BUCKET = "nexus-files"


@dataclass(frozen=True)
class Kept:
    """A store, and ways around it to what it keeps."""

    store: BlobUpkeep
    limited: Callable[[int], BlobStore]
    names: Callable[[], Coroutine[Any, Any, set[str]]]
    """Of all files or objects, blobs or not."""
    overwrite: Callable[[str, bytes], Coroutine[Any, Any, None]]


def files_in(root: Path) -> set[str]:
    return {path.name for path in root.rglob("*") if path.is_file()}


def replace(root: Path, name: str, content: bytes) -> None:
    next(root.rglob(name)).write_bytes(content)


def place_of(root: Path, blob: Blob) -> Path:
    return next(root.rglob(blob.sha256))


@asynccontextmanager
async def in_directory(root: Path) -> AsyncGenerator[Kept]:
    async def names() -> set[str]:
        return files_in(root)

    async def overwrite(digest: str, content: bytes) -> None:
        replace(root, digest, content)

    yield Kept(DirectoryBlobStore(root), lambda size: DirectoryBlobStore(root, size), names, overwrite)


@asynccontextmanager
async def in_bucket(root: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Kept]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "local")
    async with s3_server(root) as endpoint:
        settings = OwnerSettings(s3_endpoint_url=endpoint)
        session: Any = aioboto3.Session(region_name=settings.aws_region)
        async with session.client("s3", endpoint_url=endpoint) as client:
            await client.create_bucket(Bucket=BUCKET)

            async def names() -> set[str]:
                listed = await client.list_objects_v2(Bucket=BUCKET, Prefix="packages/")
                return {one["Key"].removeprefix("packages/") for one in listed.get("Contents", [])}

            async def overwrite(digest: str, content: bytes) -> None:
                await client.put_object(Bucket=BUCKET, Key=f"packages/{digest}", Body=content)

            def limited(size: int) -> BlobStore:
                return S3BlobStore(BUCKET, "packages", settings.aws_region, endpoint, size)

            store = blob_store(f"s3://{BUCKET}/packages", settings)
            await store.start()
            try:
                yield Kept(store, limited, names, overwrite)
            finally:
                await store.stop()


@pytest_asyncio.fixture(params=["directory", "s3"], scope="module", loop_scope="module")
async def kept(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Kept]:
    root = tmp_path_factory.mktemp("blobs")
    with pytest.MonkeyPatch.context() as monkeypatch:
        async with in_directory(root) if request.param == "directory" else in_bucket(root, monkeypatch) as one:
            yield one


async def test_what_was_put_comes_back_under_its_digest(kept: Kept) -> None:
    blob = await kept.store.put(b"hello")
    assert blob.sha256 == hashlib.sha256(b"hello").hexdigest()
    assert (blob.uri, blob.size_bytes) == (f"blob:sha256:{blob.sha256}", 5)
    assert await kept.store.get(blob.uri) == b"hello"


async def test_the_empty_content_is_a_content(kept: Kept) -> None:
    assert await kept.store.get((await kept.store.put(b"")).uri) == b""


async def test_the_same_content_again_is_the_same_blob(kept: Kept) -> None:
    first, names = await kept.store.put(b"twice"), await kept.names()
    assert await kept.store.put(b"twice") == first
    assert await kept.names() == names


async def test_many_writers_of_the_same_and_of_others_leave_one_each(kept: Kept) -> None:
    before = await kept.names()
    contents = [bytes([number % 5]) * 100_000 for number in range(40)]
    blobs = await asyncio.gather(*(kept.store.put(content) for content in contents))
    assert await kept.names() - before == {blob.sha256 for blob in blobs}
    assert [await kept.store.get(blob.uri) for blob in blobs] == contents


async def test_a_big_content_comes_back_whole(kept: Kept) -> None:
    content = os.urandom(BIG)
    assert await kept.store.get((await kept.store.put(content)).uri) == content


@pytest.mark.parametrize(
    "uri", ["blob:sha256:" + "0" * 64, "blob:sha256:../../etc/passwd", "s3://bucket/key", "", "blob:sha256:" + "A" * 64]
)
async def test_what_is_not_there_is_missing(kept: Kept, uri: str) -> None:
    with pytest.raises(BlobMissing):
        await kept.store.get(uri)


@pytest.mark.parametrize("changed", [b"hullo", b"", b"hello and more"])
async def test_a_changed_content_is_found_out_and_putting_it_again_mends_it(kept: Kept, changed: bytes) -> None:
    blob = await kept.store.put(b"hello")
    await kept.overwrite(blob.sha256, changed)
    with pytest.raises(BlobCorrupt):
        await kept.store.get(blob.uri)
    await kept.store.put(b"hello")
    assert await kept.store.get(blob.uri) == b"hello"


async def test_more_than_the_limit_is_neither_put_nor_read(kept: Kept) -> None:
    store, whole = kept.limited(10), await kept.store.put(b"eleven byte")
    await store.start()
    try:
        assert await store.get((await store.put(b"ten bytes!")).uri) == b"ten bytes!"
        with pytest.raises(BlobTooLarge, match="at most 10 bytes"):
            await store.put(b"eleven byte")
        with pytest.raises(BlobCorrupt):
            await store.get(whole.uri)
    finally:
        await store.stop()


async def test_what_is_stored_is_listed_with_the_time_of_its_last_put_and_nothing_else_is(kept: Kept) -> None:
    before = datetime.now(UTC) - timedelta(seconds=2)  # S3 tells whole seconds
    first, second = await kept.store.put(b"listed"), await kept.store.put(b"listed, too")
    await kept.overwrite(first.sha256, b"listed")
    listed = {one.uri: one async for one in kept.store.stored()}
    assert {first.uri, second.uri} <= set(listed)
    assert listed[second.uri].size_bytes == 11
    assert before <= listed[second.uri].put_at <= datetime.now(UTC) + timedelta(seconds=2)
    assert {uri.rpartition(":")[2] for uri in listed} == await kept.names()


async def test_only_what_was_put_long_ago_is_removed_and_once(kept: Kept) -> None:
    blob = await kept.store.put(b"unwanted")
    assert not await kept.store.remove(blob.uri, datetime.now(UTC) - timedelta(hours=1))
    assert await kept.store.get(blob.uri) == b"unwanted"
    later = datetime.now(UTC) + timedelta(hours=1)
    assert await kept.store.remove(blob.uri, later)
    assert not await kept.store.remove(blob.uri, later)
    with pytest.raises(BlobMissing):
        await kept.store.get(blob.uri)
    assert blob.sha256 not in await kept.names()


async def test_of_a_bucket_with_versions_all_of_them_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with in_bucket(tmp_path, monkeypatch) as kept:
        client: Any = getattr(kept.store, "_client")  # noqa: B009  # a test's own look
        await client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        blob = await kept.store.put(b"put twice")
        await kept.store.put(b"put twice")
        assert await kept.store.remove(blob.uri, datetime.now(UTC) + timedelta(hours=1))
        with pytest.raises(BlobMissing):
            await kept.store.get(blob.uri)


async def test_what_is_put_again_counts_as_new(tmp_path: Path) -> None:
    """In a bucket every put writes."""
    store = DirectoryBlobStore(tmp_path)
    blob = await store.put(b"again")
    os.utime(place_of(tmp_path, blob), (0, 0))
    await store.put(b"again")
    assert not await store.remove(blob.uri, datetime.now(UTC) - timedelta(hours=1))


async def test_no_put_is_lost_beside_removals(tmp_path: Path) -> None:
    """Each time one who puts and one who removes what is old meet at the same old blob."""
    store = DirectoryBlobStore(tmp_path)
    blob = await store.put(b"contested")
    for _ in range(300):
        os.utime(place_of(tmp_path, blob), (0, 0))
        limit = datetime.now(UTC) - timedelta(hours=1)
        await asyncio.gather(store.put(b"contested"), store.remove(blob.uri, limit))
        assert await store.get(blob.uri) == b"contested"


async def test_a_blob_whose_removal_was_killed_half_way_is_listed_again(tmp_path: Path) -> None:
    store = DirectoryBlobStore(tmp_path)
    blob = await store.put(b"half removed")
    path = place_of(tmp_path, blob)
    path.rename(path.with_name(f".old-{blob.sha256}"))
    assert [one.uri async for one in store.stored()] == [blob.uri]
    assert await store.get(blob.uri) == b"half removed"


async def test_a_directory_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(BlobsUnavailable, match="Not a directory"):
        await DirectoryBlobStore(tmp_path / "file").put(b"hello")


async def test_a_bucket_that_is_none_refuses_and_an_absent_store_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with in_bucket(tmp_path, monkeypatch) as kept:
        blob = await kept.store.put(b"hello")
        endpoint = str(getattr(kept.limited(1), "_endpoint_url"))  # noqa: B009  # a test's own look
        await fails(S3BlobStore("no-such-bucket", "", "us-east-1", endpoint), blob.uri, "refuses: NoSuchBucket")
        absent = f"http://{LOOPBACK}:{free_port()}"
        await fails(S3BlobStore(BUCKET, "", "us-east-1", absent), blob.uri, "does not answer")


async def fails(store: BlobStore, uri: str, how: str) -> None:
    await store.start()
    try:
        with pytest.raises(BlobsUnavailable, match=how):
            await store.put(b"hello")
        with pytest.raises(BlobsUnavailable, match=how):
            await store.get(uri)
    finally:
        await store.stop()


@pytest.mark.parametrize(
    "url", ["", "packages", "/data/packages", "file:", "file://host/data", "s3://", "s3:bucket", "s3://b?versions"]
)
async def test_another_address_is_refused(url: str) -> None:
    with pytest.raises(ValidationError, match="must be file:///<directory> or s3://<bucket>/<prefix>"):
        TypeAdapter(BlobsUrl).validate_python(url)


async def test_a_directory_s_address_leads_to_it(tmp_path: Path) -> None:
    url = TypeAdapter(BlobsUrl).validate_python(directory_url(str(tmp_path / "with space")))
    await blob_store(url, OwnerSettings()).put(b"hello")
    assert urlsplit(url).scheme == "file"
    assert (tmp_path / "with space").is_dir()
