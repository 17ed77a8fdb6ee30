"""Puts the build worker together."""

import pkgutil
from collections.abc import Mapping

from fastapi import FastAPI

from nexus_builds.domain.reports import WORKER_SOURCE
from nexus_builds.settings import WorkerSettings
from nexus_builds.signing import ReportSigner
from nexus_builds.store.checkpoints import Checkpoints
from nexus_builds.store.projects import ProjectStore
from nexus_builds.store.verifications import Verifications
from nexus_builds.worker.agents_client import AgentsClient
from nexus_builds.worker.build_run import Workshop
from nexus_builds.worker.building import Building, Hints
from nexus_builds.worker.deployment import Deployer
from nexus_builds.worker.reporting import SignedTransport
from nexus_builds.worker.verification import AgentVerification
from nexus_builds.worker.verifying import Verifier
from nexus_contracts.builds.builder import StageExecutor
from nexus_contracts.builds.events import BUILDS_EVENT, BuildMethod
from nexus_contracts.topics import BUILDS_EVENTS
from nexus_runtime.blobs import blob_store
from nexus_runtime.dynamo import Database
from nexus_runtime.kafka.bus import Bus
from nexus_runtime.kafka.consumers import Consumers
from nexus_runtime.kafka.delivery import Subscription
from nexus_runtime.kafka.pace import CALM
from nexus_runtime.kafka.replies import Replier
from nexus_runtime.owner import bus_check, consumers_check, database_check, partition_routes, progress_check
from nexus_runtime.process.caller import Trust
from nexus_runtime.process.health import Health
from nexus_runtime.process.service import Part, application
from nexus_runtime.work.engine import Engine
from nexus_tracker.kafka import KafkaTransport

NAME = "builds-worker"
VERIFICATIONS = 4
"""Of agents that serve, run again at once."""


def create_app(settings: WorkerSettings) -> FastAPI:
    """The worker with its health endpoints, ready to be served."""
    database, bus = Database(settings), Bus(settings, NAME)
    kafka = KafkaTransport(settings, enable_idempotence=not settings.kafka_volatile)
    reports = SignedTransport(kafka, ReportSigner(database).signed)
    store = ProjectStore(database)
    trust = Trust(settings.identity_secret)
    agents = AgentsClient(bus, settings.agents_url, trust)
    packages, artifacts = blob_store(settings.packages_url, settings), blob_store(settings.artifacts_url, settings)
    executors = _executors(settings)
    engine = Engine.over(
        database,
        Replier(bus, WORKER_SOURCE),
        settings.long_work(),
        inherits=settings.predecessor_url is not None,
        stop_seconds=settings.shutdown_share("work"),
    )
    verifications = Verifications(database, engine.items, engine)
    workshop = Workshop(
        load=store.load,
        output=store.records.output,
        attempt=store.records.attempt,
        checkpoints=Checkpoints(database, engine.items),
        verifications=verifications,
        answer=store.records.answer,
        executors=executors,
        reports=reports,
        deployer=Deployer(agents, settings.deployment_timeout_seconds),
        verifier=Verifier(agents),
        packages=packages,
        artifacts=artifacts,
        step_seconds=settings.worker_step_seconds,
        step_timeout_seconds=settings.step_timeout_seconds,
        wait_seconds=settings.build_wait_seconds,
    )
    engine.serve(Building(workshop), at_once=settings.worker_concurrency)
    engine.serve(AgentVerification(store.load, verifications, workshop.verifier), at_once=VERIFICATIONS)
    hints = Subscription(BUILDS_EVENTS, NAME, BUILDS_EVENT, Hints(engine).hear, group_of=None, rests=CALM)
    consumers = Consumers(settings, NAME, bus, [hints])
    needed = {
        "database": database_check(database),
        "message_bus": bus_check(bus),
        "progress": progress_check(consumers),
    }
    health = Health(needed, {"consumers": consumers_check(consumers), "work": engine.check}, consumers.alive)
    stores = [database, bus, packages, artifacts]
    builders = [one for one in executors.values() if isinstance(one, Part)]
    parts = [*stores, reports, agents, *builders, consumers, engine]
    return application("Nexus-AI build worker", parts, health, partition_routes(consumers), trust=trust)


def _executors(settings: WorkerSettings) -> Mapping[BuildMethod, StageExecutor]:
    """One executor for each method."""
    return {method: pkgutil.resolve_name(named)() for method, named in settings.executors().items()}
