"""The progress of a recount, stored so that a killed one continues where it was."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from nexus_contracts.errors import Conflict
from nexus_contracts.identifiers import format_timestamp
from nexus_runtime.dynamo import ConditionFailed, Database, Item, Put, Where
from nexus_stats.tables import GENERATIONS

KEY = {"name": "recount"}
FRESH = timedelta(days=7)
"""A recount older than this starts again: what it has counted may have begun to expire."""
DONE = "done"


@dataclass(frozen=True)
class Job:
    """`after`: by owner, where its next part begins, or DONE. `steps` counts the writes of this item."""

    generation: int
    began: datetime
    after: Mapping[str, str] = field(default_factory=dict[str, str])
    steps: int = 0

    def fresh(self, now: datetime) -> bool:
        return now - self.began < FRESH


class Jobs:
    """The item. If two recounts run at once, the second one to write it gets a Conflict."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self) -> Job | None:
        item: Item | None = await self._database.get(GENERATIONS, KEY)
        if item is None:
            return None
        return Job(item["generation"], datetime.fromisoformat(item["began"]), item["after"], item["steps"])

    async def begin(self, generation: int, now: datetime) -> Job:
        """A new job in place of the last one."""
        before = await self.load()
        return await self._save(Job(generation, now.astimezone(UTC), {}, before.steps if before else 0))

    async def take(self, job: Job) -> Job:
        """Continues the job; whoever was running it gets a Conflict at its next step. Raises Conflict."""
        return await self._save(job)

    async def step(self, job: Job, owner: str, after: str | None) -> Job:
        """Everything of the owner before `after` is counted. Raises Conflict."""
        return await self._save(replace(job, after={**job.after, owner: after or DONE}))

    async def _save(self, job: Job) -> Job:
        item = {
            **KEY,
            "generation": job.generation,
            "began": format_timestamp(job.began),
            "after": job.after,
            "steps": job.steps + 1,
        }
        where = Where(equal={"steps": job.steps}) if job.steps else Where(absent="name")
        try:
            await self._database.write(Put(GENERATIONS, item, where=where))
        except ConditionFailed:
            raise Conflict("another recount is running") from None
        return replace(job, steps=job.steps + 1)
