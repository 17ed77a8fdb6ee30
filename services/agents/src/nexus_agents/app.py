"""Assembles `agents`."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from fastapi import FastAPI

from nexus_agents.backends.door.door import Doors
from nexus_agents.backends.local.backend import LocalSettings, open_local_backend
from nexus_agents.backends.local.speech import Keep
from nexus_agents.backends.registry import BackendRegistry, Opening
from nexus_agents.consumers import subscriptions
from nexus_agents.domain.backend import Backend, Backends
from nexus_agents.domain.quotas import DailyQuotas
from nexus_agents.domain.spending import Spending
from nexus_agents.handlers.agents import AgentHandlers
from nexus_agents.handlers.commands import AgentsCommandHandlers
from nexus_agents.handlers.conversations import ConversationHandlers
from nexus_agents.handlers.packages import PackageHandlers
from nexus_agents.handlers.projects import ProjectHandlers
from nexus_agents.handlers.uploads import UploadHandlers
from nexus_agents.packages import check
from nexus_agents.routes import AgentQueries, query_routes
from nexus_agents.settings import AgentsSettings
from nexus_agents.store.agents import AgentStore
from nexus_agents.store.lists import Lists
from nexus_agents.store.logs import LogStore
from nexus_agents.store.messages import HistoryBounds
from nexus_agents.store.packages import PackageStore
from nexus_agents.store.spending import SpendingStore
from nexus_agents.store.turns import TurnStore
from nexus_agents.store.usage import QuotasOf
from nexus_agents.store.versions import VersionStore
from nexus_agents.tables import INVOCATION, LEASES, LEDGER, WORK
from nexus_agents.upkeep import IdleSessions, Orphans, Undeployer, again
from nexus_agents.uploads import upload_routes
from nexus_agents.waking import Waking, waking_routes
from nexus_agents.work.cancellations import Cancellations
from nexus_agents.work.deletions import AgentDeletion, SessionDeletion
from nexus_agents.work.deployments import DeploymentWork
from nexus_agents.work.endings import Endings
from nexus_agents.work.histories import Histories
from nexus_agents.work.invocations import InvocationWork
from nexus_agents.work.lanes import Lanes
from nexus_agents.work.notices import Notices
from nexus_agents.work.saying import Streaming
from nexus_contracts.topics import AGENTS_EVENTS
from nexus_runtime.blobs import BlobStore, blob_store
from nexus_runtime.kafka.consumers import Consumers
from nexus_runtime.kafka.pace import CALM
from nexus_runtime.kafka.reader import Tap
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
from nexus_runtime.work.engine import LongWork

NAME = "agents"
DELETIONS = 16
"""Of each kind, at work at once."""
UNDEPLOY_SECONDS, HISTORIES_SECONDS, ORPHANS_SECONDS = 5.0, 5.0, 600.0


def create_app(settings: AgentsSettings) -> FastAPI:
    """The service, ready to be served."""
    owner = Owner(NAME, settings, LEDGER, AGENTS_EVENTS, long_work(settings))
    packages = blob_store(settings.packages_url, settings)
    logs = LogStore(owner.database, utc_now)
    spending = SpendingStore(owner.database, utc_now, settings.agent_budget_day_usd)
    backends = BackendRegistry(openings(settings, packages, logs.keep, spending), settings.agent_backend)
    service = assemble(settings, owner, backends, packages)
    waking = Waking(AgentStore(owner.database), backends, owner.trust)
    consuming = subscriptions(owner, service.commands, service.projects)
    consumers = Consumers(settings, NAME, owner.bus, consuming, prepare=waking.wake_those_of)
    partitions = range(AGENTS_EVENTS.partitions)
    cancelled = service.cancellations
    told = Tap(settings, owner.bus, AGENTS_EVENTS, partitions, cancelled.notice, rests=CALM, awaited=cancelled.awaited)
    needed = {
        "database": database_check(owner.database),
        "message_bus": bus_check(owner.bus),
        "consumers": consumers_check(consumers),
    }
    health = Health(
        needed, {"outbox": owner.outbox_check, "work": owner.engine.check}, lambda: consumers.alive() and told.alive()
    )
    # The backends start before the work that needs them, and stop after it; meanwhile the broker is connected.
    parts = [*owner.parts(packages, backends), *service.upkeep(), consumers, told]
    return application(
        "Nexus-AI agents",
        parts,
        health,
        query_routes(service.queries),
        upload_routes(service.packages, service.files),
        partition_routes(consumers),
        waking_routes(waking),
        operation_routes(owner.ledger),
        history_routes(owner.history),
        trust=owner.trust,
    )


def long_work(settings: AgentsSettings) -> LongWork:
    return LongWork(WORK, LEASES, settings.runner_beat_seconds, settings.runner_silent_seconds)


def openings(settings: AgentsSettings, packages: BlobStore, keep: Keep, spending: Spending) -> dict[str, Opening]:
    """AgentCore only if it is configured: local agents need no AWS account."""
    found: dict[str, Opening] = {"local": partial(open_local, settings, packages, keep, spending)}
    if settings.agentcore is not None:
        from nexus_agents.backends.agentcore.backend import open_agentcore_backend

        grants = settings.grants(os.environ)
        found["agentcore"] = partial(open_agentcore_backend, packages, settings.agentcore, grants, spending)
    return found


async def open_local(settings: AgentsSettings, packages: BlobStore, keep: Keep, spending: Spending) -> Backend:
    """Agents as processes of this machine."""
    local = LocalSettings(
        work_dir=settings.agent_work_dir,
        isolation=settings.agent_isolation,
        processes=settings.max_agent_processes,
        memory_bytes=settings.agent_memory_mb << 20,
        idle_seconds=settings.agent_idle_seconds,
        processes_per_agent=settings.invocations_per_agent,
        start_seconds=settings.agent_start_seconds,
    )
    return await open_local_backend(packages, local, keep, Doors(settings.grants(os.environ), spending))


@dataclass(frozen=True)
class AgentsService:
    """The service without its connections."""

    queries: AgentQueries
    commands: AgentsCommandHandlers
    projects: ProjectHandlers
    packages: PackageHandlers
    files: UploadHandlers
    histories: Histories
    undeployer: Undeployer
    orphans: Orphans
    idle_sessions: IdleSessions | None
    cancellations: Cancellations

    def upkeep(self) -> list[Background]:
        work = [
            Background("histories", partial(again, HISTORIES_SECONDS, self.histories.forget)),
            Background("undeployer", partial(again, UNDEPLOY_SECONDS, self.undeployer.undeploy_deleted)),
            Background("orphans", partial(again, ORPHANS_SECONDS, self.orphans.undeploy)),
        ]
        if self.idle_sessions is not None:
            idle = partial(again, self.idle_sessions.every_seconds, self.idle_sessions.delete)
            work.append(Background("idle sessions", idle))
        return work


def _quotas(settings: AgentsSettings) -> QuotasOf | None:
    """A tenant's own, else the usual ones. None where there are none at all."""
    usual = {
        "invocations_per_day": settings.quota_invocations_per_day,
        "tokens_per_day": settings.quota_tokens_per_day,
    }
    return by_tenant(DailyQuotas, settings.tenant_quotas, usual)


def assemble(
    settings: AgentsSettings, owner: Owner, backends: Backends, blobs: BlobStore, now: Callable[[], datetime] = utc_now
) -> AgentsService:
    """Everything on one owner and its backends; its engine runs the long work."""
    history = HistoryBounds(settings.history_messages, settings.history_bytes)
    agents = AgentStore(owner.database, owner.joint)
    turns = TurnStore(owner.database, history, _quotas(settings), owner.joint)
    lists = Lists(owner.database)
    versions, packages = VersionStore(owner.database), PackageStore(owner.database)
    logs = LogStore(owner.database, now)
    histories, endings = Histories(owner.ledger, lists), Endings(agents, turns, owner.ledger, now)
    streaming = Streaming(turns.streams, owner.engine.items.held, Notices(owner.bus).publish)
    full = partial(owner.engine.full, INVOCATION)
    lanes = Lanes(settings.invocations_per_agent, settings.waiting_per_agent, full)
    invocations = InvocationWork(
        agents, versions, turns, backends, endings, streaming, lanes, settings.agent_timeout_seconds
    )
    deployments = DeploymentWork(agents, versions, backends, owner.ledger, now, settings.deployment_timeout_seconds)
    session_deletions = SessionDeletion(agents, turns, backends, endings, histories, owner.ledger)
    agent_deletions = AgentDeletion(
        agents, versions, logs, turns, lists, endings, histories, backends, owner.ledger, now
    )
    owner.engine.serve(invocations, settings.invocation_concurrency, settings.max_waiting_invocations)
    owner.engine.serve(deployments, settings.deployment_concurrency, settings.max_waiting_invocations)
    owner.engine.serve(session_deletions, DELETIONS)
    owner.engine.serve(agent_deletions, DELETIONS)
    ttl = settings.session_ttl_seconds
    idle_sessions = IdleSessions(agents, turns.sessions, owner.ledger, now, timedelta(seconds=ttl)) if ttl else None
    return AgentsService(
        AgentQueries(agents, versions, logs, turns),
        AgentsCommandHandlers(
            AgentHandlers(agents, versions, packages, backends, now),
            ConversationHandlers(agents, turns, endings.ended, lanes.require_room, now),
        ),
        ProjectHandlers(agents, lists, owner.ledger, now),
        PackageHandlers(check, backends, packages, blobs, owner.ledger, now),
        UploadHandlers(agents, turns, blobs, owner.ledger, now),
        histories,
        Undeployer(agents, lists, backends, owner.ledger, now),
        Orphans(agents, backends),
        idle_sessions,
        Cancellations(owner.engine),
    )
