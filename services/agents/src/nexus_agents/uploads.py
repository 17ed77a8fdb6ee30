"""Writes over HTTP, for files, which may be larger than messages. Only the gateway calls them."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from nexus_agents.domain.package import TakePackage
from nexus_agents.domain.upload import TakeUpload
from nexus_agents.handlers.packages import PackageHandlers
from nexus_agents.handlers.uploads import UploadHandlers
from nexus_contracts.errors import PayloadTooLarge
from nexus_runtime.blobs import MAX_BLOB_BYTES
from nexus_runtime.process import caller
from nexus_runtime.process.queries import json_answer

Text = Annotated[str, Query(min_length=1, max_length=300)]


def upload_routes(packages: PackageHandlers, files: UploadHandlers) -> APIRouter:
    router = APIRouter(tags=["uploads"])

    async def take_package(request: Request, command_id: Text, fingerprint: Text) -> Response:
        """Answers with the reply: what was decided, now or when the same command came before."""
        command = TakePackage(command_id=command_id, fingerprint=fingerprint, principal=caller.principal.get())
        async with packages.places:
            return json_answer(await packages.take(command, await _content(request)))

    async def take_upload(
        request: Request,
        session_id: str,
        agent_id: Text,
        command_id: Text,
        fingerprint: Text,
        name: Text,
        media_type: Text,
    ) -> Response:
        asker = caller.principal.get()
        said = {"command_id": command_id, "fingerprint": fingerprint, "principal": asker}
        command = TakeUpload.model_validate(
            {
                **said,
                "session_id": session_id,
                "agent_id": agent_id,
                "name": name[:255],
                "media_type": media_type[:255],
            }
        )
        async with files.places:
            return json_answer(await files.take(command, await _content(request)))

    router.add_api_route("/sessions/{session_id}/uploads", take_upload, methods=["POST"], operation_id="takeUpload")
    router.add_api_route("/packages", take_package, methods=["POST"], operation_id="takePackage")
    return router


async def _content(request: Request) -> bytes:
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > MAX_BLOB_BYTES:
            raise PayloadTooLarge(f"a package has at most {MAX_BLOB_BYTES} bytes", limit_bytes=MAX_BLOB_BYTES)
    return bytes(content)
