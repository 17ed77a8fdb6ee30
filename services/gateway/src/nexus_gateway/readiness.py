"""Which routes can work: writes and streams need the broker, reads their owner; each goes on without the others."""

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
        """Why it is not reachable."""
        ...


class Listening(Protocol):
    @property
    def listening(self) -> bool: ...


class AskedOwners(Protocol):
    async def check_one(self, owner: str) -> None:
        """Raises Unhealthy."""
        ...


class Readiness:
    """Until the broker was reached for the first time nothing counts as working: the gateway is starting."""

    def __init__(self, bus: WatchedBus, desk: Listening, owners: AskedOwners) -> None:
        self._bus = bus
        self._desk = desk
        self._owners = owners
        self._begun = False

    def checks(self) -> Mapping[str, Check]:
        """By what is needed: the message bus, and each owner."""
        return {"message_bus": self.message_bus, **{name: partial(self._owner, name) for name in NAMES}}

    async def message_bus(self) -> None:
        if not (self._bus.reachable and self._desk.listening):
            raise Unhealthy(self._bus.fault if not self._bus.reachable else "replies are not read yet")
        self._begun = True

    async def _owner(self, name: str) -> None:
        if not self._begun:
            raise Unhealthy("the gateway is starting")
        await self._owners.check_one(name)
