"""The builds service without broker and HTTP: commands and reports go in, what is committed can be looked at."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace
from typing import Any, Self, cast

from tests.support.builds_story import PROJECT
from tests.support.memory_database import MemoryDatabase

from nexus_builds.domain.control import Methods
from nexus_builds.domain.state import Project
from nexus_builds.handlers.commands import CommandHandlers
from nexus_builds.handlers.reports import ReportHandlers, ReportMemory
from nexus_builds.store.projects import ProjectStore
from nexus_builds.store.verifications import VERIFICATION, Verifications
from nexus_builds.tables import LEDGER, WORK
from nexus_builds.work.erasure import Erasure
from nexus_contracts.builds.commands import BuildsCommand
from nexus_contracts.builds.reports import REPORT, AnyReport
from nexus_contracts.envelope import CloudEvent
from nexus_contracts.history import HistoryEntry
from nexus_contracts.replies import Reply
from nexus_runtime.dynamo import Action, Database, DatabaseUnavailable
from nexus_runtime.dynamo.joint import JointCalls
from nexus_runtime.kafka.delivery import Delivery
from nexus_runtime.ledger.history import History
from nexus_runtime.ledger.inbox import Handled, Inbox
from nexus_runtime.ledger.ledger import Ledger
from nexus_runtime.ledger.outbox import Outbox
from nexus_runtime.ledger.relay import Relay
from nexus_runtime.process.clock import new_id, utc_now
from nexus_runtime.work.answers import Answers
from nexus_runtime.work.items import WorkItems
from nexus_runtime.work.queue import Queue


class LossyDatabase(MemoryDatabase):
    """`lose_answers` writes are carried out, but whoever asked never hears so: a crash between commit and answer."""

    def __init__(self) -> None:
        super().__init__()
        self.lose_answers = 0
        self.before_write: Callable[[], Any] | None = None

    async def write(self, *actions: Action, tries: int = 1) -> None:
        if self.before_write:
            act, self.before_write = self.before_write, None
            await act()
        await super().write(*actions, tries=tries)
        if self.lose_answers:
            self.lose_answers -= 1
            raise DatabaseUnavailable("the answer was lost")


@dataclass
class Announced:
    """Stands in for the relay: what it was told to publish, by aggregate."""

    told: defaultdict[str, list[HistoryEntry]]

    def announce(self, aggregate: str, entries: Sequence[HistoryEntry] = ()) -> None:
        self.told[aggregate].extend(entries)


class Unheard:
    """Nobody waits for the long work of builds."""

    async def send(self, partition: int | None, reply: Reply) -> None:
        raise AssertionError(f"an answer to partition {partition}: {reply}")


class Replica:
    """One process of the service; what it keeps in memory dies with it."""

    def __init__(self, database: MemoryDatabase, now: Callable[[], datetime] = utc_now) -> None:
        self._assemble(database.as_database(), now)

    @classmethod
    def on(cls, database: Database) -> Self:
        """A process on a real database; what it commits it does not publish."""
        made = cls.__new__(cls)
        made._assemble(database, utc_now)
        return made

    def _assemble(self, database: Database, now: Callable[[], datetime]) -> None:
        self.database = database
        self.announced = Announced(defaultdict(list))
        self.history, self.outbox = History(self.database, LEDGER.history), Outbox(self.database, LEDGER.outbox)
        inbox, relay = Inbox(self.database, LEDGER.inbox), cast(Relay, self.announced)
        self.work = Queue(WorkItems(self.database, WORK), Answers(Unheard()))
        joint = JointCalls(self.database)
        self.ledger = Ledger(inbox, self.history, self.outbox, relay, joint, now, self.work)
        self.store = ProjectStore(self.database, joint)
        self.verifications = Verifications(self.database, self.work.items, self.work)
        self.work.know(VERIFICATION, self.verifications.outcome)
        self.commands = CommandHandlers(self.store, self.verifications, now, Methods())
        self.reports = ReportHandlers(self.store, ReportMemory(self.store), self.ledger, now)
        self.erasure = Erasure(self.store, self.ledger)

    async def ask(
        self, command: BuildsCommand, request_id: str | None = None, cause: CloudEvent | None = None
    ) -> Reply:
        handled = Handled(command, request_id or new_id("evt_"))
        return await self.ledger.carry_out(handled, lambda: self.commands.decide(command, None), cause)

    async def tell(self, *told: Delivery) -> None:
        await self.reports.apply_reports(told)

    async def project(self, project_id: str = PROJECT) -> Project | None:
        return await self.store.load(project_id)

    async def present(self, project_id: str = PROJECT) -> Project:
        found = await self.project(project_id)
        assert found is not None
        return found

    async def at_work(self, kind: str) -> list[str]:
        """The projects that are work of this kind."""
        return [item.name for item in await self.work.items.all() if item.kind == kind]

    async def events(self, project_id: str = PROJECT) -> list[HistoryEntry]:
        return [entry async for entry in self.history.read(project_id)]


def delivered(report: AnyReport, source: str, report_id: str) -> Delivery:
    """The report as it comes off the topic."""
    event = CloudEvent(
        id=report_id,
        source=source,
        type=report.type,
        subject=report.project_id,
        time=utc_now(),
        data=report.model_dump(mode="json", exclude={"type"}),
    )
    message: Any = REPORT.validate_python({**event.data, "type": event.type})
    return Delivery(event, message, SimpleNamespace(value=event.body(), headers=event.headers()))


def sequences(entries: Iterable[HistoryEntry]) -> list[int]:
    return [entry.sequence for entry in entries]
