"""What agents have spent on language models, by day: the sums stand among the agents' own items."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
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
SHARE_OF, CALLS = 4, 2
"""For several calls: a quarter of what is left, so that others can begin meanwhile, or room for two if that is more."""


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

    async def reserve_share(self, agent_id: str, call_usd: float) -> Reserved:
        left = self._limit_usd - await self._spent(agent_id, self._now().date())
        share = min(left, max(left / SHARE_OF, CALLS * call_usd)) if call_usd else 0.0
        try:
            return await self.reserve(agent_id, max(share, call_usd))
        except BudgetExceeded:  # others were faster
            return await self.reserve(agent_id, call_usd)

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
            spent = await self._spent(reserved.agent_id, reserved.day)
        except BudgetUnknown as error:
            return error
        return BudgetExceeded(
            f"the agent's budget for the day is {self._limit_usd:g} USD, of which {spent:.4f} are spent: "
            f"a call that may cost {reserved.usd:.4f} was not made"
        )

    async def _spent(self, agent_id: str, day: date) -> float:
        """In USD, what is reserved included. Raises BudgetUnknown."""
        try:
            item = await self._database.get(INSTANCES, _day(agent_id, day), only=("nano_usd",))
        except DatabaseUnavailable as error:
            raise BudgetUnknown from error
        return int(item["nano_usd"]) / NANO if item else 0.0

    def _added(self, reserved: Reserved, nano_usd: int, where: Where | None) -> Update:
        day = _day(reserved.agent_id, reserved.day)
        return Update(INSTANCES, day, assign=self._kept, add={"nano_usd": nano_usd}, where=where)

    @property
    def _kept(self) -> dict[str, Any]:
        return {"ttl": int((self._now() + KEPT).timestamp())}


def _nano(usd: float) -> int:
    return round(usd * NANO)


def _day(agent_id: str, day: date) -> dict[str, str]:
    return {"agent_id": f"{agent_id}#spent#{day.isoformat()}"}


def _key(reserved: Reserved) -> dict[str, str]:
    """Of an item that is there from the reservation to its settlement, so that neither counts twice."""
    return {"agent_id": f"{reserved.agent_id}#reserved#{reserved.id}"}
