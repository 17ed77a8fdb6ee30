"""JSON bodies: parsed strictly, in one media type and encoding, and limited in size."""

import json
from typing import Any

from fastapi import Request
from pydantic import JsonValue

from nexus_contracts.errors import PayloadTooLarge, UnsupportedMediaType, ValidationFailed
from nexus_contracts.media_types import UnsupportedType, require_json
from nexus_contracts.model import AtMost, RequestBody
from nexus_contracts.strict_json import INVALID, JsonReader, UnreadableJson
from nexus_gateway.answers import named_faults
from nexus_gateway.requests.header_fields import joined

_PLAINLY = "Send the body uncompressed, without Content-Encoding."
MAX_DEPTH = 50
"""Replies and events hold a body's values deeper than it did, and messages may be nested 100 levels."""
MOST_WHOLE = 1e22
"""The greatest power of ten that a float holds exactly. As an integer 1e308 would have 309 digits, slow to write."""
MOST_FAULTS = 50
MOST_OF_NOTHING = 100
"""Bytes, white space among them, of a body that says nothing."""


def _number(text: str) -> Any:
    number = float(text)
    return int(number) if -MOST_WHOLE <= number <= MOST_WHOLE and number.is_integer() else number


_reader = JsonReader(MAX_DEPTH, _number)


def malformed(message: str, kind: str, location: str = "body") -> ValidationFailed:
    what = "request" if location.startswith("header") else "body"
    fault: dict[str, JsonValue] = {"location": location, "message": message, "type": kind}
    return ValidationFailed(f"the {what} is not valid", errors=[fault])


def parse(raw: bytes) -> JsonValue:
    """The value, with 3.0 as 3 so that equal values are equal. Raises ValidationFailed."""
    try:
        return _reader.read(raw)
    except UnreadableJson as error:
        message = f"must be JSON: {error}" if error.kind == INVALID else str(error)
        raise malformed(message, error.kind) from None


def parse_object(raw: bytes) -> dict[str, JsonValue]:
    """The same for a body that is an object."""
    value = parse(raw)
    if not isinstance(value, dict):
        raise malformed("must be a JSON object", "object_type")
    return value


def require_few(value: dict[str, JsonValue], model: type[RequestBody]) -> None:
    """Raises ValidationFailed for crowds of unknown fields or entries, which would cost the model seconds."""
    unknown = [name for name in value if name not in model.model_fields]
    if len(unknown) > MOST_FAULTS:
        fault = {"msg": "Extra inputs are not permitted", "type": "extra_forbidden"}
        raise named_faults({**fault, "loc": ("body", name)} for name in unknown[:MOST_FAULTS])
    for name, field in model.model_fields.items():
        entries = value.get(name)
        if isinstance(entries, dict | list):
            for most in (one.entries for one in field.metadata if isinstance(one, AtMost)):
                if len(entries) > most:
                    raise malformed(f"must have at most {most} entries, not {len(entries)}", "too_long", f"body.{name}")


def canonical(value: JsonValue) -> bytes:
    """The same bytes for equal values."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body. Raises PayloadTooLarge as soon as it is known to exceed `limit` bytes, UnsupportedMediaType.

    The HTTP server discards what a caller sends beyond the limit.
    """
    if (joined(request, "content-encoding") or "identity").strip().lower() != "identity":
        raise UnsupportedMediaType("bodies with a Content-Encoding are not accepted", suggestion=_PLAINLY)
    # Believed only where it refuses the body before it is read: below, the bytes are counted all the same.
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:20]) > limit:
        raise _too_large(limit)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise _too_large(limit)
    if body:
        _require_json(joined(request, "content-type") or None)  # an empty one names no type
    return bytes(body)


async def require_no_body(request: Request) -> None:
    """Raises ValidationFailed for anything but nothing, or an empty object: what it says would be ignored."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_OF_NOTHING:
            break
    if len(body) > MOST_OF_NOTHING or b"".join(body.split()) not in (b"", b"{}"):
        raise malformed("this operation takes no body", "extra_forbidden")


def _too_large(limit: int) -> PayloadTooLarge:
    return PayloadTooLarge(f"the body is larger than {limit} bytes", limit_bytes=limit)


def _require_json(content_type: str | None) -> None:
    try:
        require_json(content_type)
    except UnsupportedType as error:
        raise UnsupportedMediaType(f"the Content-Type {error}") from None
