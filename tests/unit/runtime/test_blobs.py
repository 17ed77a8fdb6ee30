"""The store of blobs: what was put comes back, or its loss is told."""

import asyncio
import hashlib
from pathlib import Path

import pytest

from nexus_runtime.blobs import BlobCorrupt, BlobMissing, DirectoryBlobStore


def _file_of(root: Path, digest: str) -> Path:
    return next(root.rglob(digest))


def _files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


async def test_what_was_put_comes_back_under_its_digest(tmp_path: Path) -> None:
    blob = await DirectoryBlobStore(tmp_path).put(b"hello")
    assert blob.sha256 == hashlib.sha256(b"hello").hexdigest()
    assert (blob.uri, blob.size_bytes) == (f"blob:sha256:{blob.sha256}", 5)
    assert await DirectoryBlobStore(tmp_path).get(blob.uri) == b"hello"


async def test_many_writers_of_the_same_and_of_others_leave_one_file_each(tmp_path: Path) -> None:
    contents = [bytes([number % 5]) * 100_000 for number in range(40)]
    blobs = await asyncio.gather(*(DirectoryBlobStore(tmp_path).put(content) for content in contents))
    assert len({blob.uri for blob in blobs}) == 5
    assert len(_files(tmp_path)) == 5


@pytest.mark.parametrize(
    "uri", ["blob:sha256:" + "0" * 64, "blob:sha256:../../etc/passwd", "s3://bucket/key", "", "blob:sha256:" + "A" * 64]
)
async def test_what_is_not_there_is_missing(tmp_path: Path, uri: str) -> None:
    with pytest.raises(BlobMissing):
        await DirectoryBlobStore(tmp_path).get(uri)


async def test_a_changed_content_is_found_out_and_putting_it_again_mends_it(tmp_path: Path) -> None:
    store = DirectoryBlobStore(tmp_path)
    blob = await store.put(b"hello")
    _file_of(tmp_path, blob.sha256).write_bytes(b"hullo")
    with pytest.raises(BlobCorrupt):
        await store.get(blob.uri)
    await store.put(b"hello")
    assert await store.get(blob.uri) == b"hello"
