"""Creates the tables: safe to repeat, and by any number of processes at once."""

import asyncio
from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError

from nexus_runtime.dynamo.model import Table


def definition(table: Table, name: str) -> dict[str, Any]:
    """The request that creates the table, billed on demand."""
    keys = [(table.partition_key, "HASH", "S")]
    if table.sort_key:
        keys.append((table.sort_key, "RANGE", table.sort_key_type))
    return {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": key, "KeyType": kind} for key, kind, _ in keys],
        "AttributeDefinitions": [{"AttributeName": key, "AttributeType": form} for key, _, form in keys],
    }


async def create_tables(client: Any, tables: Sequence[Table], prefix: str) -> None:
    """Creates missing tables, billed on demand, and waits until all are active. `client` is aioboto3's."""
    await asyncio.gather(*(_create(client, table, prefix + table.name) for table in tables))


async def _create(client: Any, table: Table, name: str) -> None:
    try:
        await client.create_table(**definition(table, name))
    except ClientError as error:
        if _code(error) != "ResourceInUseException":
            raise
    waiter = client.get_waiter("table_exists")
    await waiter.wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    if table.ttl:
        await _expire(client, name)


async def _expire(client: Any, name: str) -> None:
    try:
        await client.update_time_to_live(
            TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "ttl"}
        )
    except ClientError as error:
        if _code(error) != "ValidationException":  # enabled already
            raise


def _code(error: ClientError) -> str:
    answer: Any = error.response
    return answer.get("Error", {}).get("Code", "")
