"""The log output of agents: the newest part of it, for some weeks."""

import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from nexus_agents.tables import LOGS
from nexus_contracts.agents.views import AgentLogLine
from nexus_contracts.identifiers import format_timestamp
from nexus_runtime.dynamo import Database, Put
from nexus_runtime.process.clock import new_id

KEPT_PARTS = 100
"""Of each agent; a part has up to 16 KB."""
TRIM_EVERY = 20
KEPT_SECONDS = 30 * 24 * 3600


class LogStore:
    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now
        self._written: Counter[str] = Counter()

    async def keep(self, agent_id: str, lines: Sequence[str]) -> None:
        """Adds lines that were written just now; the oldest parts go when there are too many."""
        at = format_timestamp(self._now())
        part = {
            "agent_id": agent_id,
            "part": f"{at}#{new_id('')}",
            "at": at,
            "lines": json.dumps(lines, ensure_ascii=False),
            "ttl": int(time.time()) + KEPT_SECONDS,
        }
        await self._database.write(Put(LOGS, part))
        self._written[agent_id] += 1
        if self._written[agent_id] % TRIM_EVERY == 0:
            await self._erase(agent_id, after=KEPT_PARTS)

    async def page(self, agent_id: str, limit: int, after: str | None) -> tuple[list[AgentLogLine], str | None]:
        """Oldest first, up to `limit` lines, and the position to continue from. Raises ValueError for no position."""
        part, _, number = (after or "").rpartition("#")
        first = int(number) + 1 if after else 0
        found: list[AgentLogLine] = []
        last = ""
        bounds: dict[str, Any] = {"low": part} if part else {}
        async for item in self._database.query(LOGS, agent_id, page=limit, **bounds):
            lines: list[str] = json.loads(item["lines"])
            start = first if item["part"] == part else 0
            for place, line in enumerate(lines[start:], start):
                if len(found) == limit:
                    return found, last
                found.append(AgentLogLine(timestamp=item["at"], message=line))
                last = f"{item['part']}#{place}"
        return found, None

    async def erase(self, agent_id: str) -> None:
        await self._erase(agent_id, after=0)

    async def _erase(self, agent_id: str, after: int) -> None:
        """All but the newest parts."""
        found = self._database.query(LOGS, agent_id, newest_first=True, only=("part",))
        keys = [{"agent_id": agent_id, "part": item["part"]} async for item in found]
        await self._database.delete_many(LOGS, keys[after:])
