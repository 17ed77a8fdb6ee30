"""Creates the topics and tables that the platform needs; safe to repeat."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from importlib import import_module
from typing import cast

from aiobotocore.session import AioSession
from botocore.exceptions import BotoCoreError

from nexus_devstack.errors import StackError
from nexus_devstack.providers.provider import Endpoints
from nexus_devstack.topics import Say, provision_topics
from nexus_runtime.dynamo import Database, DatabaseUnavailable, Table
from nexus_runtime.dynamo.wire import RefusedByDatabase
from nexus_runtime.process.settings import OwnerSettings

OWNERS = ("builds", "agents", "stats", "gateway")
TABLES_SECONDS = 60.0


def tables_of(owner: str) -> Sequence[Table]:
    """The tables that a service declares in its module `tables`, imported by name: no library depends on a service."""
    return cast("Sequence[Table]", import_module(f"nexus_{owner}.tables").TABLES)


async def provision_tables(endpoints: Endpoints, tables: Sequence[Table], prefix: str = "") -> None:
    """Creates the tables that do not exist. Raises StackError if the database refuses or does not answer."""
    try:
        async with opened_database(endpoints, prefix) as database, asyncio.timeout(TABLES_SECONDS):
            await asyncio.gather(*(database.create(table) for table in tables))
    except (DatabaseUnavailable, RefusedByDatabase, BotoCoreError) as error:
        raise StackError(f"the tables cannot be created: {error.__cause__ or error}") from None
    except TimeoutError:
        raise StackError(f"the tables cannot be created within {TABLES_SECONDS:.0f} s") from None


@asynccontextmanager
async def opened_database(endpoints: Endpoints, prefix: str = "") -> AsyncGenerator[Database]:
    """A client of the database; credentials that the endpoints do not name come from the environment."""
    session = AioSession()
    if key := endpoints.env.get("AWS_ACCESS_KEY_ID"):
        session.set_credentials(key, endpoints.env["AWS_SECRET_ACCESS_KEY"])
    database = Database(
        OwnerSettings(
            table_prefix=prefix,
            aws_region=endpoints.aws_region,
            dynamodb_endpoint_url=endpoints.dynamodb_endpoint_url,
        )
    )
    await database.start(session)
    try:
        yield database
    finally:
        await database.stop()


async def provision(endpoints: Endpoints, table_prefix: str, warn: Say, owners: Sequence[str] = OWNERS) -> None:
    """Creates all topics, and the tables of `owners`; `warn` gets a line for each odd setting. Raises StackError."""
    tables = [table for owner in owners for table in tables_of(owner)]
    await provision_topics(endpoints.kafka, warn=warn)
    await provision_tables(endpoints, tables, table_prefix)
