"""What calls of models cost projects and tenants: set aside before each call, settled with its checkpoint."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from nexus_builds.store.projects import record_name
from nexus_builds.tables import RECORDS
from nexus_contracts.builds.builder import Budget, OverBudget
from nexus_runtime.dynamo import Action, ConditionFailed, Database, Delete, Put, Update, Where
from nexus_runtime.work.items import WorkItem, WorkItems

NANO = 10**9
"""Costs are summed exactly, in billionths of a dollar."""
_TRIES = 5
"""Of a reservation that another worker, which has lost the build by now, is changing at the same time."""


@dataclass(frozen=True)
class Purse:
    """Who pays: a project, and its tenant on a day."""

    project_id: str
    tenant: str
    day: date

    @property
    def of_project(self) -> dict[str, str]:
        return {"project_id": self.project_id, "record": "spent"}

    @property
    def of_tenant(self) -> dict[str, str]:
        return self.of_tenant_on(self.day)

    def of_tenant_on(self, day: date) -> dict[str, str]:
        return {"project_id": f"tenant#{self.tenant}", "record": f"spent#{day.isoformat()}"}


@dataclass(frozen=True)
class Spent:
    """In USD, what is set aside included: of a project so far, and of its tenant's builds on a day (UTC)."""

    project_usd: float = 0.0
    tenant_today_usd: float = 0.0


@dataclass(frozen=True)
class SetAside:
    """Set aside for one call, under the name of its checkpoint. `day` is the one on which it counts for the tenant."""

    record: str
    nano_usd: int
    day: date

    @property
    def where(self) -> Where:
        """That it stands as it was read."""
        return Where({"nano_usd": self.nano_usd, "day": self.day.isoformat()})


class Purses:
    """The sums hold what was paid and what is set aside, so that concurrent builds never exceed a budget together.

    What a dead worker had set aside counts on: its call may have been paid. The worker that makes the same call again
    takes it over, hence it counts once; where nobody does, because the attempt has ended, it stays counted.
    """

    def __init__(self, database: Database, items: WorkItems) -> None:
        self._database = database
        self._items = items

    async def reserve(self, item: WorkItem, purse: Purse, record: str, usd: float, budget: Budget) -> SetAside:
        """May be repeated. Raises OverBudget, and ConditionFailed where `item` is lost."""
        wanted = SetAside(record, round(usd * NANO), purse.day)
        for _ in range(_TRIES):
            before = await self._present(purse.project_id, record)
            if before == wanted:
                return wanted
            changes = self._changes(purse, before, wanted, budget)
            stands = before.where if before else Where(absent="record")
            key = {"project_id": purse.project_id, "record": record}
            kept = Put(RECORDS, {**key, "nano_usd": wanted.nano_usd, "day": wanted.day.isoformat()}, where=stands)
            if any(change.room < 0 for change in changes):
                raise await self._over(purse, usd, budget)
            try:
                await self._database.write(self._items.held(item), kept, *(change.action for change in changes))
                return wanted
            except ConditionFailed as error:
                if 0 in error.failed:
                    raise
                if 1 not in error.failed:
                    raise await self._over(purse, usd, budget) from None
        raise ConditionFailed(frozenset({1}))

    async def release(self, item: WorkItem, purse: Purse, reserved: SetAside) -> None:
        """The call cost nothing. Without effect where `item` is lost: who has it now takes the reservation over."""
        try:
            await self._database.write(self._items.held(item), *self.settled(purse, 0, reserved))
        except ConditionFailed:
            return

    def settled(self, purse: Purse, nano_usd: int, reserved: SetAside | None) -> Sequence[Action]:
        """For the transaction that keeps what the call has brought. `reserved` has to be there still."""
        day = reserved.day if reserved else purse.day
        due = nano_usd - (reserved.nano_usd if reserved else 0)
        paid: list[Action] = []
        if due:
            paid = [
                Update(RECORDS, whose, add={"nano_usd": due}) for whose in (purse.of_project, purse.of_tenant_on(day))
            ]
        if reserved:
            paid.append(
                Delete(RECORDS, {"project_id": purse.project_id, "record": reserved.record}, where=reserved.where)
            )
        return paid

    async def spent(self, purse: Purse) -> Spent:
        project, tenant = [await self._database.get(RECORDS, whose) for whose in (purse.of_project, purse.of_tenant)]
        return Spent(_usd(project), _usd(tenant))

    def _changes(self, purse: Purse, before: SetAside | None, wanted: SetAside, budget: Budget) -> "list[_Change]":
        former = before.nano_usd if before else 0
        changes = [_Change(purse.of_project, wanted.nano_usd - former, budget.project_usd)]
        if before and before.day != wanted.day:
            changes.append(_Change(purse.of_tenant_on(before.day), -former, None))
            former = 0
        changes.append(_Change(purse.of_tenant, wanted.nano_usd - former, budget.tenant_day_usd))
        return changes

    async def _present(self, project_id: str, record: str) -> SetAside | None:
        item = await self._database.get(RECORDS, {"project_id": project_id, "record": record})
        return SetAside(record, item["nano_usd"], date.fromisoformat(item["day"])) if item else None

    async def _over(self, purse: Purse, usd: float, budget: Budget) -> OverBudget:
        """Names the budget that has less room; by now it may have room again."""
        spent = await self.spent(purse)
        limits = [
            ("project", spent.project_usd, budget.project_usd),
            ("tenant for today", spent.tenant_today_usd, budget.tenant_day_usd),
        ]
        told = [(limit - used, whose, used, limit) for whose, used, limit in limits if limit is not None]
        _, whose, used, limit = min(told)
        return OverBudget(
            f"the budget of the {whose} is {limit:g} USD, of which {used:.4f} are spent or set aside: "
            f"a call that may cost {usd:.4f} was not made"
        )


@dataclass(frozen=True)
class _Change:
    """Of one sum. `limit_usd` binds what is added, never what is given back."""

    key: Mapping[str, str]
    nano_usd: int
    limit_usd: float | None

    @property
    def room(self) -> int:
        """What may have been spent before it; negative: it exceeds the limit by itself."""
        return round((self.limit_usd or 0.0) * NANO) - self.nano_usd if self._bound else 0

    @property
    def action(self) -> Update:
        where = Where(at_most={"nano_usd": self.room}) if self._bound else None
        return Update(RECORDS, self.key, add={"nano_usd": self.nano_usd}, where=where)

    @property
    def _bound(self) -> bool:
        return self.limit_usd is not None and self.nano_usd > 0


def reservation_record(attempt: int, step: str, name: str) -> str:
    return record_name(attempt, step, "reserved") + name


def _usd(item: Mapping[str, Any] | None) -> float:
    return item["nano_usd"] / NANO if item else 0.0
