"""Conditional requests: reading only what changed, changing only what one has seen (RFC 9110, section 13)."""

import hashlib
import re

from fastapi import Request

from nexus_contracts.errors import PreconditionFailed

_TAG = re.compile(r'(?:W/)?"[^"\x00-\x20\x7f]*"')
_VERSION = re.compile(r'"([0-9]{1,15})"')


def tag_of(body: bytes) -> str:
    """An entity tag for what has no version of its own."""
    return f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'


def unchanged(request: Request, etag: str) -> bool:
    """Whether the caller has this version already, by If-None-Match (weak comparison)."""
    known = request.headers.get("if-none-match")
    if known is None:
        return False
    return known.strip() == "*" or etag.removeprefix("W/") in {tag.removeprefix("W/") for tag in _TAG.findall(known)}


def expected_version(request: Request) -> int | None:
    """The version in If-Match, None where any will do. Raises PreconditionFailed for what can match no version."""
    given = request.headers.getlist("if-match")
    if not given or [tag.strip() for tag in given] == ["*"]:
        return None
    version = _VERSION.fullmatch(given[0].strip())
    if len(given) > 1 or version is None:
        raise PreconditionFailed("If-Match is not an ETag of this resource", if_match=", ".join(given)[:200])
    return int(version[1])


def require_tag(request: Request, etag: str) -> None:
    """For resources without a version. Raises PreconditionFailed where If-Match names other tags."""
    given = ",".join(request.headers.getlist("if-match")).strip()
    if given and given != "*" and etag not in _TAG.findall(given):
        raise PreconditionFailed("the resource has changed since", if_match=given[:200], etag=etag)
