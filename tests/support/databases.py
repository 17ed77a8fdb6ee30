"""Clients of a stack's database, with tables of the test's own."""

import secrets
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from aiobotocore.session import AioSession

from nexus_devstack.provision import provision_tables
from nexus_devstack.stack import Stack
from nexus_runtime.dynamo import Database, Table
from nexus_runtime.process.settings import OwnerSettings


@asynccontextmanager
async def connected(stack: Stack, prefix: str = "") -> AsyncGenerator[Database]:
    """A client of the stack's database."""
    env = stack.endpoints.environment()
    session = AioSession()
    session.set_credentials(env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"])
    settings = OwnerSettings(
        table_prefix=prefix, aws_region=env["AWS_REGION"], dynamodb_endpoint_url=env["DYNAMODB_ENDPOINT_URL"]
    )
    database = Database(settings)
    await database.start(session)
    try:
        yield database
    finally:
        await database.stop()


@asynccontextmanager
async def new_tables(stack: Stack, tables: Sequence[Table]) -> AsyncGenerator[Database]:
    """A client of the stack's database, with tables that nobody else sees."""
    prefix = f"{secrets.token_hex(4)}."
    await provision_tables(stack.endpoints, tables, prefix)
    async with connected(stack, prefix) as database:
        yield database


@asynccontextmanager
async def new_database(folder: Path, tables: Sequence[Table]) -> AsyncGenerator[Database]:
    """A client of a database of its own, with the tables."""
    async with Stack(data_dir=folder, ports="free", services=()) as stack:
        await provision_tables(stack.endpoints, tables)
        async with connected(stack) as database:
            yield database
