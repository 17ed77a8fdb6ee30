"""Blobs as files in one directory, which any number of processes may share."""

import asyncio
import contextlib
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from nexus_runtime.blobs.protocol import (
    MAX_BLOB_BYTES,
    Blob,
    BlobCorrupt,
    BlobMissing,
    BlobsUnavailable,
    StoredBlob,
    blob_of,
    digest_in,
    require_intact,
    uri_of,
    verified,
)

_ASIDE = ".old-"
A = TypeVar("A")
T = TypeVar("T")


class DirectoryBlobStore:
    def __init__(self, root: Path, max_bytes: int = MAX_BLOB_BYTES) -> None:
        self._root = root
        self._max_bytes = max_bytes

    async def start(self) -> None:
        """Does nothing: the first blob creates the directory."""

    async def stop(self) -> None:
        """Does nothing: no resource is open between two calls."""

    async def put(self, content: bytes) -> Blob:
        return await self._in_thread(self._put, content)

    async def get(self, uri: str) -> bytes:
        return await self._in_thread(self._get, uri)

    async def stored(self) -> AsyncIterator[StoredBlob]:
        for folder in await self._in_thread(lambda root: sorted(root.glob("[0-9a-f][0-9a-f]")), self._root):
            for one in await self._in_thread(lambda path: list(_stored_in(path)), folder):
                yield one

    async def remove(self, uri: str, put_before: datetime) -> bool:
        return await self._in_thread(lambda digest: _remove(self._path(digest), put_before), digest_in(uri))

    async def _in_thread(self, work: Callable[[A], T], argument: A) -> T:
        try:
            return await asyncio.to_thread(work, argument)
        except OSError as error:
            raise BlobsUnavailable(f"the file store at {self._root} fails: {error.strerror}") from error

    def _path(self, digest: str) -> Path:
        return self._root / digest[:2] / digest

    def _put(self, content: bytes) -> Blob:
        blob = blob_of(content, self._max_bytes)
        path = self._path(blob.sha256)
        with contextlib.suppress(BlobMissing, BlobCorrupt, FileNotFoundError):
            self._get(blob.uri)
            os.utime(path)
            path.stat()  # missing where it was taken aside while its time was set: it may go, and is written anew
            return blob
        _write(path, content)
        return blob

    def _get(self, uri: str) -> bytes:
        try:
            with self._path(digest_in(uri)).open("rb") as file:
                require_intact(uri, os.fstat(file.fileno()).st_size, self._max_bytes)
                content = file.read()
        except FileNotFoundError:
            raise BlobMissing(f"{uri} is not stored here") from None
        return verified(uri, content)


def _stored_in(folder: Path) -> Iterator[StoredBlob]:
    for path in folder.iterdir():
        with contextlib.suppress(BlobMissing, FileNotFoundError):
            if path.name.startswith(_ASIDE):  # who wanted to remove it was killed
                path = path.rename(path.with_name(path.name.removeprefix(_ASIDE)))
            known = path.stat()
            yield StoredBlob(uri_of(path.name), known.st_size, _put_at(known))


def _put_at(known: os.stat_result) -> datetime:
    return datetime.fromtimestamp(known.st_mtime, UTC)


def _remove(path: Path, put_before: datetime) -> bool:
    """Looks at its age again once it is aside: whoever puts it from then on does not find it, and writes it anew."""
    aside = path.with_name(_ASIDE + path.name)
    with contextlib.suppress(FileNotFoundError):
        if _put_at(path.stat()) < put_before:
            path.rename(aside)
            if _put_at(aside.stat()) < put_before:
                aside.unlink()
                return True
            aside.rename(path)
    return False


def _write(path: Path, content: bytes) -> None:
    """Atomic even in a power failure: the name appears only once the content is on disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=".new-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    for directory in (path.parent, path.parent.parent):
        _sync(directory)


def _sync(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
