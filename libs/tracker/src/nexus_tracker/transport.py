"""The way that a report takes to the platform."""

from typing import Protocol

from nexus_contracts.envelope import CloudEvent

SEND_SECONDS = 10.0
"""How long one try may take."""


class Unconfirmed(Exception):
    """Not confirmed: perhaps taken, perhaps not. The same report again, with its id, is harmless."""


class Rejected(Exception):
    """Not taken, and trying again would not help."""


class Transport(Protocol):
    """Carries one event at a time; connects when the first one comes."""

    async def send(self, event: CloudEvent) -> None:
        """Returns when the event is durable. Raises Unconfirmed, within some SEND_SECONDS, or Rejected."""
        ...

    async def close(self) -> None:
        """Ends the connection. Nothing is sent afterwards."""
        ...
