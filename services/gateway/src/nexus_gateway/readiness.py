"""Which routes work: writes and streams need the broker, reads their owner; each works without the others."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Protocol

from nexus_contracts.errors import PlatformError
from nexus_gateway.owners import HEALTH_SECONDS, NAMES
from nexus_runtime.process.health import Check, Unhealthy

SECONDS = HEALTH_SECONDS + 0.5
KEPT_SECONDS = 1.0
OLD_SECONDS = 10.0
"""An answer that is not older is given while the next is awaited: under overload that takes longer than probes wait."""
NO_ANSWER, DATABASE = "answer", "database"
Lacking = Mapping[str, str]
"""Why which check fails, by its name; `NO_ANSWER`: there was nobody to say so."""


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
    async def lacking(self, owner: str) -> Lacking:
        """Raises PlatformError."""
        ...


class AskedDatabase(Protocol):
    async def ping(self) -> None:
        """Raises PlatformError."""
        ...


class Readiness:
    """Until the broker has been reached for the first time, nothing is ready: the gateway is starting.

    `database`: that of the gateway's own tables; None if it has none.
    """

    def __init__(
        self, bus: WatchedBus, desk: Listening, owners: AskedOwners, database: AskedDatabase | None = None
    ) -> None:
        self._bus = bus
        self._desk = desk
        self._begun = False
        self._looks = {name: _Look(partial(owners.lacking, name)) for name in NAMES}
        self._own = {DATABASE: _Look(partial(_pinged, database))} if database else {}

    def enough(self) -> Mapping[str, Check]:
        """One check for the message bus, one for each owner, and one for the own tables."""
        reads = {name: partial(self._serves, look) for name, look in {**self._own, **self._looks}.items()}
        return {"message_bus": self.message_bus, **reads}

    def shown(self) -> Mapping[str, Check]:
        own = {name: partial(self._serves, look) for name, look in self._own.items()}
        return {"message_bus": self.message_bus, **own, "services": self._services}

    async def message_bus(self) -> None:
        # Without replies every write would wait in vain and end as 202, although the broker accepts its command.
        if not (self._bus.reachable and self._desk.listening):
            raise Unhealthy(self._bus.fault if not self._bus.reachable else "not yet reading replies")
        self._begun = True

    async def _serves(self, look: "_Look") -> None:
        if not self._begun:
            raise Unhealthy("the gateway is starting")
        lacking = await look.found(OLD_SECONDS)
        if NO_ANSWER in lacking:
            raise Unhealthy(lacking[NO_ANSWER])
        # Its own reason is not for everybody. Whatever else it lacks, it answers reads.
        if DATABASE in lacking:
            raise Unhealthy("its database does not answer")

    async def _services(self) -> Mapping[str, str]:
        """The state of each owner. Raises Unhealthy, with all that those lack which lack something."""
        looks = (look.found(KEPT_SECONDS) for look in self._looks.values())
        found = dict(zip(NAMES, await asyncio.gather(*looks), strict=True))
        failing = [f"{owner}: {_told(lacking)}" for owner, lacking in found.items() if lacking]
        if failing:
            raise Unhealthy("; ".join(failing))
        return dict.fromkeys(NAMES, "healthy")


class _Look:
    """A question on the network, put once a second at most. Only the first, and who comes after a pause, waits."""

    def __init__(self, ask: Callable[[], Awaitable[Lacking]], clock: Callable[[], float] = time.monotonic) -> None:
        self._ask = ask
        self._clock = clock
        self._asked: asyncio.Task[Lacking] | None = None
        self._known: Lacking = {}
        self._known_at = float("-inf")

    async def found(self, old_seconds: float) -> Lacking:
        """An answer that is not older, be it that the next one is under way."""
        age = self._clock() - self._known_at
        if self._asked is None or (self._asked.done() and age >= KEPT_SECONDS):
            self._asked = asyncio.create_task(self._look())
        return self._known if age < old_seconds else await asyncio.shield(self._asked)

    async def _look(self) -> Lacking:
        self._known = await self._answer()
        self._known_at = self._clock()
        return self._known

    async def _answer(self) -> Lacking:
        try:
            async with asyncio.timeout(HEALTH_SECONDS):
                return await self._ask()
        except TimeoutError:
            return {NO_ANSWER: "no answer in time"}
        except PlatformError as error:
            return {NO_ANSWER: error.message}
        except Exception as error:  # noqa: BLE001  # any failure is the answer; its text is not for everybody
            return {NO_ANSWER: f"no answer: {type(error).__name__}"}


async def _pinged(database: AskedDatabase) -> Lacking:
    await database.ping()
    return {}


def _told(lacking: Lacking) -> str:
    return ", ".join(why if name == NO_ANSWER else f"{name}: {why}" for name, why in lacking.items())
