"""Puts the build worker together."""

from fastapi import FastAPI

from nexus_builds.domain.reports import WORKER_SOURCE
from nexus_builds.settings import WorkerSettings
from nexus_builds.signing import ReportSigner
from nexus_builds.store.projects import ProjectStore
from nexus_builds.worker.build_run import Workshop
from nexus_builds.worker.building import Building, Hints
from nexus_builds.worker.deployment import Deployer
from nexus_contracts.builds.events import BUILDS_EVENT
from nexus_contracts.topics import BUILDS_EVENTS
from nexus_offline_builder import RuleBasedBuilder
from nexus_runtime.blobs import blob_store
from nexus_runtime.dynamo import Database
from nexus_runtime.kafka.bus import Bus
from nexus_runtime.kafka.consumers import Consumers
from nexus_runtime.kafka.delivery import Subscription
from nexus_runtime.kafka.replies import Replier
from nexus_runtime.owner import bus_check, consumers_check, database_check, partition_routes, progress_check
from nexus_runtime.process.health import Health
from nexus_runtime.process.service import application
from nexus_runtime.work.engine import Engine
from nexus_tracker import Tracker

NAME = "builds-worker"


def create_app(settings: WorkerSettings) -> FastAPI:
    """The worker with its health endpoints, ready to be served."""
    database, bus = Database(settings), Bus(settings, NAME)
    sign = ReportSigner(database).signed
    tracker = Tracker(settings, enable_idempotence=not settings.kafka_volatile, sign=sign)
    store = ProjectStore(database)
    deployer = Deployer(bus, settings.agents_url, settings.deployment_timeout_seconds)
    packages, artifacts = blob_store(settings.packages_url, settings), blob_store(settings.artifacts_url, settings)
    workshop = Workshop(
        load=store.load,
        output=store.records.output,
        executor=RuleBasedBuilder(),
        tracker=tracker,
        deployer=deployer,
        packages=packages,
        artifacts=artifacts,
        step_seconds=settings.worker_step_seconds,
        step_timeout_seconds=settings.step_timeout_seconds,
    )
    engine = Engine.over(
        database, Replier(bus, WORKER_SOURCE), settings.long_work(), stop_seconds=settings.shutdown_share("work")
    )
    engine.serve(Building(workshop), at_once=settings.worker_concurrency)
    hints = Subscription(BUILDS_EVENTS, NAME, BUILDS_EVENT, Hints(engine).hear, group_of=None)
    consumers = Consumers(settings, NAME, bus, [hints])
    needed = {
        "database": database_check(database),
        "message_bus": bus_check(bus),
        "progress": progress_check(consumers),
    }
    health = Health(needed, {"consumers": consumers_check(consumers), "work": engine.check}, consumers.alive)
    stores = [database, bus, packages, artifacts]
    parts = [*stores, tracker, deployer, consumers, engine]
    app = application("Nexus-AI build worker", parts, health)
    app.include_router(partition_routes(consumers))
    return app
