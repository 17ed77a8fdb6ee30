"""The database client of a process: plain Python values in and out, one exception for each kind of failure."""

import asyncio
import contextlib
import os
import random
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nexus_runtime.dynamo.expressions import (
    apply_filter,
    apply_projection,
    key_condition,
    marshal,
    names_in,
    transact_item,
    unmarshal,
)
from nexus_runtime.dynamo.model import (
    Action,
    Check,
    ConditionFailed,
    DatabaseUnavailable,
    Filter,
    Item,
    Table,
    TableMissing,
    Value,
    WritesCollide,
)
from nexus_runtime.dynamo.schema import definition
from nexus_runtime.dynamo.wire import RefusedByDatabase, Unanswered, Wire
from nexus_runtime.process import log, metrics, tracing
from nexus_runtime.process.settings import OwnerSettings

if TYPE_CHECKING:
    from aiobotocore.session import AioSession

logger = log.get(__name__)
TRIES = 8
"""Of a transaction, while others are using its items."""


class Database:
    """The client of one process. Reads are strongly consistent.

    Every call raises DatabaseUnavailable where trying again may help.
    """

    def __init__(self, settings: OwnerSettings) -> None:
        self._settings = settings
        self.prefix = settings.table_prefix
        self._wire: Wire | None = None

    async def start(self, session: "AioSession | None" = None) -> None:
        """Sends nothing yet. Credentials come from `session`, by default from the environment."""
        from aiobotocore.session import AioSession

        settings = self._settings
        self._wire = await Wire.open(session or AioSession(), settings.dynamodb_endpoint_url, settings.aws_region)

    async def stop(self) -> None:
        if self._wire:
            await self._wire.close()

    async def ping(self) -> None:
        """Returns once the database has answered."""
        await self._call("ListTables", Limit=1)

    async def get(self, table: Table, key: Mapping[str, Value], only: Sequence[str] = ()) -> Item | None:
        """The item, or None. `only`: the attributes to read."""
        request: dict[str, Any] = {"TableName": self.prefix + table.name, "Key": marshal(key), "ConsistentRead": True}
        apply_projection(only, request)
        answer = await self._call("GetItem", **request)
        return unmarshal(answer["Item"]) if "Item" in answer else None

    async def get_many(self, table: Table, keys: Sequence[Mapping[str, Value]], only: Sequence[str] = ()) -> list[Item]:
        """The items that exist, in no particular order, for any number of distinct keys."""
        found: list[Item] = []
        pending = [marshal(key) for key in keys]
        name, delay = self.prefix + table.name, 0.02
        while pending:
            chunk, pending = pending[:100], pending[100:]
            request: dict[str, Any] = {"Keys": chunk, "ConsistentRead": True}
            apply_projection(only, request)
            answer = await self._call("BatchGetItem", RequestItems={name: request})
            found += [unmarshal(item) for item in answer["Responses"].get(name, [])]
            if left := answer.get("UnprocessedKeys", {}).get(name, {}).get("Keys"):
                pending += left
                delay = await _pause(delay)
        return found

    async def query(
        self,
        table: Table,
        partition: Value,
        *,
        matching: Filter | None = None,
        newest_first: bool = False,
        page: int | None = None,
        only: Sequence[str] = (),
        **bounds: Any,
    ) -> AsyncIterator[Item]:
        """The items of a partition in key order, fetched `page` at a time as they are asked for.

        `bounds` are those of `key_condition`: begins, low, high, before.
        """
        request = key_condition(table, partition, **bounds)
        if matching:
            apply_filter(matching, request)
        apply_projection(only, request)
        request |= {"TableName": self.prefix + table.name, "ScanIndexForward": not newest_first, "ConsistentRead": True}
        if page:
            request["Limit"] = page
        while True:
            answer = await self._call("Query", **request)
            for item in answer["Items"]:
                yield unmarshal(item)
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    async def count(self, table: Table, partition: Value) -> int:
        """The number of items in the partition."""
        request = key_condition(table, partition) | {"TableName": self.prefix + table.name, "Select": "COUNT"}
        total = 0
        while True:
            answer = await self._call("Query", **request)
            total += answer["Count"]
            if "LastEvaluatedKey" not in answer:
                return total
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    async def scan(
        self, table: Table, limit: int, start: Mapping[str, Value] | None = None
    ) -> tuple[list[Item], Mapping[str, Value] | None]:
        """The next `limit` items of a whole table at most, in an order of the database's own, and where to go on.

        For upkeep alone: its cost is that of the table.
        """
        request: dict[str, Any] = {"TableName": self.prefix + table.name, "Limit": limit, "ConsistentRead": True}
        if start:
            request["ExclusiveStartKey"] = marshal(start)
        answer = await self._call("Scan", **request)
        more = answer.get("LastEvaluatedKey")
        return [unmarshal(item) for item in answer["Items"]], unmarshal(more) if more else None

    async def size(self, table: Table) -> int:
        """The approximate number of items in a table; the figure may be hours old."""
        answer = await self._call("DescribeTable", TableName=self.prefix + table.name)
        return answer["Table"].get("ItemCount", 0)

    async def create(self, table: Table) -> None:
        """Returns once the table exists, billed on demand; safe to repeat, and by any number of processes at once."""
        try:
            await self._call("CreateTable", **definition(table, self.prefix + table.name))
        except RefusedByDatabase as error:
            if error.code != "ResourceInUseException":
                raise
        while await self._status(table) != "ACTIVE":  # noqa: ASYNC110  # the database has no word for it
            await asyncio.sleep(0.5)
        if table.ttl:
            expiry = {"Enabled": True, "AttributeName": "ttl"}
            try:
                await self._call("UpdateTimeToLive", TableName=self.prefix + table.name, TimeToLiveSpecification=expiry)
            except RefusedByDatabase as error:
                if error.code != "ValidationException":  # enabled already
                    raise

    async def _status(self, table: Table) -> str:
        with contextlib.suppress(TableMissing):  # AWS may not know of a new table yet
            return (await self._call("DescribeTable", TableName=self.prefix + table.name))["Table"]["TableStatus"]
        return "CREATING"

    async def drop(self, table: Table) -> None:
        """Deletes the table and everything in it, if it exists."""
        with contextlib.suppress(TableMissing):
            await self._call("DeleteTable", TableName=self.prefix + table.name)

    async def write(self, *actions: Action, tries: int = TRIES) -> None:
        """All of the actions (at most 100) or none. Raises ConditionFailed, and WritesCollide after so many tries.

        A lost answer is retried by the client, so a write without a condition may happen twice.
        """
        items = [transact_item(self.prefix, action) for action in actions]
        if len(actions) == 1 and not isinstance(actions[0], Check):
            ((kind, request),) = items[0].items()
            await self._call(f"{kind}Item", **request)
            return
        for attempt in range(1, tries + 1):
            try:
                # The token stays the same when the request is sent again, because its answer was lost.
                await self._call("TransactWriteItems", TransactItems=items, ClientRequestToken=os.urandom(16).hex())
                return
            except _Conflict:
                if attempt < tries:
                    await asyncio.sleep(random.uniform(0, 0.01 * 2**attempt))
        raise WritesCollide("the database is busy with other writes to the same items")

    async def delete_many(self, table: Table, keys: Sequence[Mapping[str, Value]]) -> None:
        """Deletes any number of items, without conditions and not atomically: for items that nothing refers to."""
        name, delay = self.prefix + table.name, 0.02
        pending = [{"DeleteRequest": {"Key": marshal(key)}} for key in keys]
        while pending:
            chunk, pending = pending[:25], pending[25:]
            answer = await self._call("BatchWriteItem", RequestItems={name: chunk})
            if left := answer.get("UnprocessedItems", {}).get(name):
                pending += left
                delay = await _pause(delay)

    async def _call(self, operation: str, **request: Any) -> Any:
        if self._wire is None:
            raise DatabaseUnavailable("the database is not connected")
        began = time.perf_counter()
        try:
            return await self._wire.call(operation, request)
        except RefusedByDatabase as error:
            raise _meaning(error) from error
        except Unanswered as error:
            raise DatabaseUnavailable("the database does not answer") from error
        finally:
            self._took(operation, request, time.perf_counter() - began)

    def _took(self, operation: str, request: Mapping[str, Any], seconds: float) -> None:
        metrics.DATABASE.labels(operation).observe(seconds)
        if tracing.kept():
            told = {"db.system.name": "aws.dynamodb", "db.operation.name": operation}
            tracing.took(operation, "client", seconds, told | {"db.collection.name": ",".join(names_in(request)[0])})
        if seconds >= self._settings.slow_database_seconds:
            # Only names: keys and values are user data.
            tables, keys = names_in(request)
            logger.warning(
                "slow database call", operation=operation, tables=tables, keys=keys, seconds=round(seconds, 3)
            )


class _Conflict(Exception):
    """Another transaction was using one of the items."""


def _meaning(error: RefusedByDatabase) -> Exception:
    if error.code == "ConditionalCheckFailedException":
        return ConditionFailed(frozenset({0}))
    if error.code == "ResourceNotFoundException":
        return TableMissing("a table is not made yet, or was replaced")
    if error.code == "TransactionConflictException":
        return DatabaseUnavailable("the database is busy with other writes to the same item")
    if error.code == "TransactionCanceledException":
        if failed := frozenset(i for i, code in enumerate(error.reasons) if code == "ConditionalCheckFailed"):
            return ConditionFailed(failed)
        if set(error.reasons) <= {"None", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}:
            return _Conflict()
        return error
    return DatabaseUnavailable("the database is busy") if error.passes else error


async def _pause(delay: float) -> float:
    await asyncio.sleep(random.uniform(0, delay))
    return min(delay * 2, 1.0)
