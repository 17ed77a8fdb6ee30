"""y, the yardstick: the CPU time of one boto3 `put_item` of 1 KB, in a loop, against the same database.

It grows with the machine's slowness and with what else runs on it, so that costs in y of other hours and machines
compare; milliseconds do not.
"""

import tempfile
import time
from pathlib import Path
from typing import Any, cast

import boto3

from nexus_devstack.providers.provider import Endpoints
from nexus_devstack.stack import Stack

TABLE = "BenchmarkYardstick"
PUTS = 200
ITEM = {"id": {"S": "yardstick"}, "content": {"S": "x" * 1000}}


class Yardstick:
    """Makes a table of its own."""

    def __init__(self, endpoints: Endpoints) -> None:
        env, session = endpoints.environment(), cast("Any", boto3.Session())
        self._client: Any = session.client(
            "dynamodb",
            region_name=endpoints.aws_region,
            endpoint_url=endpoints.dynamodb_endpoint_url,
            aws_access_key_id=env.get("AWS_ACCESS_KEY_ID"),
            aws_secret_access_key=env.get("AWS_SECRET_ACCESS_KEY"),
        )
        key = [{"AttributeName": "id", "KeyType": "HASH"}]
        kinds = [{"AttributeName": "id", "AttributeType": "S"}]
        self._client.create_table(
            TableName=TABLE, KeySchema=key, AttributeDefinitions=kinds, BillingMode="PAY_PER_REQUEST"
        )
        self._client.get_waiter("table_exists").wait(TableName=TABLE)
        self._put(PUTS // 10)

    def y(self) -> float:
        """Milliseconds of this process's CPU time; nothing else may run in it meanwhile."""
        began = time.process_time()
        self._put(PUTS)
        return (time.process_time() - began) / PUTS * 1000

    def _put(self, number: int) -> None:
        for _ in range(number):
            self._client.put_item(TableName=TABLE, Item=ITEM)


async def yardstick() -> float:
    """y on the engine that NEXUS_INFRA names, which is started for it."""
    with tempfile.TemporaryDirectory() as folder:
        async with Stack(data_dir=Path(folder), ports="free", services=()) as stack:
            return Yardstick(stack.endpoints).y()
