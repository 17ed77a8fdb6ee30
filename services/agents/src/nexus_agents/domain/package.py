"""An uploaded package, stored under an id that derives from its tenant and its content."""

from datetime import datetime
from typing import Literal

from nexus_agents.domain.backend_errors import PackageRejected
from nexus_contracts.agents.manifest import Manifest
from nexus_contracts.agents.views import PackageView
from nexus_contracts.aggregate import Aggregate
from nexus_contracts.commands import Command
from nexus_contracts.errors import NotFound, PayloadTooLarge, PlatformError, ValidationFailed
from nexus_contracts.identifiers import Timestamp, derived_id

TOO_LARGE = "PACKAGE_TOO_LARGE"
_STEPS = {
    "size": (TOO_LARGE, "UNPACKED_TOO_LARGE", "COMPRESSED_TOO_MUCH"),
    "archive": ("NOT_A_ZIP", "TOO_MANY_ENTRIES", "ENCRYPTED", "COMPRESSION_UNKNOWN"),
    "paths": ("UNSAFE_PATH", "NOT_A_FILE", "DUPLICATE_NAME"),
    "import": ("IMPORT_FAILED",),
    "ping": ("PING_FAILED",),
}
SUGGESTION = "Correct the package and upload it again."


class TakePackage(Command):
    """An upload. It comes over HTTP, because packages may be larger than messages."""

    type: Literal["nexus.command.take_package.v1"] = "nexus.command.take_package.v1"


class UploadedPackage(Aggregate):
    """Immutable: uploading the same content again returns the same package."""

    package_id: str
    uri: str
    sha256: str
    size_bytes: int
    created_by: str
    created_at: Timestamp


def package_id_of(tenant: str, sha256: str) -> str:
    return derived_id("pkg_", tenant, sha256)


def uploaded(command: TakePackage, uri: str, sha256: str, size_bytes: int, now: datetime) -> UploadedPackage:
    tenant = command.principal.tenant
    return UploadedPackage(
        tenant=tenant,
        package_id=package_id_of(tenant, sha256),
        uri=uri,
        sha256=sha256,
        size_bytes=size_bytes,
        created_by=command.principal.id,
        created_at=now,
    )


def refused(error: PackageRejected) -> PlatformError:
    """`details.step` names the failed check (size, archive, paths, manifest, import, ping), `details.reason` why."""
    step = next((step for step, codes in _STEPS.items() if error.code in codes), "manifest")
    if error.code == TOO_LARGE:
        return PayloadTooLarge(error.message, step=step, reason=error.code)
    return ValidationFailed(
        f"the package failed the {step} check: {error.message}",
        suggestion=SUGGESTION,
        step=step,
        reason=error.code,
        errors=[{"location": "body.file", "message": error.message, "type": error.code}],
    )


def package_not_found(package_id: str) -> NotFound:
    return NotFound(f"there is no package {package_id}", type="package", id=package_id)


def package_view(package: UploadedPackage, manifest: Manifest) -> PackageView:
    return PackageView(
        package_id=package.package_id,
        package_uri=package.uri,
        sha256=package.sha256,
        size_bytes=package.size_bytes,
        manifest=manifest.model_dump(mode="json"),
        created_at=package.created_at,
    )
