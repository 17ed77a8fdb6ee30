"""The registered name of this process, and which other processes are alive."""

import asyncio
import time
from collections.abc import Callable

from nexus_contracts.errors import ServiceUnavailable
from nexus_runtime.dynamo import Database, Table
from nexus_runtime.process import log
from nexus_runtime.process.clock import new_id
from nexus_runtime.process.identity import has_ended, this_process
from nexus_runtime.work.leases import Lease, LeaseLost, Leases

logger = log.get(__name__)
KIND = "runner"


class Registration:
    """The name under which this process holds work, kept by a heartbeat. A lost name is never used again.

    `changed` is called when this process has its name, and when the others have presumed it dead.
    """

    def __init__(
        self,
        database: Database,
        table: Table,
        beat_seconds: float,
        silent_seconds: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._leases = Leases(database, table, KIND, silent_seconds)
        self._beat = beat_seconds
        self._silent = silent_seconds
        self._monotonic = monotonic
        self._lease: Lease | None = None
        self._renewed = 0.0
        self._beating: asyncio.Task[None] | None = None
        self.changed: Callable[[], None] = lambda: None

    @property
    def name(self) -> str | None:
        """None if there is no name, or if others may presume this process dead."""
        if self._lease is None or self._monotonic() - self._renewed > self._silent:
            return None
        return self._lease.name

    async def start(self) -> None:
        """Returns at once; registers as soon as the database answers."""
        self._beating = asyncio.create_task(self._keep(), name="runner heartbeat")

    async def stop(self) -> None:
        """Gives up the name: others take over at once whatever is still held under it."""
        if self._beating:
            self._beating.cancel()
            await asyncio.gather(self._beating, return_exceptions=True)
        lease, self._lease = self._lease, None
        if lease:
            try:
                await self._leases.forget(lease.name)
            except ServiceUnavailable:
                logger.warning("registration not removed, others will notice the silence", runner=lease.name)

    async def beat(self) -> None:
        """Sends a heartbeat, or registers this process under a new name."""
        # Measured from before the write: others count from when they see the beat, which is later, so this process
        # doubts itself before any other can presume it dead.
        began = self._monotonic()
        try:
            is_new = await self._prove_alive()
            self._renewed = began
            if is_new:
                self.changed()
        except LeaseLost:
            logger.warning("this process was presumed dead", runner=self._lease.name if self._lease else "")
            self._lease = None
            self.changed()
        except ServiceUnavailable as error:
            logger.warning("heartbeat not written", reason=error.message)
        except Exception:
            logger.exception("heartbeat failed")

    async def _keep(self) -> None:
        while True:
            await self.beat()
            await asyncio.sleep(self._beat if self._lease else self._beat / 4)

    async def _prove_alive(self) -> bool:
        """Whether that took a new name."""
        if self._lease is not None:
            self._lease = await self._leases.renew(self._lease)
            return False
        name = f"{new_id('run_')}@{this_process()}"
        self._lease = await self._leases.acquire(name, name)
        logger.info("registered for work", runner=name)
        return True


class Roster:
    """The processes that are alive, as observed by this one.

    The lease of one that has died or fallen silent is removed: it can no longer be renewed, so its owner will notice.
    Work under a name without a lease is nobody's.
    """

    def __init__(
        self,
        database: Database,
        table: Table,
        silent_seconds: float,
        known_dead: Callable[[str], bool] = lambda name: has_ended(name.partition("@")[2]),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._table = table
        self.silent_seconds = silent_seconds
        self._known_dead = known_dead
        self._monotonic = monotonic
        self._leases = self._observation()
        self._observed = monotonic()
        self.living: frozenset[str] = frozenset()

    async def observe(self) -> bool:
        """Checks the leases. Returns whether the set of living processes has changed since the last check."""
        if self._monotonic() - self._observed > self.silent_seconds / 2:
            # This process itself was paused, or the database unavailable: silence proves nothing, so observe anew.
            self._leases = self._observation()
        living: set[str] = set()
        for one in await self._leases.observe():
            if not (one.silent or self._known_dead(one.lease.name)):
                living.add(one.lease.name)
            elif await self._leases.fence(one.lease):
                logger.warning("a process has ended or fallen silent", runner=one.lease.name)
            else:
                # It has sent a heartbeat between the check and the fence: it is alive.
                living.add(one.lease.name)
        self._observed = self._monotonic()
        before, self.living = self.living, frozenset(living)
        return self.living != before

    def _observation(self) -> Leases:
        return Leases(self._database, self._table, KIND, self.silent_seconds, self._monotonic)
