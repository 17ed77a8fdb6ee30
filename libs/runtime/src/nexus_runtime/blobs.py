"""Content-addressed storage of files: what is stored under an address never changes."""

import asyncio
import contextlib
import hashlib
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

_URI = re.compile(r"blob:sha256:([0-9a-f]{64})")


class BlobMissing(LookupError):
    """Nothing is stored under the address, or it is no address of a blob."""


class BlobCorrupt(Exception):
    """What is stored under the address is not what was put there."""


@dataclass(frozen=True)
class Blob:
    """Where a content is kept: `uri` is `blob:sha256:<digest>`."""

    uri: str
    sha256: str
    size_bytes: int


class BlobStore(Protocol):
    async def put(self, content: bytes) -> Blob:
        """Keeps the content durably before it returns. The same content again is the same blob."""
        ...

    async def get(self, uri: str) -> bytes:
        """The content, its digest verified. Raises BlobMissing or BlobCorrupt."""
        ...


def digest_in(uri: str) -> str:
    """The SHA-256 that a blob's address names. Raises BlobMissing for anything else."""
    match = _URI.fullmatch(uri)
    if match is None:
        raise BlobMissing(f"{uri!r} is not the address of a blob")
    return match[1]


class DirectoryBlobStore:
    """Blobs as files of one directory, which any number of programs may share."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def put(self, content: bytes) -> Blob:
        return await asyncio.to_thread(self._put, content)

    async def get(self, uri: str) -> bytes:
        return await asyncio.to_thread(self._get, uri)

    def _path(self, digest: str) -> Path:
        return self._root / digest[:2] / digest

    def _put(self, content: bytes) -> Blob:
        digest = hashlib.sha256(content).hexdigest()
        blob = Blob(f"blob:sha256:{digest}", digest, len(content))
        with contextlib.suppress(BlobMissing, BlobCorrupt):
            self._get(blob.uri)
            return blob
        _write(self._path(digest), content)
        return blob

    def _get(self, uri: str) -> bytes:
        digest = digest_in(uri)
        try:
            content = self._path(digest).read_bytes()
        except FileNotFoundError:
            raise BlobMissing(f"{uri} is not stored here") from None
        if hashlib.sha256(content).hexdigest() != digest:
            raise BlobCorrupt(f"the content stored as {uri} has been changed")
        return content


def _write(path: Path, content: bytes) -> None:
    """All or nothing, also through a power cut: the name appears only once the content is on disk."""
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
