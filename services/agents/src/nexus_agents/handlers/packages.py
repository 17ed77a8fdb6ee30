"""Uploaded packages: checked and stored, with the same answer however often the upload is repeated."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from nexus_agents.domain.backend import Backends
from nexus_agents.domain.backend_errors import PackageRejected
from nexus_agents.domain.package import TakePackage, package_view, refused, uploaded
from nexus_agents.store.packages import PackageStore
from nexus_contracts.agents.manifest import Manifest
from nexus_contracts.replies import Reply
from nexus_runtime.blobs import Blob, BlobStore
from nexus_runtime.ledger.inbox import Handled
from nexus_runtime.ledger.ledger import Decision, Ledger
from nexus_runtime.process.clock import new_id

AT_ONCE = 2
"""Concurrent uploads; each holds its content in memory."""


@dataclass(frozen=True)
class PackageHandlers:
    """`check` returns the manifest of a package that may be deployed, or raises PackageRejected.

    A package that passes is then tried out by the backend that a new agent would get.
    """

    check: Callable[[bytes], Manifest]
    backends: Backends
    store: PackageStore
    blobs: BlobStore
    ledger: Ledger
    now: Callable[[], datetime]
    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def take(self, command: TakePackage, content: bytes) -> Reply:
        """Raises ValidationFailed, PayloadTooLarge, IdempotencyKeyReused, ServiceUnavailable.

        The content is stored first: a crash leaves an orphaned blob, which the next upload of the same content reuses.
        """
        try:
            manifest = await asyncio.to_thread(self.check, content)
            await self.backends.of(self.backends.for_new_agents).try_out(content)
        except PackageRejected as error:
            raise refused(error) from None
        blob = await self.blobs.put(content)
        return await self.ledger.carry_out(
            Handled(command, new_id("evt_")), lambda: self._decide(command, blob, manifest)
        )

    async def _decide(self, command: TakePackage, blob: Blob, manifest: Manifest) -> Decision:
        package = uploaded(command, blob.uri, blob.sha256, blob.size_bytes, self.now())
        known = await self.store.load(package.package_id)
        if known is not None:
            return Decision.answer(201, package_view(known, manifest))
        return Decision.answer(201, package_view(package, manifest), self.store.save(package).change)
