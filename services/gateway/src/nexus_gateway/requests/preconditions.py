"""Conditional requests: reading only what changed, changing only what one has seen (RFC 9110, section 13)."""

import hashlib
import re

from fastapi import Request

from nexus_contracts.commands import IfMatch
from nexus_contracts.entity_tags import ANY, entity_tags
from nexus_contracts.errors import PreconditionFailed
from nexus_gateway.requests.header_fields import joined

_VERSION = re.compile(r'"(0|[1-9][0-9]{0,14})"')


def tag_of(body: bytes) -> str:
    """An entity tag for what has no version of its own."""
    return f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'


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
