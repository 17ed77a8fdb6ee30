"""The audit trail of a tenant: the entries of the owners and those of API keys, merged by time."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date

from nexus_contracts.audit import AuditEntry, AuditPage
from nexus_contracts.principal import Principal
from nexus_gateway.access.keys import Keys
from nexus_gateway.owners import Owners
from nexus_runtime.ledger.audit import Wanted

OWNERS = ("builds", "agents")


class AuditTrail:
    """`keys`: None without authentication."""

    def __init__(self, owners: Owners, keys: Keys | None) -> None:
        self._owners = owners
        self._keys = keys

    async def page(
        self, asker: Principal, wanted: Mapping[str, str], limit: int, before: str | None
    ) -> tuple[Sequence[AuditEntry], str | None]:
        """Newest first, and the position to continue from. Raises as `Owners.get` does: no partial answers."""
        # A page and one more from each source: wherever the newest entries are, they are among these.
        asked = {**wanted, **({"before": before} if before else {})}
        answers = await asyncio.gather(
            *(self._owners.get(owner, "/audit", {**asked, "limit": str(limit + 1)}) for owner in OWNERS)
        )
        found = [one for answer in answers for one in AuditPage.model_validate_json(answer.body).items]
        if self._keys is not None:
            first, last = (date.fromisoformat(wanted[name]) for name in ("start_date", "end_date"))
            days = Wanted(first, last, before, wanted.get("principal"), wanted.get("resource"))
            found += await self._keys.audit.page(asker.tenant, days, limit + 1)
        found.sort(key=lambda entry: entry.position, reverse=True)
        shown = [AuditEntry.model_validate(entry.model_dump(exclude={"position"})) for entry in found[:limit]]
        return shown, found[limit - 1].position if len(found) > limit else None
