"""Who this process is to the others: a name under which its work stands, kept alive by a heartbeat."""

import asyncio
import time

from nexus_agents.tables import LEASES, WORK
from nexus_contracts.errors import ServiceUnavailable
from nexus_runtime.dynamo import Database
from nexus_runtime.process import log
from nexus_runtime.process.clock import new_id
from nexus_runtime.process.identity import has_ended, this_process
from nexus_runtime.work.leases import Lease, LeaseLost, Leases

logger = log.get(__name__)
KIND = "runner"


def known_dead(name: str) -> bool:
    """Whether the process of that name lived on this machine and has ended."""
    return has_ended(name.partition("@")[2])


class NotRegistered(ServiceUnavailable):
    """This process has no name at present, so it may take no work."""


class Runner:
    """A process that lost its name takes a new one: what stood under the old one is ended by the others."""

    def __init__(self, database: Database, beat_seconds: float, silent_seconds: float) -> None:
        self._database = database
        self._leases = Leases(database, LEASES, KIND, silent_seconds)
        self._beat = beat_seconds
        self._silent = silent_seconds
        self._lease: Lease | None = None
        self._renewed = 0.0
        self._beating: asyncio.Task[None] | None = None
        self.stopping = False

    @property
    def name(self) -> str:
        """Under which new work is taken. Raises NotRegistered; also when the others may think it dead."""
        if self._lease is None or time.monotonic() - self._renewed > self._silent:
            raise NotRegistered("this process is not registered for work yet")
        return self._lease.name

    @property
    def successor(self) -> str:
        """Who is to work on what comes next: this process, or nobody yet ("") when it stops."""
        return "" if self.stopping else self.name

    async def start(self) -> None:
        """Returns at once; registers as soon as the database answers."""
        self._beating = asyncio.create_task(self._keep(), name="runner heartbeat")

    async def stop(self) -> None:
        """The name is given up: what still stands under it is taken by the others at once, or when one starts."""
        if self._beating:
            self._beating.cancel()
            await asyncio.gather(self._beating, return_exceptions=True)
        if self._lease:
            try:
                await self._leases.release(self._lease)
                if await self._database.count(WORK, self._lease.name) == 0:
                    await self._leases.forget(self._lease.name)
            except ServiceUnavailable:
                logger.warning("name not given up, the others will notice the silence", runner=self._lease.name)

    async def _keep(self) -> None:
        while True:
            began = time.monotonic()
            try:
                await self._prove_alive()
                self._renewed = began
            except LeaseLost:
                logger.warning("this process was taken for dead", runner=self._lease.name if self._lease else "")
                self._lease = None
                continue
            except ServiceUnavailable as error:
                logger.warning("heartbeat not written", reason=error.message)
            await asyncio.sleep(self._beat if self._lease else self._beat / 4)

    async def _prove_alive(self) -> None:
        if self._lease is not None:
            self._lease = await self._leases.renew(self._lease)
            return
        name = f"{new_id('run_')}@{this_process()}"
        self._lease = await self._leases.acquire(name, name)
        logger.info("registered for work", runner=name)
