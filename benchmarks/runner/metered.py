"""A door before the database that counts what passes through it, in the units that AWS bills.

Counted from the sizes of items, as the embedded database's own ConsumedCapacity is always 1: what a request puts,
doubled in a transaction, and what an answer has. An update or a deletion counts as one of an item of at most 1 KB,
which those of the platform are.
"""

from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from math import ceil
from typing import Any

import aiohttp
from aiohttp import web

WRITE_BYTES, READ_BYTES = 1024, 4096
READS = frozenset({"GetItem", "Query"})
MOST_BYTES = 16 * 2**20


class Tally:
    """Units by table. `target` is where the database is."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.writes: Counter[str] = Counter()
        self.reads: Counter[str] = Counter()

    def clear(self) -> None:
        self.writes.clear()
        self.reads.clear()

    def count(self, operation: str, request: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        if operation == "TransactWriteItems":
            for action in request["TransactItems"]:
                ((_, one),) = action.items()
                self.writes[one["TableName"]] += 2 * _written(one)
        elif operation in ("PutItem", "UpdateItem", "DeleteItem"):
            self.writes[request["TableName"]] += _written(request)
        elif operation == "BatchWriteItem":
            for table, entries in request["RequestItems"].items():
                self.writes[table] += sum(_written(entry.get("PutRequest", {})) for entry in entries)
        elif operation == "BatchGetItem":
            for table, items in answer["Responses"].items():
                self.reads[table] += sum(_read(size_of(item)) for item in items)
        elif operation in READS:
            items = [answer["Item"]] if "Item" in answer else answer.get("Items", [])
            self.reads[request["TableName"]] += _read(sum(map(size_of, items)))


@asynccontextmanager
async def metered(tally: Tally) -> AsyncGenerator[str]:
    """The address to give to those whose use is to be counted."""
    app = web.Application(client_max_size=MOST_BYTES)
    async with aiohttp.ClientSession(auto_decompress=False) as http:

        async def passed(request: web.Request) -> web.Response:
            body, named = await request.read(), request.headers.get("x-amz-target", "")
            kept = {name: value for name, value in request.headers.items() if name.lower() != "host"}
            async with http.post(tally.target, data=body, headers=kept) as response:
                answer = await response.read()
            if response.status == 200:
                tally.count(named.rpartition(".")[2], await request.json(), await response.json(content_type=None))
            return web.Response(status=response.status, body=answer, content_type="application/x-amz-json-1.0")

        app.router.add_post("/", passed)
        runner = web.AppRunner(app)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()


def size_of(item: Mapping[str, Any]) -> int:
    """Bytes as DynamoDB counts them: names and values, a list or map with three more and one for each of its own."""
    return sum(len(name.encode()) + _value(value) for name, value in item.items())


def _value(typed: Mapping[str, Any]) -> int:
    ((kind, value),) = typed.items()
    match kind:
        case "S":
            return len(value.encode())
        case "N":
            return len(value) // 2 + 1
        case "B":
            return len(value) * 3 // 4
        case "L":
            return 3 + sum(1 + _value(one) for one in value)
        case "M":
            return 3 + len(value) + size_of(value)
        case _:
            return 1


def _written(request: Mapping[str, Any]) -> int:
    return max(1, ceil(size_of(request.get("Item", {})) / WRITE_BYTES))


def _read(size: int) -> int:
    """Strongly consistent, as all reads of the platform are."""
    return max(1, ceil(size / READ_BYTES))
