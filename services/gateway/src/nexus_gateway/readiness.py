"""Which routes work: writes and streams need the broker, reads their owner; each works without the others."""

from collections.abc import Mapping
from functools import partial
from typing import Protocol

from nexus_gateway.owners import NAMES
from nexus_runtime.process.health import Check, Unhealthy


class WatchedBus(Protocol):
    @property
    def reachable(self) -> bool: ...

    @property
    def fault(self) -> str:
        """The reason if it is not reachable."""
        ...


class Listening(Protocol):
    @property
    def listening(self) -> bool: ...


class AskedOwners(Protocol):
    async def check_one(self, owner: str) -> None:
        """Raises Unhealthy."""
        ...


class Readiness:
    """Until the broker has been reached for the first time, nothing is ready: the gateway is starting."""

    def __init__(self, bus: WatchedBus, desk: Listening, owners: AskedOwners) -> None:
        self._bus = bus
        self._desk = desk
        self._owners = owners
        self._begun = False

    def checks(self) -> Mapping[str, Check]:
        """One check for the message bus, and one for each owner."""
        return {"message_bus": self.message_bus, **{name: partial(self._owner, name) for name in NAMES}}

    async def message_bus(self) -> None:
        # Without replies every write would wait in vain and end as 202, although the broker accepts its command.
        if not (self._bus.reachable and self._desk.listening):
            raise Unhealthy(self._bus.fault if not self._bus.reachable else "not yet reading replies")
        self._begun = True

    async def _owner(self, name: str) -> None:
        if not self._begun:
            raise Unhealthy("the gateway is starting")
        await self._owners.check_one(name)
