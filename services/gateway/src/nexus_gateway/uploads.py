"""Writes that are larger than a message may be: they go to their owner over HTTP, which decides them all the same."""

from typing import IO

from fastapi import Response

from nexus_contracts.errors import InternalError
from nexus_contracts.replies import Reply
from nexus_gateway.answers import REPLAYED, RefusedByOwner, success, to_json
from nexus_gateway.owners import UploadingOwners


class Uploads:
    def __init__(self, owners: UploadingOwners) -> None:
        self._owners = owners

    async def package(self, command_id: str, fingerprint: str, content: IO[bytes]) -> Response:
        """Raises RefusedByOwner, ServiceUnavailable, GatewayTimeout; the same upload again has no second effect."""
        query = {"command_id": command_id, "fingerprint": fingerprint}
        answer = await self._owners.upload("agents", "/packages", query, content)
        reply = Reply.model_validate_json(answer.body)
        if reply.error is not None:
            raise RefusedByOwner(reply.error, reply.status, replayed=reply.replayed)
        if reply.result is None:
            raise InternalError("a service of the platform gave an answer that could not be read")
        return success(to_json(reply.result), reply.status, headers={REPLAYED: "true"} if reply.replayed else None)
