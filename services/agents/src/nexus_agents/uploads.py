"""The one write that comes over HTTP: packages, which are larger than messages may be. Only the gateway asks."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from nexus_agents.domain.package import TakePackage
from nexus_agents.handlers.packages import PackageHandlers
from nexus_contracts.errors import PayloadTooLarge
from nexus_runtime.blobs import MAX_BLOB_BYTES
from nexus_runtime.process import caller
from nexus_runtime.process.queries import json_answer

Text = Annotated[str, Query(min_length=1, max_length=300)]


def upload_routes(packages: PackageHandlers) -> APIRouter:
    router = APIRouter(tags=["uploads"])

    async def take_package(request: Request, command_id: Text, fingerprint: Text) -> Response:
        """Answers with the reply: what was decided, now or when the same command came before."""
        command = TakePackage(command_id=command_id, fingerprint=fingerprint, principal=caller.principal.get())
        async with packages.places:
            return json_answer(await packages.take(command, await _content(request)))

    router.add_api_route("/packages", take_package, methods=["POST"], operation_id="takePackage")
    return router


async def _content(request: Request) -> bytes:
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > MAX_BLOB_BYTES:
            raise PayloadTooLarge(f"a package has at most {MAX_BLOB_BYTES} bytes", limit_bytes=MAX_BLOB_BYTES)
    return bytes(content)
