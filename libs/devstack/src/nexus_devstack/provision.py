"""Creates every topic and table that the platform needs; safe to repeat."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any, cast

import aioboto3
from aiobotocore.config import AioConfig
from botocore.exceptions import BotoCoreError, ClientError

from nexus_devstack.errors import StackError
from nexus_devstack.providers.provider import Endpoints
from nexus_devstack.topics import Say, provision_topics
from nexus_runtime.dynamo import Table, create_tables

OWNERS = ("builds", "agents", "stats", "gateway")


def tables_of(owner: str) -> Sequence[Table]:
    """What the service declares in its module `tables`; imported by name, as no library depends on a service."""
    return cast("Sequence[Table]", import_module(f"nexus_{owner}.tables").TABLES)


async def provision_tables(endpoints: Endpoints, tables: Sequence[Table], prefix: str = "") -> None:
    """Creates those that do not exist. Raises StackError when the database refuses or does not answer."""
    session: Any = aioboto3.Session(region_name=endpoints.aws_region)
    connection = session.client(
        "dynamodb",
        endpoint_url=endpoints.dynamodb_endpoint_url,
        aws_access_key_id=endpoints.env.get("AWS_ACCESS_KEY_ID"),
        aws_secret_access_key=endpoints.env.get("AWS_SECRET_ACCESS_KEY"),
        config=AioConfig(proxies={} if endpoints.dynamodb_endpoint_url else None),
    )
    try:
        async with connection as client:
            await create_tables(client, tables, prefix)
    except (BotoCoreError, ClientError) as error:
        raise StackError(f"the tables cannot be created: {error}") from None


async def provision(endpoints: Endpoints, table_prefix: str, warn: Say, owners: Sequence[str] = OWNERS) -> None:
    """Creates all topics, and the tables of `owners`; `warn` is told of other settings. Raises StackError."""
    tables = [table for owner in owners for table in tables_of(owner)]
    await provision_topics(endpoints.kafka, warn=warn)
    await provision_tables(endpoints, tables, table_prefix)
