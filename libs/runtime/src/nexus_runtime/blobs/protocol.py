"""Content-addressed storage of files: what is stored under an address never changes."""

import hashlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from nexus_contracts.errors import ServiceUnavailable

MAX_BLOB_BYTES = 50_000_000
_URI = re.compile(r"blob:sha256:([0-9a-f]{64})")


class BlobMissing(LookupError):
    """Nothing is stored under the address, or it is not the address of a blob."""


class BlobCorrupt(Exception):
    """The stored content does not match its address."""


class BlobTooLarge(ValueError):
    """The content exceeds the size limit of a blob; it was not stored."""


class BlobsUnavailable(ServiceUnavailable):
    """A fault that may pass: an outage, a full disk, missing permissions."""


@dataclass(frozen=True)
class Blob:
    """The address of stored content: `uri` is `blob:sha256:<digest>`."""

    uri: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True)
class StoredBlob:
    """A blob in a store. `put_at` is when its content was put last, by the store's clock."""

    uri: str
    size_bytes: int
    put_at: datetime


class BlobStore(Protocol):
    """A part of a service. Every call may raise BlobsUnavailable."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def put(self, content: bytes) -> Blob:
        """Returns once the content is durable. The same content is always the same blob. Raises BlobTooLarge."""
        ...

    async def get(self, uri: str) -> bytes:
        """The content, its digest verified. Raises BlobMissing or BlobCorrupt."""
        ...


class BlobUpkeep(BlobStore, Protocol):
    """What an operator may do with a store besides; no service does."""

    def stored(self) -> AsyncIterator[StoredBlob]:
        """All blobs, in no particular order. What is no blob is passed over."""
        ...

    async def remove(self, uri: str, put_before: datetime) -> bool:
        """Removes the blob, unless its content was put at that time or later, even while this runs. Whether it did."""
        ...


def uri_of(digest: str) -> str:
    """The address of the blob with this SHA-256. Raises BlobMissing if it is none."""
    uri = f"blob:sha256:{digest}"
    digest_in(uri)
    return uri


def blob_of(content: bytes, max_bytes: int) -> Blob:
    """The blob that the content is stored as. Raises BlobTooLarge."""
    if len(content) > max_bytes:
        raise BlobTooLarge(f"a blob has at most {max_bytes} bytes, not {len(content)}")
    digest = hashlib.sha256(content).hexdigest()
    return Blob(uri_of(digest), digest, len(content))


def digest_in(uri: str) -> str:
    """The SHA-256 that a blob's address names. Raises BlobMissing for anything else."""
    match = _URI.fullmatch(uri)
    if match is None:
        raise BlobMissing(f"{uri!r} is not the address of a blob")
    return match[1]


def require_intact(uri: str, size_bytes: int, max_bytes: int) -> None:
    """Checked before reading: content above the limit cannot have been stored by `put`. Raises BlobCorrupt."""
    if size_bytes > max_bytes:
        raise BlobCorrupt(f"the content stored as {uri} has been changed: it has {size_bytes} bytes")


def verified(uri: str, content: bytes) -> bytes:
    """The content itself. Raises BlobCorrupt."""
    if hashlib.sha256(content).hexdigest() != digest_in(uri):
        raise BlobCorrupt(f"the content stored as {uri} has been changed")
    return content
