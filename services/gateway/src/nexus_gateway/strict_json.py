"""JSON bodies, taken strictly: UTF-8, no NaN, no half characters, no key twice, no endless nesting, bounded."""

import json
import re
from typing import Any

from fastapi import Request
from pydantic import JsonValue

from nexus_contracts.errors import PayloadTooLarge, UnsupportedMediaType, ValidationFailed
from nexus_gateway.fields import joined, member

_JSON = re.compile(r"application/(?:[!#$&^_.+a-z0-9-]+\+)?json", re.IGNORECASE)
_PLAINLY = "Send the body uncompressed, without Content-Encoding."
MAX_DEPTH = 50
"""Replies and events hold a body's values deeper than it did, and messages may be nested 100 levels."""


class _NotStrict(ValueError):
    """Python's decoder would take it; JSON does not know it."""


class _Twice(ValueError):
    """An object has one name twice: which of the values counts, programs disagree about (RFC 8259, section 4)."""


def _refuse(constant: str) -> Any:
    raise _NotStrict(f"{constant} is not JSON")


def _number(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise _NotStrict("a number is too large")
    return int(number) if number.is_integer() else number


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for place, name in enumerate(names) if name in names[:place])
        raise _Twice(twice)
    return made


_decoder = json.JSONDecoder(parse_constant=_refuse, parse_float=_number, object_pairs_hook=_object)


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
    except _Twice as error:
        raise malformed(f"an object has the name {error.args[0][:100]!a} twice", "json_duplicate") from None
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
    if (joined(request, "content-encoding") or "identity").strip().lower() != "identity":
        raise UnsupportedMediaType("bodies are taken as they are, without a Content-Encoding", suggestion=_PLAINLY)
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:20]) > limit:
        raise _too_large(limit)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise _too_large(limit)
    if body:
        _require_json(joined(request, "content-type"))
    return bytes(body)


def _too_large(limit: int) -> PayloadTooLarge:
    return PayloadTooLarge(f"the body is larger than {limit} bytes", limit_bytes=limit)


def _require_json(content_type: str | None) -> None:
    if content_type is None:
        return
    given = member(content_type)
    charset = given.parameters.get("charset", "utf-8").lower()
    if not _JSON.fullmatch(given.value) or charset not in ("utf-8", "utf8", "us-ascii"):
        raise UnsupportedMediaType("this operation takes application/json in UTF-8")
