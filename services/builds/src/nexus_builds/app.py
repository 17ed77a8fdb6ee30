"""Puts `builds` together."""

from fastapi import FastAPI

from nexus_builds.consumers import subscriptions
from nexus_builds.domain.endings import Patience
from nexus_builds.handlers.commands import CommandHandlers
from nexus_builds.handlers.memory import ReportMemory
from nexus_builds.handlers.reports import ReportHandlers
from nexus_builds.routes import Queries, query_routes
from nexus_builds.settings import BuildsSettings
from nexus_builds.signing import ReportSigner
from nexus_builds.store.lists import ACTIVE, EXTERNAL
from nexus_builds.store.projects import ProjectStore
from nexus_builds.tables import BUILD_LEASE, LEASES, LEDGER
from nexus_builds.upkeep import Eraser, Watch
from nexus_contracts.topics import BUILDS_EVENTS
from nexus_runtime.kafka.consumers import Consumers
from nexus_runtime.owner import Owner, bus_check, consumers_check, database_check, skip_route
from nexus_runtime.process.clock import utc_now
from nexus_runtime.process.health import Health
from nexus_runtime.process.service import Background, application
from nexus_runtime.work.leases import Leases

NAME = "builds"
EXTERNAL_ROUNDS = 12
"""External builds may be many, and are waited for much longer: they are looked at so much less often."""


def create_app(settings: BuildsSettings) -> FastAPI:
    """The service, ready to be served."""
    owner = Owner(NAME, settings, LEDGER, BUILDS_EVENTS)
    store = ProjectStore(owner.database)
    commands = CommandHandlers(store, utc_now)
    reports = ReportHandlers(store, ReportMemory(store), owner.ledger, utc_now)
    eraser = Background("eraser", Eraser(store, owner.ledger, owner.outbox).run)
    watches = [
        Background(f"watch over {listed} builds", _watch(owner, store, settings, listed, seconds).run)
        for listed, seconds in ((ACTIVE, settings.watch_seconds), (EXTERNAL, EXTERNAL_ROUNDS * settings.watch_seconds))
    ]
    consumed = subscriptions(owner, commands, reports, ReportSigner(owner.database))
    consumers = Consumers(settings, NAME, owner.bus, consumed)
    needed = {
        "database": database_check(owner.database),
        "message_bus": bus_check(owner.bus),
        "consumers": consumers_check(consumers),
    }
    health = Health(needed, {"outbox": owner.outbox_check}, consumers.alive)
    app = application("Nexus-AI builds", [*owner.parts(), consumers, eraser, *watches], health)
    app.include_router(skip_route(consumers))
    app.include_router(query_routes(Queries(store, owner.history, utc_now)))
    return app


def _watch(owner: Owner, store: ProjectStore, settings: BuildsSettings, listed: str, seconds: float) -> Watch:
    patience = Patience(
        silence=settings.external_silence_seconds,
        lost=settings.worker_lost_seconds,
        total=settings.build_timeout_seconds,
    )
    leases = Leases(owner.database, LEASES, BUILD_LEASE, settings.worker_lost_seconds)
    return Watch(store, owner.ledger, leases, utc_now, patience, listed, seconds)
