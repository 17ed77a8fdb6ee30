"""Bodies that others send, read within bounds."""

from collections.abc import Awaitable, Callable

import aiohttp

_PIECE_BYTES = 16_384


async def read_bounded(
    content: aiohttp.StreamReader,
    most: int,
    too_large: Exception,
    see: Callable[[bytes], Awaitable[None]] | None = None,
) -> bytes:
    """The whole body. Raises `too_large` as soon as it has more than `most` bytes; `see` gets each piece before."""
    body = bytearray()
    async for piece in content.iter_chunked(_PIECE_BYTES):
        body += piece
        if len(body) > most:
            raise too_large
        if see is not None:
            await see(piece)
    return bytes(body)
