"""The little of HTTP/1.1 that the runtime contract needs: one request and one answer per connection."""

import json
import socket
from typing import NamedTuple

from ..tools.contract import JsonValue

BODY_LIMIT = 2 * 1024 * 1024
END_OF_EVENT = b"\n\n"
_HEAD_LIMIT = 16 * 1024
_REASONS = {
    200: "OK",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    411: "Length Required",
    413: "Content Too Large",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    504: "Gateway Timeout",
}


class HttpRequest(NamedTuple):
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class HttpError(Exception):
    """Answered as JSON {"error": code, "message": ...} with `status`."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, JsonValue] = {"error": code, "message": message}


def read_request(connection: socket.socket) -> HttpRequest | None:
    """The request, or None where the peer left without one. Raises HttpError."""
    received = b""
    while b"\r\n\r\n" not in received:
        if len(received) > _HEAD_LIMIT:
            raise HttpError(431, "HEADERS_TOO_LARGE", f"The headers exceed {_HEAD_LIMIT} bytes.")
        piece = connection.recv(65536)
        if not piece:
            return None
        received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise HttpError(400, "INVALID_REQUEST", "This is not an HTTP/1.1 request.")
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    return HttpRequest(words[0], words[1].partition("?")[0], headers, _body(connection, headers, body))


def _body(connection: socket.socket, headers: dict[str, str], received: bytes) -> bytes:
    if "transfer-encoding" in headers:
        raise HttpError(411, "LENGTH_REQUIRED", "Send the body with a Content-Length.")
    length = headers.get("content-length", "0")
    if not (length.isascii() and length.isdigit() and len(length) < 16):
        raise HttpError(400, "INVALID_REQUEST", "The Content-Length is not a number.")
    wanted = int(length)
    if wanted > BODY_LIMIT:
        raise HttpError(413, "PAYLOAD_TOO_LARGE", f"The body may have {BODY_LIMIT} bytes at most.")
    if headers.get("expect", "").lower() == "100-continue":
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    pieces, size = [received], len(received)
    while size < wanted:
        piece = connection.recv(min(wanted - size, 1 << 20))
        if not piece:
            raise HttpError(400, "INVALID_REQUEST", "The body is shorter than its Content-Length.")
        pieces.append(piece)
        size += len(piece)
    return b"".join(pieces)[:wanted]


def send_json(connection: socket.socket, status: int, body: bytes) -> None:
    connection.sendall(json_answer(status, body))
    _hang_up(connection)


def json_answer(status: int, body: bytes) -> bytes:
    head = (
        f"HTTP/1.1 {status} {_REASONS.get(status, 'Unknown')}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode("ascii") + body


def send_events(connection: socket.socket, events: bytes) -> None:
    """Sends server-sent events one by one."""
    begin_events(connection)
    for event in events.split(END_OF_EVENT)[:-1]:
        send_event(connection, event + END_OF_EVENT)
    end_events(connection)


def begin_events(connection: socket.socket) -> None:
    """They come in chunks: a reader knows whether it has all of them."""
    head = (
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    )
    connection.sendall(head.encode("ascii"))


def send_event(connection: socket.socket, event: bytes) -> None:
    connection.sendall(f"{len(event):x}\r\n".encode("ascii") + event + b"\r\n")


def end_events(connection: socket.socket) -> None:
    connection.sendall(b"0\r\n\r\n")
    _hang_up(connection)


def _hang_up(connection: socket.socket) -> None:
    """Reads what the peer still sends: closing earlier would reset the answer under way."""
    connection.shutdown(socket.SHUT_WR)
    connection.settimeout(1.0)
    for _ in range(64):
        if not connection.recv(65536):
            return


def state_asked(request: HttpRequest, busy: bool, changed: int) -> dict[str, JsonValue] | None:
    """What /ping answers; None for an invocation. Raises HttpError for all other requests."""
    methods = {"/ping": "GET", "/invocations": "POST"}
    if request.path not in methods:
        raise HttpError(404, "NOT_FOUND", "There are POST /invocations and GET /ping.")
    if request.method != methods[request.path]:
        raise HttpError(405, "METHOD_NOT_ALLOWED", f"Use {methods[request.path]} {request.path}.")
    if request.path == "/ping":
        return {"status": "HealthyBusy" if busy else "Healthy", "time_of_last_update": changed}
    return None


def wants_events(request: HttpRequest) -> bool:
    """Whether the first form that the caller accepts is a stream of events."""
    return request.headers.get("accept", "").lower().startswith("text/event-stream")


def encoded(body: dict[str, JsonValue]) -> bytes:
    return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
