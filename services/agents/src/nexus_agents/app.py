"""Puts `agents` together."""

from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI

from nexus_agents.backends.local.backend import LocalSettings, open_local_backend
from nexus_agents.consumers import subscriptions
from nexus_agents.domain.backend import Backend
from nexus_agents.handlers import CommandHandlers
from nexus_agents.handlers.agents import AgentHandlers
from nexus_agents.handlers.sessions import SessionHandlers
from nexus_agents.handlers.turns import TurnHandlers
from nexus_agents.routes import query_routes
from nexus_agents.settings import AgentsSettings
from nexus_agents.store import AgentStore
from nexus_agents.tables import LEDGER
from nexus_agents.work.answers import Answerer
from nexus_agents.work.cascade import Cascade
from nexus_agents.work.deployer import Deployer
from nexus_agents.work.in_hand import InHand, LateBackend
from nexus_agents.work.invoker import Invoker
from nexus_agents.work.pool import Pool
from nexus_agents.work.runner import Runner
from nexus_agents.work.sweeper import Sweeper
from nexus_contracts.topics import AGENTS_EVENTS
from nexus_runtime.blobs import BlobStore, blob_store
from nexus_runtime.kafka.consumers import Consumers
from nexus_runtime.owner import Owner, bus_check, consumers_check, database_check, skip_route
from nexus_runtime.process.health import Health
from nexus_runtime.process.service import Background, application

NAME = "agents"


def create_app(settings: AgentsSettings) -> FastAPI:
    """The service, ready to be served."""
    owner = Owner(NAME, settings, LEDGER, AGENTS_EVENTS)
    packages = blob_store(settings.packages_url, settings)
    backend = LateBackend(lambda: open_backend(settings, packages))
    works = assemble(settings, owner, backend)
    consumers = Consumers(settings, NAME, owner.bus, subscriptions(owner, works.commands, works.agents))
    needed = {
        "database": database_check(owner.database),
        "message_bus": bus_check(owner.bus),
        "consumers": consumers_check(consumers),
    }
    health = Health(needed, {"outbox": owner.outbox_check}, consumers.alive)
    app = application("Nexus-AI agents", [*owner.parts(), packages, backend, *works.parts, consumers], health)
    app.include_router(skip_route(consumers))
    app.include_router(query_routes(works.store))
    return app


async def open_backend(settings: AgentsSettings, packages: BlobStore) -> Backend:
    """Agents as processes of this machine."""
    local = LocalSettings(
        work_dir=settings.agent_work_dir,
        isolation=settings.agent_isolation,
        processes=settings.max_agent_processes,
        processes_per_agent=settings.max_processes_per_agent,
        start_seconds=settings.agent_start_seconds,
    )
    return await open_local_backend(packages, local)


@dataclass(frozen=True)
class Works:
    """What the service does, apart from its connections; `parts` start in their order."""

    store: AgentStore
    runner: Runner
    invoker: Invoker
    deployer: Deployer
    cascade: Cascade
    sweeper: Sweeper
    agents: AgentHandlers
    commands: CommandHandlers
    parts: list[Any]


def assemble(settings: AgentsSettings, owner: Owner, backend: Backend) -> Works:
    """Everything on one ledger and one backend."""
    database, ledger = owner.database, owner.ledger
    store = AgentStore(database)
    runner = Runner(database, settings.runner_beat_seconds, settings.runner_silent_seconds)
    answerer = Answerer(owner.replier, store)
    waiting = settings.max_waiting_invocations
    pools = Pool(settings.invocation_concurrency, waiting), Pool(settings.deployment_concurrency, waiting)
    invoker = Invoker(store, ledger, backend, pools[0], runner, answerer, settings.agent_timeout_seconds)
    deployer = Deployer(store, ledger, backend, pools[1], runner, answerer, settings.deployment_timeout_seconds)
    cascade = Cascade(database, store, ledger, owner.history, owner.outbox, backend, invoker.endings)
    silent = settings.runner_silent_seconds
    sweeper = Sweeper(database, store, ledger, backend, runner, pools, invoker, deployer, cascade, silent)
    agents = AgentHandlers(store, ledger, runner, deployer, answerer, sweeper.erase_soon, "local")
    sessions = SessionHandlers(store, ledger, sweeper.erase_soon)
    turns = TurnHandlers(store, ledger, runner, pools[0], invoker)
    commands = CommandHandlers(agents, sessions, turns)
    in_hand = InHand(runner, pools, answerer, settings.shutdown_share("work"))
    parts = [runner, in_hand, Background("sweeper", sweeper.run)]
    return Works(store, runner, invoker, deployer, cascade, sweeper, agents, commands, parts)
