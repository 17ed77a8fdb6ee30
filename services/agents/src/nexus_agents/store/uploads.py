"""The files uploaded into sessions; their content is a blob."""

from nexus_agents.domain.session import Session
from nexus_agents.domain.upload import SessionUpload
from nexus_agents.store.lists import entry
from nexus_agents.tables import LISTS, SESSIONS
from nexus_runtime.dynamo import Check, Database, Where
from nexus_runtime.ledger.change import Change


class UploadStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def count(self, session_id: str) -> int:
        return await self._database.count(LISTS, _listed(session_id))

    def save(self, session: Session, upload: SessionUpload) -> Change:
        """On the condition that the session is still as it is known."""
        unchanged = Check(SESSIONS, {"session_id": session.session_id}, Where(equal={"version": session.version}))
        kept = upload.model_dump(mode="json", exclude={"upload_id"})
        return Change.of(unchanged, entry(_listed(session.session_id), upload.upload_id, upload=kept))

    async def erase(self, session_id: str) -> None:
        found = self._database.query(LISTS, _listed(session_id), only=("position",))
        keys = [{"list": _listed(session_id), "position": item["position"]} async for item in found]
        await self._database.delete_many(LISTS, keys)


def _listed(session_id: str) -> str:
    return f"session-uploads#{session_id}"
