"""Long work without broker: processes on one database that can be stopped, killed and paused; faults at every call."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.support.memory_database import MemoryDatabase

from nexus_contracts.aggregate import Aggregate
from nexus_contracts.commands import Command
from nexus_contracts.errors import ServiceUnavailable
from nexus_contracts.history import HistoryEntry
from nexus_contracts.replies import Outcome, Reply
from nexus_runtime.dynamo import Action, Database, Item, Table
from nexus_runtime.dynamo.form import Form
from nexus_runtime.dynamo.joint import JointCalls
from nexus_runtime.kafka.replies import ReplyAddress
from nexus_runtime.ledger.change import Begin, Change, End, Saved, States
from nexus_runtime.ledger.history import History, history_table
from nexus_runtime.ledger.inbox import Handled, Inbox, inbox_table
from nexus_runtime.ledger.ledger import Decision, Ledger
from nexus_runtime.ledger.outbox import Outbox, outbox_table
from nexus_runtime.process.clock import new_id, utc_now
from nexus_runtime.process.identity import has_ended
from nexus_runtime.work.answers import Answers
from nexus_runtime.work.engine import Engine
from nexus_runtime.work.items import WorkItems, work_table
from nexus_runtime.work.kind import Held
from nexus_runtime.work.leases import lease_table
from nexus_runtime.work.registration import Registration, Roster

ERRANDS = Table("TestErrands", "errand_id")
WORK, LEASES = work_table("TestWork"), lease_table("TestLeases")
INBOX, HISTORY, OUTBOX = inbox_table("TestInbox"), history_table("TestHistory"), outbox_table("TestOutbox")
TABLES = (ERRANDS, WORK, LEASES, INBOX, HISTORY, OUTBOX)
SILENT_SECONDS = 5.0


class Errand(Aggregate):
    """`ends` says how: "" while it has not ended."""

    errand_id: str
    ends: str = ""


class Process:
    """One process, whose calls of database and bus can be held up.

    It dies at call `cut_at`, or gets an error from call `fails_at`: before that is carried out or, by `cut_after`,
    thereafter.
    """

    def __init__(self, world: "World", name: str) -> None:
        self.world, self.name = world, name
        self.dead = False
        self.calls = 0
        self.cut_at: int | None = None
        self.cut_after = False
        self.fails_at: int | None = None
        self.lose_answer_of = ""
        self.killed, self.resumed = asyncio.Event(), asyncio.Event()
        self.resumed.set()

    async def call(self, action: Callable[[], Any]) -> Any:
        """Passes a call on, unless the process dies before it, or after it and before the answer."""
        await self.resumed.wait()
        self.calls += 1
        cut, fails = self.calls == self.cut_at, self.calls == self.fails_at
        if self.dead or (cut and not self.cut_after):
            await self.die()
        if fails and not self.cut_after:
            raise ServiceUnavailable("unavailable")
        try:
            result = await action()
        finally:
            if cut:
                await self.die()
        if fails:
            raise ServiceUnavailable("no answer")
        return result

    async def die(self) -> None:
        """Nothing comes after it in this process."""
        self.dead = True
        self.killed.set()
        await asyncio.Event().wait()

    # The database and the sender, as this process sees them.

    async def get(self, table: Table, key: Any, only: Sequence[str] = ()) -> Item | None:
        return await self.call(lambda: self.world.database.get(table, key, only))

    async def query(self, table: Table, partition: Any, **bounds: Any) -> AsyncIterator[Item]:
        async def read() -> list[Item]:
            return [item async for item in self.world.database.query(table, partition, **bounds)]

        for item in await self.call(read):
            yield item

    async def write(self, *actions: Action, tries: int = 1) -> None:
        await self.call(lambda: self.world.database.write(*actions, tries=tries))
        if self.lose_answer_of in {action.table.name for action in actions}:
            self.lose_answer_of = ""
            raise ServiceUnavailable("no answer")

    async def send(self, partition: int | None, reply: Reply) -> None:
        async def deliver() -> None:
            if partition is not None:
                self.world.replies.append(reply)

        await self.call(deliver)

    def announce(self, aggregate: str, entries: Sequence[HistoryEntry] = ()) -> None:
        del aggregate, entries


@dataclass
class Errands:
    """The kind of work: it waits for the test to say how it ends, unless it is `prompt`."""

    owner: "Owner"
    idempotent: bool
    name: str = "errand"
    running: dict[str, asyncio.Future[str]] = field(default_factory=dict[str, "asyncio.Future[str]"])
    prompt: bool = False

    async def run(self, name: str, held: Held) -> None:
        self.owner.world.runs.append((self.owner.process.name, name, held.epoch))
        answer = self.running[name] = asyncio.get_running_loop().create_future()
        if self.prompt:
            answer.set_result("done")
        result = await answer
        await held.conclude(lambda: self.owner.end(name, result))

    async def adopt(self, name: str) -> bool:
        return self.idempotent

    async def interrupt(self, name: str, held: Held) -> None:
        await held.conclude(lambda: self.owner.end(name, "interrupted"))

    async def outcome(self, name: str) -> Outcome | None:
        errand = await self.owner.errand(name)
        return Outcome(status=201, result={"ends": errand.ends}) if errand and errand.ends else None


class Owner:
    """What runs in one process."""

    def __init__(self, world: "World", name: str, idempotent: bool, limits: tuple[int, int]) -> None:
        self.world, self.process = world, Process(world, name)
        database: Any = self.process
        world_clock = world.monotonic
        registration = Registration(database, LEASES, world.beat_seconds, SILENT_SECONDS, world_clock)
        roster = Roster(database, LEASES, SILENT_SECONDS, world.is_dead, world_clock)
        items, answers = WorkItems(database, WORK), Answers(self.process, pause_seconds=0.01)
        self.registration = registration
        self.runner = ""
        self.engine = Engine(
            items, answers, registration, roster, look_seconds=world.look_seconds, retry_seconds=0.01, stop_seconds=0.2
        )
        self.kind = Errands(self, idempotent)
        self.engine.serve(self.kind, *limits)
        self.states = States(ERRANDS, Form(Errand))
        inbox, history, outbox = Inbox(database, INBOX), History(database, HISTORY), Outbox(database, OUTBOX)
        self.ledger = Ledger(inbox, history, outbox, self.process, JointCalls(database), utc_now, self.engine)

    async def errand(self, name: str) -> Errand | None:
        item = await self.process.get(ERRANDS, {"errand_id": name})
        return self.states.read(item) if item else None

    async def end(self, name: str, ends: str) -> None:
        errand = await self.errand(name)
        if errand is None or errand.ends:
            return
        saved = self.states.save(name, errand, errand.model_copy(update={"ends": ends}))
        outcome = Outcome(status=201, result={"ends": ends})
        await self.ledger.commit(saved.change + Change(ends=(End("errand", name, outcome),)))
        self.world.ends.append((name, ends))

    def created(self, name: str) -> Saved[Errand]:
        return self.states.save(name, None, Errand(errand_id=name))

    async def send(self, name: str, request_id: str | None = None, **begin: Any) -> str:
        """Gives the command to begin this errand, whose id is also the command's; returns the id of the request."""
        request_id = request_id or new_id("evt_")
        handled = Handled(Command(command_id=name), request_id, partition=1)

        async def decide() -> Decision:
            change = self.created(name).change + Change(begins=(Begin("errand", name, handled.address, **begin),))
            return Decision(Outcome.accepted("errand", name), change)

        await self.ledger.carry_out(handled, decide)
        await settle()
        return request_id

    async def finish(self, name: str, result: str = "done") -> None:
        self.kind.running[name].set_result(result)
        await settle()

    async def beat(self) -> None:
        await self.registration.beat()

    async def look(self) -> None:
        """Looks at everything; again where the database fails."""
        try:
            self.engine.sweeper.look_soon()
            await self.engine.sweeper.look()
        except ServiceUnavailable:
            await self.look()
        await settle()


class World:
    """The database, the clock, the answers; `start` starts a process.

    With a `look_seconds` its time is the real one, and who has died is what the machine says. Else processes look, and
    prove that they live, when the test says so.
    """

    def __init__(self, database: Database | None = None, look_seconds: float | None = None) -> None:
        self.memory = MemoryDatabase()
        self.database: Database = database or self.memory.as_database()
        self.look_seconds = look_seconds or 3600.0
        self._real = look_seconds is not None
        self.beat_seconds = 1.0 if self._real else 3600.0
        self.replies: list[Reply] = []
        self.runs: list[tuple[str, str, int]] = []
        self.ends: list[tuple[str, str]] = []
        self.owners: list[Owner] = []
        self.now = 0.0

    def monotonic(self) -> float:
        return time.monotonic() if self._real else self.now

    def is_dead(self, runner: str) -> bool:
        """Known by the machine."""
        if self._real:
            return has_ended(runner.partition("@")[2])
        return any(one.process.dead and one.runner == runner for one in self.owners)

    async def start(
        self, *, idempotent: bool = False, at_once: int = 4, waiting: int = 4, prompt: bool = False
    ) -> Owner:
        owner = Owner(self, f"p{len(self.owners) + 1}", idempotent, (at_once, waiting))
        owner.kind.prompt = prompt
        self.owners.append(owner)
        # Where the test tells the time, it also tells when somebody looks.
        await (owner.engine if self._real else owner.registration).start()
        await settle()
        owner.runner = owner.registration.name or ""
        return owner

    async def pass_silence(self, observer: Owner) -> None:
        """So much time passes, with the observer awake, that who says nothing is taken for dead."""
        for _ in range(5):
            await observer.look()
            self.now += SILENT_SECONDS / 4
            await observer.beat()
        await observer.look()

    async def kill(self, owner: Owner) -> None:
        """It is gone, and the machine knows."""
        owner.process.dead = True
        await settle()

    def answers(self, request_id: str) -> list[Any]:
        return [reply.result and reply.result["ends"] for reply in self.replies if reply.request_id == request_id]

    def address(self, request_id: str) -> ReplyAddress:
        return ReplyAddress(partition=1, request_id=request_id, command_id="c")

    def items(self) -> list[tuple[str, str, int]]:
        """Name, runner, epoch of what is in the memory database."""
        return sorted((item["name"], item["runner"], item["epoch"]) for item in self.memory.items(WORK))


async def settle() -> None:
    """Lets everything run that can run."""
    for _ in range(100):
        await asyncio.sleep(0)


async def end_tasks() -> None:
    """Everything that is still under way ends without a trace."""
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
