"""How tables are created."""

from typing import Any

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
