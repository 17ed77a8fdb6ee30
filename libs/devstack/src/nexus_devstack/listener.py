"""A port that outlives the processes which take connections from it."""

import socket
from collections.abc import Generator
from contextlib import contextmanager

SETTING = "PUBLIC_FD"
"""The environment variable that tells a process which of its descriptors the socket is."""


class Listener:
    """A socket, bound for the first process that uses it and closed behind the last; they themselves listen on it.

    While one process takes over from another both use it, so no connection is lost between the two. Where none does,
    connections are refused.
    """

    def __init__(self, host: str, port: int, *, shared: bool = False) -> None:
        """`shared`: with other sockets of the same service; the system distributes the connections among them."""
        self.address = f"{host}:{port}"
        self._at = (host, port)
        self._shared = shared
        self._socket: socket.socket | None = None
        self._users = 0

    @contextmanager
    def used(self) -> Generator[int]:
        """The descriptor of the socket, to be handed to a process, until that has ended. Raises OSError."""
        opened = self._socket = self._socket or self._bound()
        self._users += 1
        try:
            yield opened.fileno()
        finally:
            self._users -= 1
            if not self._users:
                self._socket = None
                opened.close()

    def _bound(self) -> socket.socket:
        opened = socket.socket()
        try:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if self._shared:
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            opened.bind(self._at)
        except (OSError, OverflowError) as error:
            opened.close()
            raise OSError(0, f"cannot listen on {self.address}: {error}") from None
        return opened
