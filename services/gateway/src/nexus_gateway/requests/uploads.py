"""Files uploaded by forms (multipart/form-data, RFC 7578), spooled to disk and limited in size."""

import hashlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import IO

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from nexus_contracts.errors import PayloadTooLarge, UnsupportedMediaType, ValidationFailed
from nexus_gateway.requests.header_fields import joined, member
from nexus_gateway.requests.json_body import malformed

FORM, UTF8 = "multipart/form-data", "utf-8"
FIELD = "file"
MARGIN_BYTES = 10_000
"""Allowance for the parts of a form around its file."""
_CHUNK_BYTES = 1_000_000


@dataclass(frozen=True)
class Upload:
    """One file; `content` is at its beginning and is closed by the caller. `sha256` is that of the content."""

    content: IO[bytes]
    sha256: str
    size_bytes: int
    name: str
    media_type: str


async def read_upload(request: Request, limit: int) -> Upload:
    """The file of a form with no other parts. Raises UnsupportedMediaType, PayloadTooLarge, ValidationFailed."""
    given = member(joined(request, "content-type") or "")
    # The charset is that of the names in the form. Python knows some that fail in ways of their own.
    if given.value.lower() != FORM or given.parameters.get("charset", UTF8).lower() != UTF8:
        raise UnsupportedMediaType(f"an upload must be sent as {FORM}, in UTF-8", suggestion=f"Content-Type: {FORM}.")
    form = MultiPartParser(request.headers, _bounded(request, limit + MARGIN_BYTES), max_files=1, max_fields=0)
    try:
        parts = await form.parse()
    except _TooLong:
        raise _too_large(limit) from None
    except MultiPartException as error:
        raise _not_a_form(error.message) from None
    file = parts.get(FIELD)
    if not isinstance(file, UploadFile):
        await parts.close()
        raise _not_a_form(f"must have one file, in the field {FIELD}")
    if (size := file.size or 0) > limit:
        await parts.close()
        raise _too_large(limit)
    media_type = file.content_type or "application/octet-stream"
    return Upload(file.file, await _digest(file), size, file.filename or FIELD, media_type)


class _TooLong(MultiPartException):
    """A kind of the parser's own error: on that it closes what it has spooled."""


async def _bounded(request: Request, limit: int) -> AsyncGenerator[bytes]:
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise _TooLong("too long")
        yield chunk


async def _digest(file: UploadFile) -> str:
    digest = hashlib.sha256()
    await file.seek(0)
    while chunk := await file.read(_CHUNK_BYTES):
        digest.update(chunk)
    await file.seek(0)
    return digest.hexdigest()


def _too_large(limit: int) -> PayloadTooLarge:
    return PayloadTooLarge(
        f"the file is larger than {limit} bytes", limit_bytes=limit, suggestion="Send a smaller file."
    )


def _not_a_form(message: str) -> ValidationFailed:
    return malformed(message, "multipart")
