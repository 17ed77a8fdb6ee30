"""Turning requests away before they cost anything; on a new connection, before the connection does.

What a refusal on a new connection costs is mostly that connection: it becomes a transport, a protocol, a parser and two
turns of the event loop. So a newcomer's request is read from the bare socket, and where it is refused, answered there.
"""

import contextlib
import socket
from collections.abc import Iterable
from typing import Protocol

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

MAX_HEAD_BYTES = 64 * 1024
_LONGEST = len(str(MAX_HEAD_BYTES))
_DECIDED_LATER = (b"transfer-encoding", b"expect", b"upgrade")
Field = tuple[bytes, bytes]


class Shedding(Protocol):
    def refusal(self, scope: Scope) -> bytes | None:
        """None takes the request, which waits until `begins` is called.

        Else it is answered with 503, these header fields, an empty line and this body. Of the scope it needs method,
        path and headers.
        """
        ...

    def begins(self) -> None:
        """A request that was taken does not wait any more: it begins, or its caller has left."""
        ...


def first_request(connection: socket.socket) -> Scope | None:
    """What a refusal needs of the request that a new connection brings; None where it is not all there, or strange.

    It is left on the socket for those who serve it.
    """
    try:
        received = connection.recv(MAX_HEAD_BYTES, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except OSError:
        return None
    head, end, body = received.partition(b"\r\n\r\n")
    line, *lines = head.split(b"\r\n")
    parts = line.split(b" ")
    if not end or len(parts) != 3:
        return None
    headers = [_field(one) for one in lines]
    length = b"0"
    for name, value in headers:
        if name in _DECIDED_LATER:
            return None
        if name == b"content-length":
            length = value
    if not length.isdigit() or len(length) > _LONGEST or len(body) < int(length):
        return None
    path, _, _ = parts[1].partition(b"?")
    return {"method": parts[0].decode("latin-1"), "path": path.decode("latin-1"), "headers": headers}


def _field(line: bytes) -> Field:
    name, _, value = line.partition(b":")
    return name.lower(), value.strip(b" \t")


def refuse(connection: socket.socket, fields: Iterable[Field], refusal: bytes) -> None:
    """The answer to `first_request`, which is the connection's last."""
    # A caller that has gone hears nothing.
    with contextlib.suppress(OSError), connection:
        # Closed with something unread, the connection would be reset, and the answer perhaps lost.
        connection.recv(MAX_HEAD_BYTES, socket.MSG_DONTWAIT)
        connection.send(answer(fields, refusal, last=True), socket.MSG_DONTWAIT)


def lines(fields: Iterable[Field]) -> bytes:
    """Header fields as they are sent."""
    return b"".join(b"%b: %b\r\n" % field for field in fields)


def answer(fields: Iterable[Field], refusal: bytes, *, last: bool) -> bytes:
    own = [*fields, (b"connection", b"close")] if last else fields
    return STATUS_LINE[503] + lines(own) + refusal
