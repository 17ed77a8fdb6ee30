"""Packages as AgentCore runs them: a zip with plain permissions, in a bucket, under the digest of the package."""

import base64
import hashlib
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from nexus_agents.backends.agentcore.faults import code_of, translated

_NEVER_CHANGED = (1980, 1, 1, 0, 0, 0)
_READABLE_FILE = 0o100644 << 16
_ABSENT = ("404", "NoSuchKey", "NotFound")


@dataclass(frozen=True)
class Location:
    """An object; `version_id` None where the bucket keeps no versions."""

    bucket: str
    key: str
    version_id: str | None


def code_archive(package: bytes, added: Mapping[str, bytes]) -> bytes:
    """The files of a checked package, and those `added`, which replace its own.

    The same files give the same bytes everywhere, hence nothing is compressed. AgentCore takes permissions from the
    archive, and many archives say nothing of them or allow too little.
    """
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        own = {entry.filename: entry for entry in source.infolist() if not entry.is_dir()}
        for name in sorted(own.keys() | added.keys()):
            plain = zipfile.ZipInfo(name, _NEVER_CHANGED)
            plain.external_attr, plain.create_system = _READABLE_FILE, 3
            archive.writestr(plain, added[name] if name in added else source.read(own[name]))
    return target.getvalue()


class Artifacts:
    """The objects of one bucket, below one prefix."""

    def __init__(self, s3: Any, bucket: str, prefix: str) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._prefix = prefix

    async def keep(self, digest: str, content: bytes) -> Location:
        """Where the content is. What is there already, undamaged, is not written again: its version stays."""
        place = {"Bucket": self._bucket, "Key": f"{self._prefix}/{digest}.zip"}
        checksum = base64.b64encode(hashlib.sha256(content).digest()).decode()
        with translated(running=False):
            found = await self._found(place)
            if found is None or found.get("ChecksumSHA256") != checksum:
                found = await self._s3.put_object(**place, Body=content, ChecksumSHA256=checksum)
        version = found.get("VersionId")
        return Location(place["Bucket"], place["Key"], None if version == "null" else version)

    async def _found(self, place: dict[str, str]) -> dict[str, Any] | None:
        try:
            return await self._s3.head_object(**place, ChecksumMode="ENABLED")
        except ClientError as error:
            if code_of(error) in _ABSENT:
                return None
            raise
