"""What agents have spent on language models, by day: the sums stand among the agents' own items."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from nexus_agents.domain.spending import BudgetExceeded, BudgetUnknown, Reserved
from nexus_agents.tables import INSTANCES
from nexus_runtime.dynamo import ConditionFailed, Database, DatabaseUnavailable, Delete, Put, Update, Where
from nexus_runtime.process import log
from nexus_runtime.process.clock import new_id

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
        reserved = Reserved(new_id(""), agent_id, self._now().date(), usd)
        room = _nano(self._limit_usd) - _nano(usd)
        once = Put(INSTANCES, {**_key(reserved), **self._kept}, where=Where(absent="agent_id"))
        try:
            if room < 0:
                raise await self._exceeded(reserved)
            await self._database.write(once, self._added(reserved, _nano(usd), Where(at_most={"nano_usd": room})))
        except ConditionFailed as error:
            if 0 not in error.failed:  # else it was written, and its answer lost
                raise await self._exceeded(reserved) from None
        except DatabaseUnavailable as error:
            raise BudgetUnknown from error
        return reserved

    async def settle(self, reserved: Reserved, usd: float) -> None:
        once = Delete(INSTANCES, _key(reserved), where=Where({"agent_id": _key(reserved)["agent_id"]}))
        try:
            await self._database.write(once, self._added(reserved, _nano(usd) - _nano(reserved.usd), None))
        except ConditionFailed:
            return  # it was written, and its answer lost
        except DatabaseUnavailable:
            logger.warning("what a call was reserved at counts, as its cost was not saved", agent_id=reserved.agent_id)

    async def _exceeded(self, reserved: Reserved) -> Exception:
        try:
            item = await self._database.get(INSTANCES, _day(reserved), only=("nano_usd",))
        except DatabaseUnavailable:
            return BudgetUnknown()
        spent = int(item["nano_usd"]) / NANO if item else 0.0
        return BudgetExceeded(
            f"the agent's budget for the day is {self._limit_usd:g} USD, of which {spent:.4f} are spent: "
            f"a call that may cost {reserved.usd:.4f} was not made"
        )

    def _added(self, reserved: Reserved, nano_usd: int, where: Where | None) -> Update:
        return Update(INSTANCES, _day(reserved), assign=self._kept, add={"nano_usd": nano_usd}, where=where)

    @property
    def _kept(self) -> dict[str, Any]:
        return {"ttl": int((self._now() + KEPT).timestamp())}


def _nano(usd: float) -> int:
    return round(usd * NANO)


def _day(reserved: Reserved) -> dict[str, str]:
    return {"agent_id": f"{reserved.agent_id}#spent#{reserved.day.isoformat()}"}


def _key(reserved: Reserved) -> dict[str, str]:
    """Of an item that is there from the reservation to its settlement, so that neither counts twice."""
    return {"agent_id": f"{reserved.agent_id}#reserved#{reserved.id}"}
