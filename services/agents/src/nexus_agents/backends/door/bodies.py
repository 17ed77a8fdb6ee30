"""Bodies of requests and answers, read within bounds."""

import aiohttp
from aiohttp import web

from nexus_agents.backends.bodies import read_bounded
from nexus_agents.backends.door.refusals import DoorRefusal

MOST_SENT = 2_000_000
MOST_RECEIVED = 8_000_000


async def sent_body(request: web.BaseRequest) -> bytes:
    """What the agent sends. Raises DoorRefusal."""
    try:
        return await _read(request.content, 413, MOST_SENT, "the body of a request")
    except web.RequestPayloadError:
        raise DoorRefusal(400, "INVALID_REQUEST", "the body is not what its headers say") from None


async def received_body(response: aiohttp.ClientResponse) -> bytes:
    """What the other side answers. Raises DoorRefusal."""
    return await _read(response.content, 502, MOST_RECEIVED, "the answer")


async def _read(content: aiohttp.StreamReader, status: int, most: int, what: str) -> bytes:
    return await read_bounded(content, most, DoorRefusal(status, "TOO_LARGE", f"{what} has more than {most} bytes"))
