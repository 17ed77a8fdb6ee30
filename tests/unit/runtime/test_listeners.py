"""Processes of one service share the address that callers know, and each keeps one of its own."""

import contextlib
import socket

from nexus_devstack.ports import free_port
from nexus_runtime.process.service import listeners
from nexus_runtime.process.settings import ServiceSettings


def test_two_processes_can_listen_on_the_public_address() -> None:
    public = f"127.0.0.1:{free_port()}"
    with contextlib.ExitStack() as stack:
        for port in (free_port(), free_port()):
            opened = listeners(ServiceSettings(port=port, public_address=public)) or []
            names = [stack.enter_context(each).getsockname() for each in opened]
            assert [f"{host}:{number}" for host, number in names] == [f"127.0.0.1:{port}", public]
            with socket.create_connection(names[1], timeout=1):
                pass


def test_without_a_public_address_the_server_opens_its_own() -> None:
    assert listeners(ServiceSettings()) is None
