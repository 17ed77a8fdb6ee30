"""The address of a blob store in settings: `file:///<directory>` or `s3://<bucket>/<prefix>`."""

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit
from urllib.request import url2pathname

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from nexus_runtime.blobs.directory import DirectoryBlobStore
from nexus_runtime.blobs.protocol import BlobUpkeep
from nexus_runtime.process.settings import OwnerSettings


def _usable(url: str) -> str:
    parts = urlsplit(url)
    is_directory = parts.scheme == "file" and parts.netloc in ("", "localhost") and len(parts.path) > 1
    is_bucket = parts.scheme == "s3" and parts.netloc
    if not (is_directory or is_bucket) or parts.query or parts.fragment:
        raise PydanticCustomError("blobs_url", "must be file:///<directory> or s3://<bucket>/<prefix>")
    return url


BlobsUrl = Annotated[str, AfterValidator(_usable)]


def directory_url(directory: str) -> str:
    """The address of a directory, relative to the current one or absolute."""
    return Path(directory).absolute().as_uri()


def blob_store(url: str, settings: OwnerSettings) -> BlobUpkeep:
    """The store at `url`; region and endpoint come from the settings."""
    parts = urlsplit(url)
    if parts.scheme == "s3":
        from nexus_runtime.blobs.s3 import S3BlobStore

        return S3BlobStore(parts.netloc, parts.path.strip("/"), settings.aws_region, settings.s3_endpoint_url)
    return DirectoryBlobStore(Path(url2pathname(parts.path)))
