"""S3 as the embedded database's program speaks it: another server than the store's own code knows."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from nexus_devstack.console import Console
from nexus_devstack.ports import LOOPBACK, free_port
from nexus_devstack.program import Program, accepts_connections
from nexus_devstack.providers.embedded import database_program
from nexus_devstack.supervisor import Supervisor


@asynccontextmanager
async def s3_server(folder: Path) -> AsyncGenerator[str]:
    """Its URL; what it keeps is in `folder`."""
    port, supervisor = free_port(), Supervisor(Console())
    argv = [database_program(), "--host", LOOPBACK, "--port", str(port), "--data-dir", str(folder)]
    server = Program(name="s3", argv=lambda: argv, env={"RUST_LOG": "warn"}, readiness=accepts_connections(port))
    try:
        await supervisor.start([server], 20.0)
        yield f"http://{LOOPBACK}:{port}"
    finally:
        await supervisor.stop(["s3"])
