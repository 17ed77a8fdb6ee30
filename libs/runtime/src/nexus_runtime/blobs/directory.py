"""Blobs as files in one directory, which any number of processes may share."""

import asyncio
import contextlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from nexus_runtime.blobs.protocol import (
    MAX_BLOB_BYTES,
    Blob,
    BlobCorrupt,
    BlobMissing,
    BlobsUnavailable,
    blob_of,
    digest_in,
    require_intact,
    verified,
)

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

    async def _in_thread(self, work: Callable[[A], T], argument: A) -> T:
        try:
            return await asyncio.to_thread(work, argument)
        except OSError as error:
            raise BlobsUnavailable(f"the file store at {self._root} fails: {error.strerror}") from error

    def _path(self, digest: str) -> Path:
        return self._root / digest[:2] / digest

    def _put(self, content: bytes) -> Blob:
        blob = blob_of(content, self._max_bytes)
        with contextlib.suppress(BlobMissing, BlobCorrupt):
            self._get(blob.uri)
            return blob
        _write(self._path(blob.sha256), content)
        return blob

    def _get(self, uri: str) -> bytes:
        try:
            with self._path(digest_in(uri)).open("rb") as file:
                require_intact(uri, os.fstat(file.fileno()).st_size, self._max_bytes)
                content = file.read()
        except FileNotFoundError:
            raise BlobMissing(f"{uri} is not stored here") from None
        return verified(uri, content)


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
