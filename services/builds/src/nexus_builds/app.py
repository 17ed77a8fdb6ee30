"""Puts `builds` together."""

from datetime import timedelta

from fastapi import FastAPI

from nexus_builds.consumers import subscriptions
from nexus_builds.handlers import CommandHandlers, ReportHandlers, ReportMemory
from nexus_builds.routes import Queries, query_routes
from nexus_builds.settings import BuildsSettings
from nexus_builds.store import DynamoProjectStore
from nexus_builds.tables import LEDGER
from nexus_builds.upkeep import Eraser, Watch
from nexus_contracts.topics import BUILDS_EVENTS
from nexus_runtime.clock import utc_now
from nexus_runtime.consumers import Consumers
from nexus_runtime.health import Health
from nexus_runtime.owner import Owner, bus_check, consumers_check, database_check
from nexus_runtime.service import Background, application

NAME = "builds"


def build(settings: BuildsSettings) -> FastAPI:
    """The service, ready to be served."""
    owner = Owner(NAME, settings, LEDGER, BUILDS_EVENTS)
    store = DynamoProjectStore(owner.database)
    commands = CommandHandlers(store, utc_now)
    reports = ReportHandlers(store, ReportMemory(store), owner.ledger, utc_now)
    eraser = Background("eraser", Eraser(store, owner.ledger, owner.outbox).run)
    silence = timedelta(seconds=settings.external_silence_seconds)
    watch = Background("external builds", Watch(store, owner.ledger, utc_now, silence, settings.watch_seconds).run)
    consumers = Consumers(settings, NAME, owner.bus, subscriptions(owner, commands, reports))
    needed = {
        "database": database_check(owner.database),
        "message_bus": bus_check(owner.bus),
        "consumers": consumers_check(consumers),
    }
    health = Health(needed, {"outbox": owner.outbox_check}, consumers.alive)
    app = application("Nexus-AI builds", [*owner.parts(), consumers, eraser, watch], health)
    app.include_router(query_routes(Queries(store, owner.history)))
    return app
