"""Describes a file as an artifact."""

import hashlib
import mimetypes
from pathlib import Path

from nexus_contracts.builds.reports import Artifact


def describe(path: Path, *, name: str | None = None, uri: str | None = None, media_type: str | None = None) -> Artifact:
    """The file at `path` as an artifact; what is not given is derived from the file. Raises OSError."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        size = file.tell()
    return Artifact(
        name=name or path.name,
        uri=uri or path.absolute().as_uri(),
        sha256=sha256,
        size_bytes=size,
        media_type=media_type or mimetypes.guess_type(path.name)[0] or "application/octet-stream",
    )
