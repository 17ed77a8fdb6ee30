"""Broker and database for the statistics alone, with their topics and tables; and the service on top."""

import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from nexus_devstack.ports import free_port
from nexus_devstack.provision import provision_tables
from nexus_devstack.services import Service, program_of
from nexus_devstack.stack import Stack
from nexus_devstack.topics import provision_topics
from nexus_stats.tables import TABLES

STATS = Service("stats", (sys.executable, "-m", "nexus_stats"), "STATS_PORT")
START_SECONDS = 60.0


@asynccontextmanager
async def statistics_stack(folder: Path) -> AsyncGenerator[Stack]:
    """Topics and tables exist; no service runs yet."""
    async with Stack(data_dir=folder, ports="free", services=()) as stack:
        await provision_topics(stack.endpoints.kafka)
        await provision_tables(stack.endpoints, TABLES)
        yield stack
        await stack.supervisor.stop([name for name in stack.supervisor.names if name.startswith(STATS.name)])


async def start_statistics(stack: Stack, *replicas: str) -> None:
    """Returns when the service is ready, and with it replicas of the given names."""
    environment = stack.environment(STATS.name)
    programs = [program_of(STATS, stack.ports[STATS.port_setting], environment)]
    programs += [program_of(STATS, free_port(), environment, name) for name in replicas]
    await stack.supervisor.start(programs, START_SECONDS)
