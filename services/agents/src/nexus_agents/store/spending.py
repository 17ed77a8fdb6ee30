"""What agents have spent on language models, by day: the sums stand among the agents' own items."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from nexus_agents.domain.spending import BudgetExceeded, BudgetUnknown, Reserved
from nexus_agents.tables import INSTANCES
from nexus_runtime.dynamo import ConditionFailed, Database, DatabaseUnavailable, Update, Where
from nexus_runtime.process import log

logger = log.get(__name__)
NANO = 10**9
"""Costs are summed in whole billionths of a dollar: exactly."""
KEPT = timedelta(days=8)


class SpendingStore:
    """`limit_usd` is of each agent on a day."""

    def __init__(self, database: Database, now: Callable[[], datetime], limit_usd: float) -> None:
        self._database = database
        self._now = now
        self._limit_usd = limit_usd

    async def reserve(self, agent_id: str, usd: float) -> Reserved:
        reserved = Reserved(agent_id, self._now().date(), usd)
        room = round(self._limit_usd * NANO) - round(usd * NANO)
        try:
            if room < 0:
                raise await self._exceeded(reserved)
            await self._add(reserved, usd, Where(at_most={"nano_usd": room}))
        except ConditionFailed:
            raise await self._exceeded(reserved) from None
        except DatabaseUnavailable as error:
            raise BudgetUnknown from error
        return reserved

    async def settle(self, reserved: Reserved, usd: float) -> None:
        try:
            if usd != reserved.usd:
                await self._add(reserved, usd - reserved.usd, None)
        except DatabaseUnavailable:
            logger.warning("what a call was reserved at counts, as its cost was not saved", agent_id=reserved.agent_id)

    async def _exceeded(self, reserved: Reserved) -> Exception:
        try:
            item = await self._database.get(INSTANCES, _key(reserved), only=("nano_usd",))
        except DatabaseUnavailable:
            return BudgetUnknown()
        spent = int(item["nano_usd"]) / NANO if item else 0.0
        return BudgetExceeded(
            f"the agent's budget for the day is {self._limit_usd:g} USD, of which {spent:.4f} are spent: "
            f"a call that may cost {reserved.usd:.4f} was not made"
        )

    async def _add(self, reserved: Reserved, usd: float, where: Where | None) -> None:
        kept_until: dict[str, Any] = {"ttl": int((self._now() + KEPT).timestamp())}
        added = {"nano_usd": round(usd * NANO)}
        await self._database.write(Update(INSTANCES, _key(reserved), assign=kept_until, add=added, where=where))


def _key(reserved: Reserved) -> dict[str, str]:
    return {"agent_id": f"{reserved.agent_id}#spent#{reserved.day.isoformat()}"}
