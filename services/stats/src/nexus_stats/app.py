"""Wires the service."""

from fastapi import FastAPI

from nexus_runtime.dynamo import Database
from nexus_runtime.kafka.bus import Bus
from nexus_runtime.kafka.consumers import Consumers
from nexus_runtime.owner import bus_check, consumers_check, database_check, partition_routes
from nexus_runtime.process.caller import Trust
from nexus_runtime.process.clock import utc_now
from nexus_runtime.process.health import Health
from nexus_runtime.process.service import application
from nexus_stats.consumers import subscriptions
from nexus_stats.generations import DynamoStores
from nexus_stats.handlers import Counting
from nexus_stats.queries import StatisticsQueries
from nexus_stats.routes import query_routes
from nexus_stats.settings import StatsSettings


def create_app(settings: StatsSettings) -> FastAPI:
    """The service, not started yet."""
    database, bus = Database(settings), Bus(settings, "stats")
    stores = DynamoStores(database)
    consumers = Consumers(settings, "stats", bus, subscriptions(Counting(stores, utc_now)))
    health = Health(
        needed={
            "database": database_check(database),
            "message_bus": bus_check(bus),
            "consumers": consumers_check(consumers),
        },
        shown={},
        alive=consumers.alive,
    )
    queries, partitions = query_routes(StatisticsQueries(stores, utc_now)), partition_routes(consumers)
    trust = Trust(settings.identity_secret)
    return application("Nexus-AI statistics", [database, bus, consumers], health, queries, partitions, trust=trust)
