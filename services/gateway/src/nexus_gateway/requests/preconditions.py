"""Conditional requests: reading only what changed, changing only what one has seen (RFC 9110, section 13)."""

import hashlib
import re

from fastapi import Request

from nexus_contracts.commands import IfMatch
from nexus_contracts.errors import PreconditionFailed
from nexus_gateway.requests.header_fields import joined

_TAG = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
_LIST = re.compile(rf"[ \t,]*{_TAG}(?:[ \t]*,[ \t,]*{_TAG})*[ \t,]*")
_ONE = re.compile(_TAG)
_VERSION = re.compile(r'"(0|[1-9][0-9]{0,14})"')
ANY = "*"


def tag_of(body: bytes) -> str:
    """An entity tag for what has no version of its own."""
    return f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'


def entity_tags(text: str) -> list[str] | None:
    """The tags of a list, those in W/ as they are; ['*'] for any tag at all; None for what is not such a list."""
    if text.strip(" \t") == ANY:
        return [ANY]
    return _ONE.findall(text) if _LIST.fullmatch(text) else None


def unchanged(request: Request, etag: str) -> bool:
    """Whether If-None-Match says that the caller has this version (weak comparison); a malformed list is ignored."""
    given = joined(request, "if-none-match")
    known = (entity_tags(given) or []) if given is not None else []
    return known == [ANY] or etag.removeprefix("W/") in {tag.removeprefix("W/") for tag in known}


def expected_version(request: Request) -> IfMatch:
    """The versions in If-Match (strong comparison). Raises PreconditionFailed for what can match no version."""
    given = joined(request, "if-match")
    tags = [ANY] if given is None else entity_tags(given)
    if tags is None:
        raise _no_match(request, 'If-Match is not a list of ETags, which are written in quotes: "3"')
    if tags == [ANY]:
        return None
    versions = [int(found[1]) for tag in tags if (found := _VERSION.fullmatch(tag))]
    if not versions:
        raise _no_match(request, "If-Match has no ETag that this resource could have")
    return versions[0] if len(versions) == 1 else versions


def _no_match(request: Request, message: str) -> PreconditionFailed:
    return PreconditionFailed(message, if_match=(joined(request, "if-match") or "")[:200])
