"""What executors keep inside a step, so that another worker need not pay for it again."""

from pydantic import JsonValue

from nexus_builds.store.projects import record_name
from nexus_builds.tables import RECORDS
from nexus_contracts.builds.builder import MAX_CHECKPOINT_BYTES
from nexus_contracts.builds.reports import Usage
from nexus_contracts.model import Message
from nexus_runtime.dynamo import Database, Put
from nexus_runtime.dynamo.form import Form
from nexus_runtime.work.items import WorkItem, WorkItems


class Checkpoint(Message):
    """A value, and what it took to get it."""

    value: JsonValue
    usage: Usage | None = None
    model: str | None = None


CHECKPOINT = Form(Checkpoint)


class Checkpoints:
    def __init__(self, database: Database, items: WorkItems) -> None:
        self._database = database
        self._items = items

    async def save(self, item: WorkItem, project_id: str, attempt: int, step: str, name: str, made: Checkpoint) -> None:
        """Durable on return. Raises ValueError where it is too large, ConditionFailed where `item` is lost."""
        written = CHECKPOINT.written(made)
        if (size := len(written["state"].encode())) > MAX_CHECKPOINT_BYTES:
            raise ValueError(f"the checkpoint {name} has {size} bytes, more than {MAX_CHECKPOINT_BYTES}")
        key = {"project_id": project_id, "record": _record(attempt, step, name)}
        await self._database.write(Put(RECORDS, {**key, **written}), self._items.held(item))

    async def find(self, project_id: str, attempt: int, step: str, name: str) -> Checkpoint | None:
        """Whichever worker saved it."""
        key = {"project_id": project_id, "record": _record(attempt, step, name)}
        item = await self._database.get(RECORDS, key)
        return CHECKPOINT.read(item) if item else None


def _record(attempt: int, step: str, name: str) -> str:
    if not 1 <= len(name) <= 100:
        raise ValueError(f"the name of a checkpoint has 1 to 100 characters, not {len(name)}")
    return record_name(attempt, step, "checkpoint") + name
