"""What the routes work with, and how they take in a request."""

from dataclasses import dataclass
from typing import TypeVar, cast

from fastapi import Request
from pydantic import ValidationError

from nexus_contracts.model import RequestBody
from nexus_gateway.commands import Commands
from nexus_gateway.failures import body_failure, size_failure
from nexus_gateway.idempotency import Intent, intent_of
from nexus_gateway.reads import Reads
from nexus_gateway.settings import GatewaySettings
from nexus_gateway.streams import Streams
from nexus_gateway.strict_json import canonical, malformed, parse, read_body

B = TypeVar("B", bound=RequestBody)


@dataclass(frozen=True)
class Gateway:
    commands: Commands
    reads: Reads
    streams: Streams
    settings: GatewaySettings

    def wait(self, intent: Intent[object], seconds: float | None = None) -> float:
        """How long to wait for the outcome of `intent`, by default as long as for any write; 0 for not at all."""
        return (seconds or self.settings.reply_wait_seconds) if intent.waits else 0.0


def gateway_of(request: Request) -> Gateway:
    return cast("Gateway", request.app.state.gateway)


async def intent_with(request: Request, model: type[B]) -> Intent[B]:
    """The write that the request asks for. No body counts as an empty object. Raises PlatformErrors."""
    raw = await read_body(request, gateway_of(request).settings.max_body_bytes) or b"{}"
    value = parse(raw)
    if not isinstance(value, dict):
        raise malformed("must be a JSON object", "object_type")
    sent = canonical(value)
    try:
        body = model.model_validate_json(raw, strict=True)
    except ValidationError as error:
        raise size_failure(error) or body_failure(error) from None
    return intent_of(request, body, sent)


def bare_intent(request: Request) -> Intent[None]:
    """The same for a request without a body."""
    return intent_of(request, None, b"")
