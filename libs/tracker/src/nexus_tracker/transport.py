"""How reports reach the platform."""

from typing import Protocol

from nexus_contracts.envelope import CloudEvent

SEND_SECONDS = 10.0
"""How long one attempt at sending may take."""


class Unconfirmed(Exception):
    """Not confirmed: the platform may have it or not. Sending it again under the same id is safe."""


class Rejected(Exception):
    """Refused: trying again would not help."""


class Transport(Protocol):
    """Sends one event at a time; connects with the first."""

    async def send(self, event: CloudEvent) -> None:
        """Returns when the event is durable. Raises Rejected, or Unconfirmed after about SEND_SECONDS."""
        ...

    async def close(self) -> None:
        """Closes the connection; nothing is sent afterwards."""
        ...
