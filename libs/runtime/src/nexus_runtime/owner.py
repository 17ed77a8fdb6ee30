"""The common parts of all services that own tables."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from fastapi import APIRouter, Query, Response

from nexus_contracts.audit import AuditPage
from nexus_contracts.errors import Conflict, PermissionDenied, ServiceUnavailable
from nexus_contracts.history import Export
from nexus_contracts.model import Message
from nexus_contracts.operations import Outcomes
from nexus_contracts.principal import ADMIN
from nexus_contracts.topics import Topic
from nexus_runtime.dynamo import Database, Table
from nexus_runtime.dynamo.joint import JointCalls
from nexus_runtime.kafka.bus import Bus
from nexus_runtime.kafka.consumers import Consumers
from nexus_runtime.kafka.guarded import NotHalted
from nexus_runtime.kafka.membership import Tenures
from nexus_runtime.kafka.replies import Replier
from nexus_runtime.ledger.audit import Wanted
from nexus_runtime.ledger.change import NoWork
from nexus_runtime.ledger.history import History
from nexus_runtime.ledger.inbox import Inbox
from nexus_runtime.ledger.ledger import Ledger
from nexus_runtime.ledger.outbox import Outbox
from nexus_runtime.ledger.relay import Relay
from nexus_runtime.process import caller
from nexus_runtime.process.caller import Trust
from nexus_runtime.process.clock import utc_now
from nexus_runtime.process.health import Check, Unhealthy
from nexus_runtime.process.queries import json_answer, query_router
from nexus_runtime.process.service import Background
from nexus_runtime.process.settings import OwnerSettings
from nexus_runtime.process.succession import PATH as LET_GO
from nexus_runtime.work.answers import Answers
from nexus_runtime.work.engine import Engine, LongWork
from nexus_runtime.work.items import WorkItems
from nexus_runtime.work.queue import Queue


class Partition(Message):
    topic: str
    partition: int


class Place(Partition):
    offset: int


class Resumed(Partition):
    resumed_at: int


class Skipped(Place, Resumed):
    pass


@dataclass(frozen=True)
class LedgerTables:
    inbox: Table
    history: Table
    outbox: Table


class Owner:
    """Database, broker and ledger of one service. `name` is its client id and the source of its events.

    `work`: where its long work stands, if it has any. With leases it works on it, too: `engine.serve(kind, at_once)`.
    `database` and `bus` are made from the settings where they are not given.
    """

    def __init__(
        self,
        name: str,
        settings: OwnerSettings,
        tables: LedgerTables,
        topic: Topic,
        work: LongWork | None = None,
        *,
        database: Database | None = None,
        bus: Bus | None = None,
    ) -> None:
        source = f"/nexus/{name}"
        self.trust = Trust(settings.identity_secret)
        self.database = database or Database(settings)
        self.bus = bus or Bus(settings, name)
        self.history = History(self.database, tables.history)
        self.outbox = Outbox(self.database, tables.outbox)
        self.inbox = Inbox(self.database, tables.inbox)
        self.joint = JointCalls(self.database)
        self.relay = Relay(self.bus, self.outbox, self.history, topic, source, settings.kafka_volatile)
        self.replier = Replier(self.bus, source)
        self._work = self._work_log(work, settings)
        if isinstance(self._work, Engine):
            self._work.sweeper.others_changed = self.relay.sweep_soon
        self.ledger = Ledger(
            self.inbox, self.history, self.outbox, self.relay, self.joint, utc_now, self._work or NoWork()
        )

    @property
    def engine(self) -> Engine:
        """The engine for this owner's long work."""
        assert isinstance(self._work, Engine), "this owner works on nothing"
        return self._work

    def parts(self, *before_work: Any) -> list[Any]:
        """Database, broker, `before_work`, relay and long work, in the order in which they start."""
        work = [self._work] if self._work else []
        return [self.database, self.bus, *before_work, Background("outbox relay", self.relay.run), *work]

    def _work_log(self, work: LongWork | None, settings: OwnerSettings) -> Queue | None:
        if work is None:
            return None
        share = settings.shutdown_share("work")
        if work.leases is None:
            return Queue(WorkItems(self.database, work.items), Answers(self.replier), stop_seconds=share)
        inherits = settings.predecessor_url is not None
        return Engine.over(self.database, self.replier, work, inherits=inherits, stop_seconds=share)

    async def outbox_check(self) -> Mapping[str, Any]:
        return {"depth": await self.outbox.depth(), "oldest_seconds": await self.outbox.oldest()}


def database_check(database: Database) -> Check:
    async def check() -> None:
        await database.ping()

    return check


def bus_check(bus: Bus) -> Check:
    async def check() -> None:
        if not bus.reachable:
            raise Unhealthy(bus.fault)

    return check


def consumers_check(consumers: Consumers) -> Check:
    """Unhealthy until every subscription has partitions, and like `progress_check`; details: the lag by topic."""

    async def check() -> Mapping[str, Any]:
        if not consumers.ready():
            raise Unhealthy("waiting for partitions")
        _raise_faults(consumers)
        return {"lag": consumers.lag()}

    return check


def progress_check(consumers: Consumers) -> Check:
    """Unhealthy while a partition is halted or stalled, with the reasons."""

    async def check() -> None:
        _raise_faults(consumers)

    return check


def _raise_faults(consumers: Consumers) -> None:
    if faults := consumers.faults():
        raise Unhealthy("; ".join(faults))


def operation_routes(ledger: Ledger) -> APIRouter:
    """For the gateway: GET /operations/{command_id}, the outcome of a command; GET /audit, who has changed what."""

    async def get_operation(command_id: str, fingerprint: str) -> Response:
        return json_answer(Outcomes(outcome=await ledger.outcome(command_id, fingerprint)))

    async def list_audit(
        start_date: date,
        end_date: date,
        limit: int = Query(ge=1, le=101),
        before: str | None = None,
        principal: str | None = None,
        resource: str | None = None,
    ) -> Response:
        asker = caller.principal.get()
        if not asker.is_admin:
            raise PermissionDenied("only admins see what others do", required_scope=ADMIN)
        wanted = Wanted(start_date, end_date, before, principal, resource)
        return json_answer(AuditPage(items=await ledger.inbox.audit.page(asker.tenant, wanted, limit)))

    return query_router(
        ("/operations/{command_id}", get_operation, "getOperation"), ("/audit", list_audit, "listAudit")
    )


def history_routes(history: History) -> APIRouter:
    """GET /internal/history: for programs that read all events, not for the gateway."""
    router = APIRouter(tags=["operations"])

    @router.get("/internal/history", operation_id="exportHistory", summary="Everything recorded, part by part")
    async def export_history(  # pyright: ignore[reportUnusedFunction]  # a route
        types: str, after: str | None = None, limit: int = Query(default=100, ge=1, le=1000)
    ) -> Export:
        """Entries of the given types, comma separated. `after` is the one in the previous part."""
        return await history.export(after, limit, frozenset(types.split(",")))

    return router


def partition_routes(consumers: Consumers) -> APIRouter:
    """POST /internal/skip and /internal/resume, for operators, and /internal/let-go, for a successor."""
    router = APIRouter(tags=["operations"])

    @router.post(LET_GO, operation_id="letGo", summary="Stop consuming: a successor does")
    async def let_go() -> Tenures:  # pyright: ignore[reportUnusedFunction]  # a route
        """Answers when what was being handled is done, within the time of a stop."""
        return await consumers.let_go()

    @router.post("/internal/skip", operation_id="skipUnreadable", summary="Go on after a batch that cannot be read")
    async def skip_unreadable(place: Place) -> Skipped:  # pyright: ignore[reportUnusedFunction]  # a route
        """409 unless this process has halted the partition at exactly this offset: readable records are not skipped."""
        try:
            to = await consumers.skip(TopicPartition(place.topic, place.partition), place.offset)
        except NotHalted as error:
            raise Conflict(str(error)) from None
        except (KafkaError, TimeoutError) as error:
            raise ServiceUnavailable(f"not skipped: {error!r}") from error
        return Skipped(**place.model_dump(), resumed_at=to)

    @router.post("/internal/resume", operation_id="resumePartition", summary="Go on after the limit of dead letters")
    async def resume_partition(those: Partition) -> Resumed:  # pyright: ignore[reportUnusedFunction]  # a route
        """409 unless this process has halted the partition for that limit; nothing is skipped."""
        try:
            at = consumers.resume(TopicPartition(those.topic, those.partition))
        except NotHalted as error:
            raise Conflict(str(error)) from None
        return Resumed(**those.model_dump(), resumed_at=at)

    return router
