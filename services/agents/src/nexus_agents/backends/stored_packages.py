"""Fetches packages from the blob store."""

import asyncio

from nexus_agents import packages
from nexus_agents.domain.backend import PackageRef
from nexus_agents.domain.backend_errors import PackageRejected, PackageUnavailable
from nexus_runtime.blobs import BlobCorrupt, BlobMissing, BlobStore, BlobsUnavailable


async def fetched(blobs: BlobStore, ref: PackageRef) -> bytes:
    """The package, its digest verified. Raises PackageRejected or PackageUnavailable."""
    try:
        content = await blobs.get(ref.uri)
    except BlobMissing as error:
        raise PackageRejected("PACKAGE_MISSING", f"The package cannot be found: {error}.") from error
    except BlobCorrupt as error:
        raise PackageRejected("PACKAGE_CORRUPT", f"The package is damaged: {error}.") from error
    except BlobsUnavailable as error:
        raise PackageUnavailable(f"The package cannot be read at the moment: {error}.") from error
    if await asyncio.to_thread(packages.digest, content) != ref.sha256:
        raise PackageRejected("PACKAGE_CORRUPT", f"The package at {ref.uri} does not have the digest {ref.sha256}.")
    return content
