"""Everything that stands in tables: for the eyes of tests, as no request ever scans."""

from collections.abc import Sequence
from typing import Any

from tests.support.memory_database import MemoryDatabase

from nexus_runtime.dynamo import Database, Table


async def stored(database: Database, tables: Sequence[Table]) -> list[Any]:
    """The items of all the tables, in the database's own form; those of the one in memory as they were written."""
    if isinstance(database, MemoryDatabase):
        return [item for table in tables for item in database.items(table)]
    found: list[Any] = []
    for table in tables:
        answer = await database._call("Scan", TableName=database.prefix + table.name)  # pyright: ignore[reportPrivateUsage]
        assert "LastEvaluatedKey" not in answer
        found += answer["Items"]
    return found
