"""Assembles `builds`."""

from collections.abc import Callable

from fastapi import FastAPI

from nexus_builds.consumers import subscriptions
from nexus_builds.domain.control import Methods
from nexus_builds.domain.endings import Patience
from nexus_builds.domain.quotas import ProjectQuotas
from nexus_builds.handlers.commands import CommandHandlers
from nexus_builds.handlers.reports import ReportHandlers, ReportMemory
from nexus_builds.report_keys import ReportKeys, report_key_routes
from nexus_builds.routes import ProjectQueries, query_routes
from nexus_builds.settings import BuildsSettings
from nexus_builds.signing import ReportSigner
from nexus_builds.store.projects import ProjectStore
from nexus_builds.store.verifications import VERIFICATION, Verifications
from nexus_builds.tables import LEDGER
from nexus_builds.work.erasure import Erasure
from nexus_builds.work.watch import LostWorkers, Watch
from nexus_contracts.topics import BUILDS_EVENTS
from nexus_runtime.kafka.consumers import Consumers
from nexus_runtime.owner import (
    Owner,
    bus_check,
    consumers_check,
    database_check,
    history_routes,
    operation_routes,
    partition_routes,
)
from nexus_runtime.process.clock import utc_now
from nexus_runtime.process.health import Health
from nexus_runtime.process.service import Background, application
from nexus_runtime.process.settings import by_tenant

NAME = "builds"
ERASURES = 8
EXTERNAL_ROUNDS = 6
"""External builds may be many, and may be silent for much longer: they are checked this many times less often."""


def create_app(settings: BuildsSettings) -> FastAPI:
    """The service, ready to be served."""
    owner = Owner(NAME, settings, LEDGER, BUILDS_EVENTS, settings.long_work())
    store = ProjectStore(owner.database)
    owner.engine.serve(Erasure(store, owner.ledger), at_once=ERASURES)
    verifications = Verifications(owner.database, owner.engine.items, owner.engine)
    owner.engine.know(VERIFICATION, verifications.outcome)
    methods = Methods(frozenset(settings.executors()), settings.build_method)
    joint = ProjectStore(owner.database, owner.joint)
    commands = CommandHandlers(joint, verifications, utc_now, methods, quotas_by_tenant(settings))
    reports = ReportHandlers(joint, ReportMemory(joint), owner.ledger, utc_now)
    consumers = Consumers(
        settings, NAME, owner.bus, subscriptions(owner, commands, reports, ReportSigner(owner.database))
    )
    needed = {
        "database": database_check(owner.database),
        "message_bus": bus_check(owner.bus),
        "consumers": consumers_check(consumers),
    }
    shown = {"outbox": owner.outbox_check, "work": owner.engine.check}
    health = Health(needed, shown, consumers.alive)
    parts = [*owner.parts(), consumers, *_watches(owner, store, settings)]
    queries = query_routes(ProjectQueries(store, owner.history, utc_now, verifications))
    return application(
        "Nexus-AI builds",
        parts,
        health,
        queries,
        report_key_routes(ReportKeys(store, owner.ledger)),
        partition_routes(consumers),
        operation_routes(owner.ledger),
        history_routes(owner.history),
        trust=owner.trust,
    )


def quotas_by_tenant(settings: BuildsSettings) -> Callable[[str], ProjectQuotas] | None:
    """The quotas of a tenant: its own, else the usual ones. None where there are none at all."""
    usual = {"projects": settings.quota_projects, "builds": settings.quota_builds}
    return by_tenant(ProjectQuotas, settings.tenant_quotas, usual)


def _watches(owner: Owner, store: ProjectStore, settings: BuildsSettings) -> list[Background]:
    patience = Patience(
        silence=settings.external_silence_seconds,
        lost=settings.worker_lost_seconds,
        total=settings.build_timeout_seconds,
    )
    workers = LostWorkers(owner.engine.items, owner.engine.roster, settings.worker_lost_seconds)
    seconds = settings.watch_seconds
    own = Watch(store, owner.ledger, utc_now, patience, seconds, workers)
    external = Watch(store, owner.ledger, utc_now, patience, EXTERNAL_ROUNDS * seconds)
    return [Background("watch over builds", own.run), Background("watch over external builds", external.run)]
