"""Checkpoints within a step, so that another worker need not pay for the same work again."""

from pydantic import JsonValue

from nexus_builds.store.projects import record_name
from nexus_builds.store.purses import NANO, Purse, Purses, SetAside
from nexus_builds.tables import RECORDS
from nexus_contracts.builds.builder import MAX_CHECKPOINT_BYTES
from nexus_contracts.builds.reports import Usage
from nexus_contracts.model import Message
from nexus_runtime.dynamo import ConditionFailed, Database, Put, Where
from nexus_runtime.dynamo.form import Form
from nexus_runtime.work.items import WorkItem, WorkItems


class Checkpoint(Message):
    """A value, and the usage that it took."""

    value: JsonValue
    usage: Usage | None = None
    model: str | None = None


CHECKPOINT = Form(Checkpoint)


class Checkpoints:
    def __init__(self, database: Database, items: WorkItems) -> None:
        self._database = database
        self._items = items
        self.purses = Purses(database, items)

    async def save(
        self,
        item: WorkItem,
        purse: Purse,
        attempt: int,
        step: str,
        name: str,
        made: Checkpoint,
        reserved: SetAside | None = None,
    ) -> None:
        """Durable on return. Raises ValueError where it is too large, ConditionFailed where `item` is lost.

        What it cost is added to the purse in the same transaction, in place of what was reserved; once, however often
        it is saved.
        """
        written = CHECKPOINT.written(made)
        if (size := len(written["state"].encode())) > MAX_CHECKPOINT_BYTES:
            raise ValueError(f"the checkpoint {name} has {size} bytes; the limit is {MAX_CHECKPOINT_BYTES}")
        key = {"project_id": purse.project_id, "record": _record(attempt, step, name)}
        nano = round(made.usage.cost_usd * NANO) if made.usage else 0
        paid = self.purses.settled(purse, nano, reserved)
        if not paid:
            await self._database.write(Put(RECORDS, {**key, **written}), self._items.held(item))
            return
        once = Put(RECORDS, {**key, **written}, where=Where(absent="record"))
        try:
            await self._database.write(once, self._items.held(item), *paid)
        except ConditionFailed:
            # Either an earlier write whose answer was lost has succeeded, or `item` is lost.
            if await self.find(purse.project_id, attempt, step, name) != made:
                raise

    async def find(self, project_id: str, attempt: int, step: str, name: str) -> Checkpoint | None:
        """The checkpoint, whichever worker saved it."""
        key = {"project_id": project_id, "record": _record(attempt, step, name)}
        item = await self._database.get(RECORDS, key)
        return CHECKPOINT.read(item) if item else None


def _record(attempt: int, step: str, name: str) -> str:
    if not 1 <= len(name) <= 100:
        raise ValueError(f"the name of a checkpoint must have 1 to 100 characters, not {len(name)}")
    return record_name(attempt, step, "checkpoint") + name
