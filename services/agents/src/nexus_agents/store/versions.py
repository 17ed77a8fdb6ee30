"""The store of agents' versions."""

from nexus_agents.domain.version import AgentVersion
from nexus_agents.tables import VERSIONS
from nexus_runtime.dynamo import Database, Put
from nexus_runtime.dynamo.form import Form
from nexus_runtime.ledger.change import Change

VERSION = Form(AgentVersion)
ERASED_AT_ONCE = 500


class VersionStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self, agent_id: str, number: int) -> AgentVersion | None:
        item = await self._database.get(VERSIONS, {"agent_id": agent_id, "number": number})
        return VERSION.read(item) if item else None

    def save(self, version: AgentVersion) -> Change:
        """To be committed with the change of its agent, whose condition guards this write too."""
        key = {"agent_id": version.agent_id, "number": version.number}
        return Change.of(Put(VERSIONS, {**key, **VERSION.written(version)}))

    async def page(self, agent_id: str, limit: int, before: int | None) -> tuple[list[AgentVersion], str | None]:
        """Newest first, up to `limit`, and the number to continue from."""
        found: list[AgentVersion] = []
        read = self._database.query(VERSIONS, agent_id, newest_first=True, page=limit + 1, before=before)
        async for item in read:
            if len(found) == limit:
                return found, str(found[-1].number)
            found.append(VERSION.read(item))
        return found, None

    async def erase(self, agent_id: str) -> None:
        """All versions of an agent that is being deleted: none is written any more."""
        keys: list[dict[str, str | int]] = []
        async for item in self._database.query(VERSIONS, agent_id, only=("number",)):
            keys.append({"agent_id": agent_id, "number": item["number"]})
            if len(keys) == ERASED_AT_ONCE:
                await self._database.delete_many(VERSIONS, keys)
                keys = []
        await self._database.delete_many(VERSIONS, keys)
