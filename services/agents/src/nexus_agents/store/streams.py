"""The streamed output of invocations, stored in parts, each written once."""

from collections.abc import Sequence

from pydantic import TypeAdapter

from nexus_agents.tables import STREAMS
from nexus_contracts.agents.streams import StreamedEvent
from nexus_runtime.dynamo import Check, Database, Put

MAX_PART_BYTES = 100_000
"""An item of the database holds at most 400 KB, and one event has up to 64 KB."""
MAX_READ_BYTES = 500_000
_EVENTS: TypeAdapter[list[StreamedEvent]] = TypeAdapter(list[StreamedEvent])


class StreamStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def append(self, invocation_id: str, events: Sequence[StreamedEvent], held: Check) -> None:
        """May be repeated with the same events. Raises ConditionFailed where the invocation is in other hands by now.

        So nothing is added to an invocation that has ended: who finds it ended, and reads then, has read all.
        """
        text = _EVENTS.dump_json(list(events)).decode()
        part = Put(STREAMS, {"invocation_id": invocation_id, "last": events[-1].sequence, "events": text})
        await self._database.write(part, held)

    async def read(self, invocation_id: str, after: int) -> tuple[list[StreamedEvent], bool]:
        """The events that follow that sequence, as many as fit into one answer, and whether there are more."""
        found: list[StreamedEvent] = []
        size = 0
        async for item in self._database.query(STREAMS, invocation_id, low=after + 1):
            size += len(item["events"])
            if found and size > MAX_READ_BYTES:
                return found, True
            found += [one for one in _EVENTS.validate_json(item["events"]) if one.sequence > after]
        return found, False

    async def last(self, invocation_id: str) -> int:
        """The sequence of the newest event, 0 where there is none."""
        async for item in self._database.query(STREAMS, invocation_id, newest_first=True, only=("last",), page=1):
            return int(item["last"])
        return 0

    async def all(self, invocation_id: str) -> list[StreamedEvent]:
        found: list[StreamedEvent] = []
        async for item in self._database.query(STREAMS, invocation_id):
            found += _EVENTS.validate_json(item["events"])
        return found

    async def erase(self, invocation_id: str) -> None:
        found = self._database.query(STREAMS, invocation_id, only=("last",))
        keys = [{"invocation_id": invocation_id, "last": item["last"]} async for item in found]
        await self._database.delete_many(STREAMS, keys)
