"""The builds service and its worker as processes on embedded broker and database, and a stand-in for the gateway."""

import secrets
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aioboto3
import aiohttp
from tests.support.agents_stack import until

from nexus_builds.tables import TABLES
from nexus_devstack.provision import provision_tables
from nexus_devstack.stack import Stack
from nexus_runtime.dynamo import Database
from nexus_runtime.settings import OwnerSettings


@asynccontextmanager
async def connected(stack: Stack, prefix: str = "") -> AsyncGenerator[Database]:
    """A client of the stack's database."""
    env = stack.endpoints.environment()
    database = Database(OwnerSettings(table_prefix=prefix))
    session: Any = aioboto3.Session(region_name=env["AWS_REGION"])
    client = session.client(
        "dynamodb",
        endpoint_url=env["DYNAMODB_ENDPOINT_URL"],
        aws_access_key_id=env["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=env["AWS_SECRET_ACCESS_KEY"],
    )
    async with client as database.client:
        yield database


@asynccontextmanager
async def builds_database(folder: Path) -> AsyncGenerator[Database]:
    """A database of its own, with the tables of the service."""
    async with Stack(data_dir=folder, infra="embedded", ports="free", services=()) as stack:
        await provision_tables(stack.endpoints, TABLES)
        async with connected(stack) as database:
            yield database
