"""Checkpoints within a step, so that another worker need not pay for the same work again; and the total cost."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import JsonValue

from nexus_builds.store.projects import record_name
from nexus_builds.tables import RECORDS
from nexus_contracts.builds.builder import MAX_CHECKPOINT_BYTES, Spent
from nexus_contracts.builds.reports import Usage
from nexus_contracts.model import Message
from nexus_runtime.dynamo import ConditionFailed, Database, Put, Update, Where
from nexus_runtime.dynamo.form import Form
from nexus_runtime.work.items import WorkItem, WorkItems


class Checkpoint(Message):
    """A value, and the usage that it took."""

    value: JsonValue
    usage: Usage | None = None
    model: str | None = None


CHECKPOINT = Form(Checkpoint)
NANO = 10**9
"""Costs are summed exactly, in billionths of a dollar."""


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
        return {"project_id": f"tenant#{self.tenant}", "record": f"spent#{self.day.isoformat()}"}


class Checkpoints:
    def __init__(self, database: Database, items: WorkItems) -> None:
        self._database = database
        self._items = items

    async def save(self, item: WorkItem, purse: Purse, attempt: int, step: str, name: str, made: Checkpoint) -> None:
        """Durable on return. Raises ValueError where it is too large, ConditionFailed where `item` is lost.

        What it cost is added to the purse in the same transaction, once, however often it is saved.
        """
        written = CHECKPOINT.written(made)
        if (size := len(written["state"].encode())) > MAX_CHECKPOINT_BYTES:
            raise ValueError(f"the checkpoint {name} has {size} bytes; the limit is {MAX_CHECKPOINT_BYTES}")
        key = {"project_id": purse.project_id, "record": _record(attempt, step, name)}
        nano = round(made.usage.cost_usd * NANO) if made.usage else 0
        if not nano:
            await self._database.write(Put(RECORDS, {**key, **written}), self._items.held(item))
            return
        paid = [Update(RECORDS, whose, add={"nano_usd": nano}) for whose in (purse.of_project, purse.of_tenant)]
        once = Put(RECORDS, {**key, **written}, where=Where(absent="record"))
        try:
            await self._database.write(once, self._items.held(item), *paid)
        except ConditionFailed:
            # Either an earlier write whose answer was lost has succeeded, or `item` is lost.
            if await self.find(purse.project_id, attempt, step, name) != made:
                raise

    async def spent(self, purse: Purse) -> Spent:
        """The total paid out of the purse."""
        project, tenant = [await self._database.get(RECORDS, whose) for whose in (purse.of_project, purse.of_tenant)]
        return Spent(_usd(project), _usd(tenant))

    async def find(self, project_id: str, attempt: int, step: str, name: str) -> Checkpoint | None:
        """The checkpoint, whichever worker saved it."""
        key = {"project_id": project_id, "record": _record(attempt, step, name)}
        item = await self._database.get(RECORDS, key)
        return CHECKPOINT.read(item) if item else None


def _usd(item: Mapping[str, Any] | None) -> float:
    return item["nano_usd"] / NANO if item else 0.0


def _record(attempt: int, step: str, name: str) -> str:
    if not 1 <= len(name) <= 100:
        raise ValueError(f"the name of a checkpoint must have 1 to 100 characters, not {len(name)}")
    return record_name(attempt, step, "checkpoint") + name
