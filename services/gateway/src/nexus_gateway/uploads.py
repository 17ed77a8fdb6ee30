"""Writes that are too large for a message: they go to their owner over HTTP, and are decided there like commands."""

from collections.abc import Mapping
from typing import IO

from fastapi import Response

from nexus_contracts.errors import InternalError
from nexus_contracts.replies import Reply
from nexus_gateway.answers import REPLAYED, RefusedByOwner, success, to_json
from nexus_gateway.owners import UploadingOwners
from nexus_gateway.requests.uploads import Upload


class Uploads:
    def __init__(self, owners: UploadingOwners) -> None:
        self._owners = owners

    async def package(self, command_id: str, fingerprint: str, content: IO[bytes]) -> Response:
        """Raises RefusedByOwner, ServiceUnavailable, GatewayTimeout. Repeating the upload has no second effect."""
        return await self._sent("/packages", {"command_id": command_id, "fingerprint": fingerprint}, content)

    async def into_session(
        self, session_id: str, agent_id: str, command_id: str, fingerprint: str, upload: Upload
    ) -> Response:
        """The same for a file of a session, which must be the agent's."""
        said = {"command_id": command_id, "fingerprint": fingerprint, "agent_id": agent_id}
        query = {**said, "name": upload.name[:255], "media_type": upload.media_type[:255]}
        return await self._sent(f"/sessions/{session_id}/uploads", query, upload.content)

    async def _sent(self, path: str, query: Mapping[str, str], content: IO[bytes]) -> Response:
        answer = await self._owners.upload("agents", path, query, content)
        reply = Reply.model_validate_json(answer.body)
        if reply.error is not None:
            raise RefusedByOwner(reply.error, reply.status, replayed=reply.replayed)
        if reply.result is None:
            raise InternalError("a service of the platform sent an answer that cannot be read")
        return success(to_json(reply.result), reply.status, headers={REPLAYED: "true"} if reply.replayed else None)
