"""JSON bodies, taken strictly: UTF-8, no NaN, no half characters, no endless nesting, nothing over the limit."""

import json
from typing import Any

from fastapi import Request
from pydantic import JsonValue

from nexus_contracts.errors import PayloadTooLarge, UnsupportedMediaType, ValidationFailed

MAX_DEPTH = 50
"""Replies and events hold a body's values deeper than it did, and messages may be nested 100 levels."""


class _NotStrict(ValueError):
    """Python's decoder would take it; JSON does not know it."""


def _refuse(constant: str) -> Any:
    raise _NotStrict(f"{constant} is not JSON")


def _number(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise _NotStrict("a number is too large")
    return int(number) if number.is_integer() else number


_decoder = json.JSONDecoder(parse_constant=_refuse, parse_float=_number)


def malformed(message: str, kind: str, location: str = "body") -> ValidationFailed:
    what = "request" if location.startswith("header") else "body"
    fault: dict[str, JsonValue] = {"location": location, "message": message, "type": kind}
    return ValidationFailed(f"the {what} is not valid", errors=[fault])


def parse(raw: bytes) -> JsonValue:
    """The value, with 3.0 as 3 so that equal values are equal. Raises ValidationFailed."""
    try:
        value: JsonValue = _decoder.decode(raw.decode())
    except UnicodeDecodeError:
        raise malformed("must be UTF-8", "json_encoding") from None
    except (json.JSONDecodeError, _NotStrict) as error:
        raise malformed(f"must be JSON: {error}", "json_invalid") from None
    except RecursionError:
        raise malformed(f"must not be nested deeper than {MAX_DEPTH}", "json_depth") from None
    except ValueError:
        raise malformed("a number has too many digits", "json_number") from None
    if raw.count(b"[") + raw.count(b"{") > MAX_DEPTH and _is_too_deep(value):
        raise malformed(f"must not be nested deeper than {MAX_DEPTH}", "json_depth")
    return value


def canonical(value: JsonValue) -> bytes:
    """The same bytes for equal values. Raises ValidationFailed for text that is no Unicode (lone surrogates)."""
    try:
        return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        raise malformed("a text has half of a surrogate pair", "string_unicode") from None


def _is_too_deep(value: JsonValue) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        inner = [one for one in level if isinstance(one, dict | list)]
        if not inner:
            return False
        level = [child for one in inner for child in (one.values() if isinstance(one, dict) else one)]
    return True


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body. Raises PayloadTooLarge as soon as it is known to be over `limit` bytes, UnsupportedMediaType.

    What a caller sends beyond the limit is passed over by the HTTP server.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:20]) > limit:
        raise _too_large(limit)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise _too_large(limit)
    if body:
        _require_json(request.headers.get("content-type"))
    return bytes(body)


def _too_large(limit: int) -> PayloadTooLarge:
    return PayloadTooLarge(f"the body is larger than {limit} bytes", limit_bytes=limit)


def _require_json(content_type: str | None) -> None:
    if content_type is None:
        return
    media_type, _, parameters = content_type.lower().partition(";")
    kind = media_type.strip()
    is_json = kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))
    charset = next((part.split("=", 1)[1] for part in parameters.split(";") if part.strip().startswith("charset=")), "")
    if not is_json or charset.strip().strip('"') not in ("", "utf-8", "utf8", "us-ascii"):
        raise UnsupportedMediaType("this operation takes application/json in UTF-8")
