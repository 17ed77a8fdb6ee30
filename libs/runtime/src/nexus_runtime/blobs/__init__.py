"""Content-addressed storage of files, in a directory or in a bucket."""

from nexus_runtime.blobs.address import BlobsUrl, blob_store, directory_url
from nexus_runtime.blobs.directory import DirectoryBlobStore
from nexus_runtime.blobs.protocol import (
    MAX_BLOB_BYTES,
    Blob,
    BlobCorrupt,
    BlobMissing,
    BlobStore,
    BlobsUnavailable,
    BlobTooLarge,
    BlobUpkeep,
    StoredBlob,
)

__all__ = [
    "MAX_BLOB_BYTES",
    "Blob",
    "BlobCorrupt",
    "BlobMissing",
    "BlobStore",
    "BlobTooLarge",
    "BlobUpkeep",
    "BlobsUnavailable",
    "BlobsUrl",
    "DirectoryBlobStore",
    "StoredBlob",
    "blob_store",
    "directory_url",
]
