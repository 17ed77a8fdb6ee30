"""What every process does for the others, and for its own past: dead runners, unowned work, unfinished deletions."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta

from nexus_agents.domain.backend import Backend
from nexus_agents.store import AgentStore
from nexus_agents.tables import LEASES
from nexus_agents.work.cascade import Cascade
from nexus_agents.work.deployer import Deployer
from nexus_agents.work.invoker import Invoker
from nexus_agents.work.pool import Pool
from nexus_agents.work.runner import KIND, Runner, known_dead
from nexus_agents.writes import DELETIONS, UNDEPLOYED, UNOWNED, no_entry
from nexus_contracts.errors import ServiceUnavailable
from nexus_contracts.identifiers import format_timestamp
from nexus_runtime.dynamo import Database
from nexus_runtime.ledger.change import Change
from nexus_runtime.ledger.ledger import ChangedMeanwhile, Ledger
from nexus_runtime.process import log
from nexus_runtime.work.leases import Lease, Leases

logger = log.get(__name__)
WATCH_SECONDS = 1.0
OWN_SECONDS = 2.0
DELETIONS_SECONDS = 2.0
HISTORIES_SECONDS = 5.0
REMEMBER_SECONDS = 600
"""A process that was only paused may still write under its old name: so long its work is looked at."""
AT_ONCE = 16


class Sweeper:
    def __init__(
        self,
        database: Database,
        store: AgentStore,
        ledger: Ledger,
        backend: Backend,
        runner: Runner,
        pools: tuple[Pool, Pool],
        invoker: Invoker,
        deployer: Deployer,
        cascade: Cascade,
        silent_seconds: float,
    ) -> None:
        self._database = database
        self._store = store
        self._ledger = ledger
        self._backend = backend
        self._runner = runner
        self._pools = pools
        self._invoker = invoker
        self._deployer = deployer
        self._cascade = cascade
        self._silent = silent_seconds
        self._leases, self._observed = self._observation(), time.monotonic()
        self._dead: dict[str, float] = {}
        self._looked: dict[str, float] = {}
        self._suspects: tuple[set[str], set[str]] = set(), set()
        self._erasing: set[str] = set()
        self._undeployed: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """For ever; cancel to stop. What it has begun to erase is gone on with by whoever sees it next."""
        try:
            await asyncio.gather(
                _again(WATCH_SECONDS, self.watch_runners),
                _again(WATCH_SECONDS, self.take_unowned),
                _again(OWN_SECONDS, self.check_own),
                _again(DELETIONS_SECONDS, self.finish_deletions),
                _again(HISTORIES_SECONDS, self._cascade.forget_histories),
                _again(DELETIONS_SECONDS, self.undeploy_deleted),
            )
        finally:
            for task in self._tasks:
                task.cancel()

    def erase_soon(self, name: str) -> None:
        """This process sees to the deletion that was just committed."""
        if name not in self._erasing:
            self._erasing.add(name)
            task = asyncio.create_task(self._erase(name))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def watch_runners(self) -> None:
        """Ends or takes up what silent processes had in hand."""
        now = time.monotonic()
        if now - self._observed > self._silent / 2:
            # This process was away itself, or the database was: nobody's silence means anything.
            self._leases = self._observation()
        ended = [name async for name in self._leases.owned() if known_dead(name)]
        silent = [name async for name in self._leases.silent()]
        self._observed = time.monotonic()
        for name in ended:
            await self._fence(name, await self._leases.seize(name, self._runner.name))
        for name in silent:
            await self._succeed(name)

    async def take_unowned(self) -> None:
        """What processes that stopped handed over."""
        if not self._runner.stopping:
            await self._take(UNOWNED, "")

    async def check_own(self) -> None:
        """This process's tasks against what the database says is in its hands."""
        name = self._runner.name
        here = self._pools[0].items() | self._pools[1].items()
        listed = set(await self._store.work(name))
        unknown, strange = listed - here, here - listed
        for item in unknown & self._suspects[0]:
            logger.warning("work begun that was committed unnoticed", item=item)
            await self._adopt(item, name)
        for item in strange & self._suspects[1]:
            for pool in self._pools:
                pool.abandon(item)
        self._suspects = unknown, strange

    async def finish_deletions(self) -> None:
        """Those that no process has begun, or whose process has died."""
        pending = {item["position"] async for item in self._store.entries(DELETIONS)}
        for name in pending:
            self.erase_soon(name)

    async def undeploy_deleted(self) -> None:
        """Ends what still runs here of agents that were deleted elsewhere."""
        known: set[str] = set()
        expired = format_timestamp(self._ledger.now() - timedelta(seconds=REMEMBER_SECONDS))
        async for item in self._store.entries(UNDEPLOYED):
            position = item["position"]
            known.add(position)
            if position not in self._undeployed and await self._store.any_agent(item["agent_id"]) is None:
                await self._backend.undeploy(item["agent_id"])
            if position < expired:
                await self._ledger.commit(Change.of(no_entry(UNDEPLOYED, position)))
        self._undeployed = known

    async def _succeed(self, name: str) -> None:
        """Fences the silent process off, then ends its work; its name is forgotten when it cannot come back."""
        if name not in self._dead:
            await self._fence(name, await self._leases.acquire(name, self._runner.name))
        if name not in self._dead:
            return
        now = time.monotonic()
        if now - self._looked.get(name, now - WATCH_SECONDS) < self._pause_between_looks(name):
            return
        self._looked[name] = now
        await self._take(name, name)
        if now - self._dead[name] > REMEMBER_SECONDS:
            await self._leases.forget(name)
            del self._dead[name], self._looked[name]

    async def _fence(self, name: str, lease: Lease | None) -> None:
        """The dead process's lease is another's, and then nobody's: it stays to be looked at."""
        if lease is not None:
            logger.warning("a process has ended or gone silent", runner=name)
            await self._leases.release(lease)
            self._dead[name] = time.monotonic()
            await self._take(name, name)

    def _pause_between_looks(self, name: str) -> float:
        return 0.0 if time.monotonic() - self._dead[name] < 2 * self._silent else 10 * WATCH_SECONDS

    async def _take(self, runner: str, owner: str) -> None:
        items = await self._store.work(runner)
        for place in range(0, len(items), AT_ONCE):
            await asyncio.gather(*(self._take_one(item, owner) for item in items[place : place + AT_ONCE]))

    async def _take_one(self, item: str, owner: str) -> None:
        kind, _, found = item.partition("#")
        if kind == "invocation" and owner:
            await self._invoker.interrupt(found, owner)
        else:
            await self._adopt(item, owner)

    async def _adopt(self, item: str, owner: str) -> None:
        kind, _, found = item.partition("#")
        adopt = self._invoker.adopt if kind == "invocation" else self._deployer.adopt
        await adopt(found, owner)

    async def _erase(self, name: str) -> None:
        try:
            await self._cascade.erase(name)
        except (ChangedMeanwhile, ServiceUnavailable) as error:
            logger.info("deletion goes on later", name=name, reason=str(error))
        except Exception:
            logger.exception("deletion failed, tried again later", name=name)
        finally:
            self._erasing.discard(name)

    def _observation(self) -> Leases:
        return Leases(self._database, LEASES, KIND, self._silent)


async def _again(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await work()
        except (ServiceUnavailable, ChangedMeanwhile) as error:
            logger.info("tried again", work=work.__name__, reason=str(error))
        except Exception:
            logger.exception("failed, tried again", work=work.__name__)
        await asyncio.sleep(seconds)
