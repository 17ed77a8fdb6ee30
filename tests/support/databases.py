"""Clients of a stack's database, with tables of the test's own."""

import secrets
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from nexus_devstack.provision import opened_database, provision_tables
from nexus_devstack.stack import Stack
from nexus_runtime.dynamo import Database, Table


@asynccontextmanager
async def connected(stack: Stack, prefix: str = "") -> AsyncGenerator[Database]:
    """A client of the stack's database."""
    async with opened_database(stack.endpoints, prefix) as database:
        yield database


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
