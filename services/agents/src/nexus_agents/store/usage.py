"""What tenants have used on each day (UTC): counted in the transactions that use it, so exactly once."""

import zlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from nexus_agents.domain.invocation import Invocation
from nexus_agents.domain.quotas import NO_QUOTAS, DailyQuotas, Used
from nexus_agents.tables import INSTANCES
from nexus_runtime.dynamo import Action, Database, Update

SHARDS = 8
"""A tenant's figures of a day are spread over so many items: none of them is hot."""
KEEP = timedelta(days=2)
QuotasOf = Callable[[str], DailyQuotas]
"""By tenant."""


class UsageStore:
    """Nothing is read or counted that no quota asks for."""

    def __init__(self, database: Database, quotas_of: QuotasOf) -> None:
        self._database = database
        self._quotas_of = quotas_of

    async def require_room(self, tenant: str, now: datetime) -> None:
        """Raises TenantQuotaExceeded where the tenant may ask no agent today."""
        quotas = self._quotas_of(tenant)
        if quotas != NO_QUOTAS:
            quotas.require_room(await self.of(tenant, now), now)

    async def of(self, tenant: str, now: datetime) -> Used:
        """What the tenant has used today."""
        keys = [_key(tenant, now, number) for number in range(SHARDS)]
        items = await self._database.get_many(INSTANCES, keys)
        return Used(
            invocations=sum(int(item.get("invocations", 0)) for item in items),
            tokens=sum(int(item.get("tokens", 0)) for item in items),
        )

    def accepted(self, invocation: Invocation) -> list[Action]:
        """One invocation more."""
        if self._quotas_of(invocation.tenant).invocations is None:
            return []
        return [_add(invocation, invocation.created_at, {"invocations": 1})]

    def ended(self, invocation: Invocation) -> list[Action]:
        """The tokens of one that has ended."""
        tokens = invocation.usage.input_tokens + invocation.usage.output_tokens
        if not tokens or invocation.completed_at is None or self._quotas_of(invocation.tenant).tokens is None:
            return []
        return [_add(invocation, invocation.completed_at, {"tokens": tokens})]


def _add(invocation: Invocation, moment: datetime, figures: Mapping[str, int]) -> Update:
    key = _key(invocation.tenant, moment, zlib.crc32(invocation.invocation_id.encode()) % SHARDS)
    return Update(INSTANCES, key, assign={"ttl": int((moment + KEEP).timestamp())}, add=figures)


def _key(tenant: str, moment: datetime, number: int) -> dict[str, str]:
    return {"agent_id": f"{tenant}#used#{moment.astimezone(UTC).date()}#{number}"}
