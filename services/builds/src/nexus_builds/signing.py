"""The key that signs the platform's own reports; service and worker share it through their database."""

import contextlib
import secrets

from nexus_builds.tables import LEASES
from nexus_contracts.envelope import CloudEvent
from nexus_contracts.signatures import is_signed, signed
from nexus_runtime.dynamo import ConditionFailed, Database, Put, Where

_PLACE = {"kind": "signing-key", "name": "reports"}


class ReportSigner:
    """Created by the first process, and read once by the others. Methods raise ServiceUnavailable until then."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._key: bytes | None = None

    async def signed(self, event: CloudEvent) -> CloudEvent:
        return signed(event, await self._known())

    async def is_signed(self, event: CloudEvent) -> bool:
        return is_signed(event, await self._known())

    async def _known(self) -> bytes:
        if self._key is None:
            while (item := await self._database.get(LEASES, _PLACE)) is None:
                made = Put(LEASES, {**_PLACE, "key": secrets.token_hex(32)}, where=Where(absent="kind"))
                with contextlib.suppress(ConditionFailed):
                    await self._database.write(made)
            self._key = bytes.fromhex(item["key"])
        return self._key
