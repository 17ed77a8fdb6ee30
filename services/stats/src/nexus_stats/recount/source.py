"""The histories of the owners, read in parts and turned into observations."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import aiohttp
from pydantic import TypeAdapter
from yarl import URL

from nexus_contracts.envelope import CloudEvent
from nexus_contracts.errors import ServiceUnavailable
from nexus_contracts.history import Export, ExportedEntry
from nexus_contracts.principal import PLATFORM
from nexus_runtime.process.caller import Trust
from nexus_stats.consumers import (
    COUNTED_AGENTS_EVENT,
    COUNTED_BUILDS_EVENT,
    seen_in_agents,
    seen_in_build,
    tenant_of,
)
from nexus_stats.domain.activities import activity
from nexus_stats.domain.counting import Seen
from nexus_stats.store import Noted

ITEMS = 200


Exporting = Callable[[str | None, int, Collection[str]], Awaitable[Export]]
"""The next items after a position, at most this many, with their entries of these types."""
_Reader = tuple[TypeAdapter[Any], Callable[[CloudEvent, Any], Seen | None]]


@dataclass(frozen=True)
class HistoryPart:
    """The observations in `items` items of a history. `after`: where the next part begins, None at the end."""

    seen: list[Seen]
    noted: Noted
    events: int
    items: int
    after: str | None
    total: int | None


class Source:
    """One owner's history."""

    def __init__(self, owner: str, export: Exporting) -> None:
        self.owner = owner
        self._export = export
        self._read = _READERS[owner]
        self._types = frozenset(self._read[0].json_schema()["discriminator"]["mapping"])

    async def part(self, after: str | None, until: datetime) -> HistoryPart:
        """The next part, of what was recorded up to `until`. Raises ServiceUnavailable."""
        export = await self._export(after, ITEMS, self._types)
        seen: list[Seen] = []
        noted: list[Any] = []
        in_time = [one for one in export.entries if one.entry.time <= until]
        for one in in_time:
            event = _event(one)
            message = self._read[0].validate_python({**event.data, "type": event.type})
            if (what := self._read[1](event, message)) is not None:
                seen.append(what)
            if (shown := activity(event, message)) is not None:
                noted.append((tenant_of(event), shown))
        return HistoryPart(seen, noted, len(in_time), export.items, export.after, export.total)


def over_http(owner: str, url: str, http: aiohttp.ClientSession, trust: Trust) -> Exporting:
    """Asks the owner itself. Raises ServiceUnavailable."""

    async def export(after: str | None, limit: int, types: Collection[str]) -> Export:
        query = {"types": ",".join(types), "limit": str(limit), **({"after": after} if after else {})}
        try:
            asked = URL(f"{url}/internal/history").with_query(query)
            async with http.get(asked, headers=trust.header(PLATFORM, "GET", asked.raw_path_qs)) as answer:
                answer.raise_for_status()
                return Export.model_validate_json(await answer.read())
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise ServiceUnavailable(f"the history of {owner} cannot be read: {error!r}") from error

    return export


_READERS: Mapping[str, _Reader] = {
    "builds": (COUNTED_BUILDS_EVENT, seen_in_build),
    "agents": (COUNTED_AGENTS_EVENT, seen_in_agents),
}


def _event(one: ExportedEntry) -> CloudEvent:
    """As the relay publishes it, without the attributes that are not counted."""
    entry = one.entry
    return CloudEvent.model_construct(
        id=entry.id,
        source="/nexus/history",
        type=entry.type,
        subject=one.aggregate,
        time=entry.time,
        data=entry.data,
        sequence=entry.sequence,
        nexustenant=entry.tenant,
    )
