"""What the server reads of a newcomer's request before it has a connection for it."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from nexus_runtime.process import shedding

Ends = tuple[socket.socket, socket.socket]


@pytest.fixture
def ends() -> Iterator[Ends]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.settimeout(5)
        yield ours, theirs


@pytest.mark.parametrize(
    ("sent", "method", "path"),
    [
        ("GET /a/b?c=/health HTTP/1.1\r\nHost: x\r\n\r\n", "GET", "/a/b"),
        ("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", "POST", "/a"),
        ("GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n", "GET", "/a"),
    ],
)
def test_a_whole_request_is_known_and_left_to_who_serves_it(ends: Ends, sent: str, method: str, path: str) -> None:
    ours, theirs = ends
    theirs.sendall(sent.encode())
    scope: Any = shedding.first_request(ours)
    assert (scope["method"], scope["path"]) == (method, path)
    assert (b"host", b"x") in scope["headers"]
    assert ours.recv(1_000) == sent.encode()


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param("", id="nothing yet"),
        pytest.param("GET /a HTTP/1.1\r\nHost: x\r\n", id="half a head"),
        pytest.param("GET /a\r\n\r\n", id="no request line"),
        pytest.param("POST /a HTTP/1.1\r\nContent-Length: 3\r\n\r\n{}", id="half a body"),
        pytest.param("POST /a HTTP/1.1\r\nContent-Length: -1\r\n\r\n", id="a length below zero"),
        pytest.param(f"POST /a HTTP/1.1\r\nContent-Length: {'0' * 5_000}\r\n\r\n", id="a length of many digits"),
        pytest.param("POST /a HTTP/1.1\r\nContent-Length: \u00b2\r\n\r\n", id="a length in other digits"),
        pytest.param("POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", id="chunks"),
        pytest.param("POST /a HTTP/1.1\r\nExpect: 100-continue\r\n\r\n", id="a question"),
        pytest.param("GET /a HTTP/1.1\r\nUpgrade: h2c\r\n\r\n", id="another protocol"),
    ],
)
def test_what_is_not_all_there_or_strange_is_for_the_server_itself(ends: Ends, sent: str) -> None:
    ours, theirs = ends
    theirs.sendall(sent.encode("latin-1"))
    assert shedding.first_request(ours) is None


def test_a_caller_that_has_left_is_neither_a_request_nor_a_fault(ends: Ends) -> None:
    ours, theirs = ends
    theirs.close()
    assert shedding.first_request(ours) is None
    shedding.refuse(ours, [], b"content-length: 0\r\n\r\n")


def test_a_refusal_ends_the_connection_and_is_read_whole(ends: Ends) -> None:
    ours, theirs = ends
    theirs.sendall(b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
    shedding.refuse(ours, [(b"date", b"today")], b"content-length: 2\r\n\r\n{}")
    whole = b"HTTP/1.1 503 Service Unavailable\r\ndate: today\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}"
    assert (theirs.recv(1_000), theirs.recv(1)) == (whole, b"")
