"""The ports of a stack: the fixed ones that people know, or free ones for tests."""

import errno
import os
import socket
import time
from collections.abc import Iterator, Mapping

from nexus_devstack.errors import StackError

LOOPBACK = "127.0.0.1"
RELEASE_SECONDS = 1.0
BLOCK = 64
LOWEST, BLOCKS = 20_000, 190


def is_free(port: int) -> bool:
    """Whether nothing listens on `port`; connections that are closing do not count."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
    return True


def require_free(ports: Mapping[str, int]) -> None:
    """`ports` maps the setting to its port. Raises StackError that names every port in use and its setting.

    A port counts as used when it stays so for a second: what a killed run left is ending just then.
    """
    deadline = time.monotonic() + RELEASE_SECONDS
    used = {setting: port for setting, port in ports.items() if not is_free(port)}
    while used and time.monotonic() < deadline:
        time.sleep(0.05)
        used = {setting: port for setting, port in used.items() if not is_free(port)}
    if used:
        named = ", ".join(f"{port} ({setting})" for setting, port in used.items())
        one = len(used) == 1
        raise StackError(
            f"port {named} is in use: stop what uses it, or set {next(iter(used))} to another port"
            if one
            else f"ports {named} are in use: stop what uses them, or set those variables to other ports"
        )


def _own_block() -> Iterator[int]:
    """Ports below the ephemeral range, from a block that processes started one after another do not share."""
    first = LOWEST + os.getpid() % BLOCKS * BLOCK
    while True:
        yield from range(first, first + BLOCK)


_candidates = _own_block()


def free_port() -> int:
    """A port on which nothing listens; not the same twice in a row."""
    return next(port for port in _candidates if is_free(port))
