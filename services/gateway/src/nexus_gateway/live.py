"""Answers that stream the output of an agent in an invocation."""

from functools import partial

from fastapi import Request, Response

from nexus_contracts.agents.commands import InvokeAgent, PostMessage
from nexus_contracts.errors import PlatformError
from nexus_gateway.answers import REPLAYED
from nexus_gateway.commands import location_of
from nexus_gateway.dependencies import gateway_of, still_known
from nexus_gateway.sources import StreamPage
from nexus_gateway.sse import EventStream, last_event_id, paced


async def answered_live(request: Request, command: InvokeAgent | PostMessage) -> Response:
    """The stream, once the invocation is accepted (`Location` has its address); else as `Commands.carry_out`."""
    after, gateway = last_event_id(request), gateway_of(request)
    begun = await gateway.commands.begin(command)
    if isinstance(begun, Response):
        return begun
    try:
        page = await gateway.said.open(command.invocation_id, after or 0)
    except PlatformError:
        # The invocation is accepted and may be running: an error now would make its caller send it again.
        return gateway.commands.accepted(command)
    headers = {"Location": location_of(command)}
    if begun.replayed:
        headers[REPLAYED] = "true"
    return _stream(request, command.invocation_id, after, page, headers)


async def read_live(request: Request, invocation_id: str) -> Response:
    """The stream of an invocation, after the last event that the caller has. Raises ValidationFailed, NotFound."""
    after = last_event_id(request)
    page = await gateway_of(request).said.open(invocation_id, after or 0)
    return _stream(request, invocation_id, after, page, {})


def _stream(
    request: Request, invocation_id: str, after: int | None, page: StreamPage, headers: dict[str, str]
) -> Response:
    if after is not None and page.ended and not page.block:
        return Response(status_code=204, headers=headers)  # tells a browser not to reconnect
    said = gateway_of(request).said
    return EventStream(paced(said.follow(invocation_id, page), said.ending, partial(still_known, request)), headers)
